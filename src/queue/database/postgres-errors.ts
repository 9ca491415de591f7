// Errors of PostgreSQL: which are answers of the server, and which say that it can't be reached.
import { DarkroomError } from '../../errors.ts';
import { maskError, maskSecrets, maskUrl, secretsInUrl } from '../../mask-secrets.ts';

/**
 * Whether the server has answered: its errors have an SQLSTATE. Those of the classes 08 and 57P say
 * that the connection or the server went away; codes that begin with E are Node's (`EPIPE` …).
 */
export const isAnswer = (error: unknown): boolean => {
  const code = codeOf(error);
  return (
    typeof code === 'string' &&
    /^[0-9A-Z]{5}$/.test(code) &&
    !/^(08|57P)/.test(code) &&
    !code.startsWith('E')
  );
};

/**
 * Whether the server has ended the connection and said so: a statement that was to run on it has
 * changed nothing. 57P01: an administrator; 57P05: it was idle for too long.
 */
export const hasNotRun = (error: unknown): boolean =>
  ['57P01', '57P05'].includes(String(codeOf(error)));

export const unreachable = (url: string, cause: unknown): DarkroomError =>
  new DarkroomError('DR_DATABASE', {
    message:
      `the database ${maskUrl(url)} can't be used: ` +
      maskSecrets(reasonOf(cause), secretsInUrl(url)),
    hint:
      'Check that the server runs and accepts connections: ' +
      'postgres://user:password@host:5432/name',
    // drivers quote what they were given, and attach it
    cause: maskError(cause, secretsInUrl(url)),
  });

const codeOf = (error: unknown): unknown => (error as { readonly code?: unknown }).code;

const reasonOf = (cause: unknown): string =>
  cause instanceof Error ? cause.message || String(codeOf(cause)) : String(cause);
