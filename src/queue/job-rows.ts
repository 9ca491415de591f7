// Reads the rows of many jobs in batches of a limited size, so that neither the database nor the
// program holds all of them at once.
import type { Sql } from './database/database.ts';

/** A row to read, and about how many bytes it has. */
export interface RowSize {
  readonly ticket: string;
  readonly bytes: number;
}

/** An SQL expression: the bytes of a job's texts. */
export const JOB_BYTES = ['prompt', 'extra', 'outputs_to_execute', 'outputs', 'meta', 'status']
  .map((column) => `coalesce(octet_length(${column}), 0)::float8`)
  .join(' + ');

const BATCH_BYTES = 4 * 2 ** 20;
const BATCH_ROWS = 100;

/**
 * The rows in the order of `sizes`, each batch read when it is needed. Rows that were deleted since
 * are left out. `columns`: a list in SQL.
 */
export async function* readRows<R extends { readonly ticket: string }>(
  sql: Sql,
  columns: string,
  sizes: readonly RowSize[],
): AsyncGenerator<R, void, undefined> {
  for (const tickets of batchesOf(sizes)) {
    const { rows } = await sql.readSql<R>(
      `SELECT ticket, ${columns} FROM darkroom.job
       WHERE ticket IN (SELECT json_array_elements_text($1::json)::uuid)`,
      [JSON.stringify(tickets)],
    );
    const byTicket = new Map(rows.map((row) => [row.ticket, row]));
    for (const ticket of tickets) {
      const row = byTicket.get(ticket);
      if (row) yield row;
    }
  }
}

function batchesOf(sizes: readonly RowSize[]): string[][] {
  const batches: string[][] = [];
  let batchBytes = BATCH_BYTES;
  for (const { ticket, bytes } of sizes) {
    const batch = batches.at(-1);
    batchBytes += bytes;
    if (batch && batchBytes <= BATCH_BYTES && batch.length < BATCH_ROWS) batch.push(ticket);
    else {
      batches.push([ticket]);
      batchBytes = bytes;
    }
  }
  return batches;
}
