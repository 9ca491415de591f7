// Chooses between the two databases.
import type { Database, OnProblem } from './database.ts';
import { openEmbedded } from './embedded-database.ts';
import { openPostgres } from './postgres.ts';

/**
 * Opens the database of a queue: a `postgres://` URL, a folder, or memory when undefined.
 * Throws DR_DATABASE.
 */
export const openDatabase = (
  database: string | undefined,
  onProblem: OnProblem,
): Promise<Database> =>
  database !== undefined && /^postgres(ql)?:\/\//.test(database)
    ? openPostgres(database, onProblem)
    : openEmbedded(database);
