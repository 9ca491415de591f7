import { DarkroomError } from '../errors.ts';

/** DR_BAD_USAGE: `message` says what is wrong, `hint` what to do. */
export const badUsage = (message: string, hint: string): DarkroomError =>
  new DarkroomError('DR_BAD_USAGE', { message, hint });
