// What stands where Segment Anything would refine masks; its models are not read yet.
import { DarkroomError } from '../../errors.ts';

/** Throws DR_MODEL_UNSUPPORTED. */
export function noSam(): never {
  throw new DarkroomError('DR_MODEL_UNSUPPORTED', {
    message: 'masks cannot be refined by Segment Anything (SAM) yet',
    hint: "Leave sam_model_opt unconnected: the detector's boxes are used as they are.",
    input: 'sam_model_opt',
  });
}
