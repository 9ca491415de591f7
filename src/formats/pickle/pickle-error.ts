// The reasons for refusing a pickle. torch-file.ts turns them into errors that name the file.

/**
 * `cut off`: the pickle ends too early. `forbidden`: it uses something that no model needs.
 * `malformed`: it is not a pickle. `too large`: it exceeds a limit.
 */
export type PickleFault = 'cut off' | 'forbidden' | 'malformed' | 'too large';

export class PickleError extends Error {
  readonly fault: PickleFault;
  /** `message` continues a sentence that begins with the file's name. */
  constructor(fault: PickleFault, message: string) {
    super(message);
    this.name = 'PickleError';
    this.fault = fault;
  }
}

/** The error for bytes that are not a valid pickle. */
export const malformed = (why: string): PickleError => new PickleError('malformed', why);
/** The error for a pickle that uses something which no model needs. */
export const forbidden = (what: string): PickleError => new PickleError('forbidden', what);
/** The error for a pickle that exceeds a limit. */
export const tooLarge = (why: string): PickleError => new PickleError('too large', why);

/** A name from a file made fit for a message: printable ASCII, at most 120 characters. */
export function printableName(name: string): string {
  const plain = name.replace(
    /[^\x20-\x7e]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return plain.length > 120 ? `${plain.slice(0, 120)}…` : plain;
}
