// Chooses between the two databases.
import { DarkroomError } from '../../errors.ts';
import { maskUrl } from '../../mask-secrets.ts';
import type { Database, OnProblem } from './database.ts';
import { openEmbedded } from './embedded-database.ts';
import { openPostgres } from './postgres.ts';

/** Addresses of other services, and `key=value` settings: not the name of a folder. */
const OTHER_ADDRESS =
  /^[a-z][a-z0-9+.-]*:\/\/|^postgres(ql)?:|(^|\s)(host|hostaddr|dbname|user|password)\s*=/i;

/**
 * Opens the database of a queue: a `postgres://` URL, a folder, or memory when undefined.
 * Throws DR_DATABASE, DR_BAD_USAGE.
 */
export async function openDatabase(
  database: string | undefined,
  onProblem: OnProblem,
): Promise<Database> {
  if (database === undefined) return openEmbedded(undefined);
  if (/^postgres(ql)?:\/\//i.test(database)) return openPostgres(database, onProblem);
  if (!OTHER_ADDRESS.test(database)) return openEmbedded(database);
  throw new DarkroomError('DR_BAD_USAGE', {
    message: `'${maskUrl(database)}' is no address of a PostgreSQL database`,
    hint: 'Use postgres://user:password@host:5432/name, or a folder for the embedded database.',
  });
}
