// Prints errors for the user: one line with the message, one line with the hint.
import { DarkroomError, ERROR_CODES } from '../errors.ts';
import { maskSecrets } from '../mask-secrets.ts';
import { coloured, printable, type Terminal } from './terminal.ts';

/** Anything thrown as a DarkroomError. */
export const asDarkroomError = (error: unknown): DarkroomError =>
  error instanceof DarkroomError
    ? error
    : new DarkroomError('DR_ENGINE_CRASHED', {
        message: error instanceof Error ? (error.stack ?? error.message) : String(error),
        hint: 'This is a bug in Darkroom; please report it.',
        cause: error,
      });

export const exitCodeOf = (error: DarkroomError): number => ERROR_CODES[error.code];

/** The errors that a combined error consists of, or the error itself. */
export const partsOf = (error: DarkroomError): readonly DarkroomError[] =>
  error.cause instanceof AggregateError
    ? error.cause.errors.filter((part) => part instanceof DarkroomError)
    : [error];

/** Prints an error and its hint. */
export function report(terminal: Terminal, error: DarkroomError): void {
  if (error.code === 'DR_INTERRUPTED') {
    terminal.err(`interrupted; ${error.hint ?? 'no incomplete files were left'}\n`);
    return;
  }
  for (const part of partsOf(error)) {
    terminal.err(`${coloured(terminal, 31, 'error:')} ${printable(maskSecrets(sentence(part)))}\n`);
    if (part.hint)
      terminal.err(`${coloured(terminal, 36, ' hint:')} ${printable(maskSecrets(part.hint))}\n`);
  }
}

/** The message, preceded by the node unless the message names it. */
export function sentence({ message, nodeId, nodeType }: DarkroomError): string {
  const isNamed = nodeId === undefined || message.includes(`node ${nodeId}`);
  if (isNamed || (!nodeType && message.includes(`'${nodeId}'`))) return message;
  return nodeType ? `${nodeType} (node ${nodeId}): ${message}` : `node ${nodeId}: ${message}`;
}
