// The errors for model files: one sentence that begins with the name of the file, and a hint.
import { DarkroomError } from '../errors.ts';

// Hints.
export const CUT_OFF =
  'The file is cut off: the download or copy did not finish. Download it again.';
export const DAMAGED = 'The file is damaged or was written by a faulty program. Download it again.';

export const onlyResembles = (family: string): string =>
  `The file is damaged, or of an architecture that resembles ${family}.`;

/**
 * For a file that is broken, or not a model. `what` continues a sentence that begins with its name.
 */
export const invalidModel = (file: string, what: string, hint = DAMAGED): DarkroomError =>
  new DarkroomError('DR_MODEL_INVALID', { message: `${file} ${what}`, hint, file });

/** For a file that imports functions which no model needs. */
export const unsafeModel = (file: string, what: string): DarkroomError =>
  new DarkroomError('DR_MODEL_UNSAFE', {
    message: `${file} ${what}, which is not allowed in a model file`,
    hint:
      'In Python the file could run programs. Nothing of it was run here. ' +
      'Get the model as .safetensors, from a source that you trust.',
    file,
  });

/** For a model that is intact, but which Darkroom can't use. */
export const unsupportedModel = (file: string, what: string, hint: string): DarkroomError =>
  new DarkroomError('DR_MODEL_UNSUPPORTED', { message: `${file} ${what}`, hint, file });
