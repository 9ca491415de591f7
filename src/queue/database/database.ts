// The two databases behind one face: PostgreSQL by URL, or the embedded one in a folder. The face is what pg-boss asks of its `db`.
import { openEmbedded } from './embedded-database.ts';
import { openPostgres } from './postgres.ts';

export type Row = Record<string, unknown>;

export interface Sql {
  /** One statement with values, or several without. Throws DR_DATABASE when the database can't be reached, else its own error. */
  executeSql<R = Row>(text: string, values?: readonly unknown[]): Promise<{ rows: R[] }>;
}

export interface Database extends Sql {
  /** Statements that happen all or not at all. Inside, only `sql` may be used. */
  transaction<T>(work: (sql: Sql) => Promise<T>): Promise<T>;
  /** Throws DR_DATABASE when there is no room for new jobs. */
  checkRoom(): Promise<void>;
  /** The bus between the processes of this database; undefined when there is only this one. */
  readonly wire?: Wire;
  /** Nobody else uses it: whatever was running when it was opened was left by a process that died. */
  readonly exclusive: boolean;
  close(): Promise<void>;
}

/** Short texts from one process to all. */
export interface Wire {
  /** In order. */
  send(text: string): Promise<void>;
  /** Gives a function that ends the listening. */
  listen(listener: (text: string) => void): () => void;
}

/** Opens the database of a queue. Throws DR_DATABASE. */
export const openDatabase = (
  database: string | undefined,
  onProblem: (message: string, error: unknown) => void,
): Promise<Database> =>
  database !== undefined && /^postgres(ql)?:\/\//.test(database)
    ? openPostgres(database, onProblem)
    : openEmbedded(database);
