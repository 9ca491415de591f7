// How model files are refused: one sentence that begins with the file's name, and what to do.
import { DarkroomError } from '../errors.ts';

export const CUT_OFF = 'The file is cut off: the download or copy did not finish. Get it again.';
const DAMAGED = 'The file is damaged or was written by a faulty program. Get it again.';

/** A file that is broken, or none of the kinds that hold models. `what` continues a sentence that begins with the file's name. */
export const invalidModel = (file: string, what: string, hint = DAMAGED): DarkroomError =>
  new DarkroomError('DR_MODEL_INVALID', { message: `${file} ${what}`, hint, file });

/** A file that asks for what no model needs. */
export const unsafeModel = (file: string, what: string): DarkroomError =>
  new DarkroomError('DR_MODEL_UNSAFE', {
    message: `${file} ${what}, which is not allowed in a model file`,
    hint: 'In Python the file could run programs. Nothing of it was run here. Get the model as .safetensors, from a source that you trust.',
    file,
  });

export const unsupportedModel = (file: string, what: string, hint: string): DarkroomError =>
  new DarkroomError('DR_MODEL_UNSUPPORTED', { message: `${file} ${what}`, hint, file });
