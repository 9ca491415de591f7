// What the queue needs of a database: PostgreSQL, or the embedded one in a folder. pg-boss uses the
// same interface as its `db`.

export type Row = Record<string, unknown>;

export interface Sql {
  /**
   * Runs one statement with values, or several without; returns the rows of the last one. Throws
   * DR_DATABASE when the database can't be reached, otherwise the database's own error.
   */
  executeSql<R = Row>(text: string, values?: readonly unknown[]): Promise<{ rows: R[] }>;
  /** The same for a statement that changes nothing: it is run again when a connection is lost. */
  readSql<R = Row>(text: string, values?: readonly unknown[]): Promise<{ rows: R[] }>;
}

export interface Database extends Sql {
  /** Runs statements that take effect all or not at all. Inside, only `sql` may be used. */
  transaction<T>(work: (sql: Sql) => Promise<T>): Promise<T>;
  /** Throws DR_DATABASE when the disk is too full for new jobs. */
  checkFreeSpace(): Promise<void>;
  /** Connects the processes that use this database; undefined when there can only be one. */
  readonly broadcast?: Broadcast;
  /**
   * Only one process uses it: jobs that are running when it is opened were left by one that died.
   */
  readonly exclusive: boolean;
  close(): Promise<void>;
}

/** Sends short texts from one process to all. */
export interface Broadcast {
  /** Texts arrive in the order in which they were sent. */
  send(text: string): Promise<void>;
  /** Returns a function that ends the subscription. */
  subscribe(listener: (text: string) => void): () => void;
  /** After a subscription: resolves when texts arrive, or when a first attempt has failed. */
  ready(): Promise<void>;
}

/** Is called with failures that no caller waits for. */
export type OnProblem = (message: string, error: unknown) => void;
