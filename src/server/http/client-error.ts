// What clients are told of an error. Where databases and buckets are is the operator's business: it
// is in the log.
import type { DarkroomError, ErrorCode } from '../../errors.ts';

const SUBJECTS: { readonly [K in ErrorCode]?: string } = {
  DR_DATABASE: 'the database of the queue',
  DR_STORAGE: 'the storage of inputs and outputs',
};

/** The message and the hint of an error, without addresses of databases and buckets. */
export function clientError(error: DarkroomError): { message: string; hint: string } {
  const subject = SUBJECTS[error.code];
  if (subject === undefined) return { message: error.message, hint: error.hint ?? '' };
  return {
    message: `${subject} can't be used`,
    hint: "Try again later; the server's log says why.",
  };
}
