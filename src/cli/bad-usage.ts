import { DarkroomError } from '../errors.ts';

/** Creates a DR_BAD_USAGE error: `message` states the problem, `hint` the solution. */
export const badUsage = (message: string, hint: string): DarkroomError =>
  new DarkroomError('DR_BAD_USAGE', { message, hint });
