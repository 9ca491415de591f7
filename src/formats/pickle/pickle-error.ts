// Why a pickle is refused. The sentence for a person, which names the file, is made by the reader of the file.

/** `cut off`: it ends too early. `forbidden`: it asks for what no model needs. `malformed`: no pickle. `too large`: beyond a limit. */
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

export const malformed = (why: string): PickleError => new PickleError('malformed', why);
export const forbidden = (what: string): PickleError => new PickleError('forbidden', what);
export const tooLarge = (why: string): PickleError => new PickleError('too large', why);

/** A name from a file, fit for a sentence. */
export function shownName(name: string): string {
  const plain = name.replace(
    /[^\x20-\x7e]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return plain.length > 120 ? `${plain.slice(0, 120)}…` : plain;
}
