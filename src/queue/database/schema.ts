// Darkroom's own tables beside pg-boss's. The statements of a migration are never changed once it
// is released; changes are new migrations.
import { DarkroomError } from '../../errors.ts';
import type { Database } from './database.ts';

const MIGRATIONS: readonly string[] = [
  `
  -- not a sequence, which leaves gaps after a crash
  CREATE TABLE darkroom.counter (next bigint NOT NULL);
  INSERT INTO darkroom.counter VALUES (0);
  CREATE SEQUENCE darkroom.ending;
  CREATE TABLE darkroom.job (
    -- id of its pg-boss job
    ticket uuid PRIMARY KEY,
    place bigint GENERATED ALWAYS AS IDENTITY,
    prompt_id text NOT NULL,
    number double precision NOT NULL,
    client_id text,
    prompt text NOT NULL,
    extra text NOT NULL,
    outputs_to_execute text NOT NULL,
    webhook text,
    idempotency_key text UNIQUE,
    state text NOT NULL DEFAULT 'pending'
      CHECK (state IN ('pending', 'running', 'success', 'error', 'interrupted', 'removed')),
    -- starts so far, and the id of the current one: ends that other attempts report are ignored
    attempts int NOT NULL DEFAULT 0,
    attempt uuid,
    worker text,
    heard_at timestamptz NOT NULL DEFAULT now(),
    interrupt boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT now(),
    started_at timestamptz,
    ended_at timestamptz,
    -- position in the history
    ending bigint,
    outputs text,
    meta text,
    status text,
    error text
  );
  CREATE INDEX ON darkroom.job (prompt_id);
  CREATE INDEX ON darkroom.job (number, place) WHERE state IN ('pending', 'running');
  CREATE INDEX ON darkroom.job (ending) WHERE ending IS NOT NULL;
  CREATE UNLOGGED TABLE darkroom.message (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    body text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
  );
  CREATE INDEX ON darkroom.message (created_at);
  `,
];

/** The key of PostgreSQL's advisory lock that Darkroom uses: any number, equal in all processes. */
export const ADVISORY_LOCK = 5_317_209;

/** Brings the tables up to date. Throws DR_DATABASE for a database of a later version. */
export const migrate = (database: Database): Promise<void> =>
  database.transaction(async ({ executeSql }) => {
    await executeSql(`SELECT pg_advisory_xact_lock(${ADVISORY_LOCK})`);
    await executeSql('CREATE SCHEMA IF NOT EXISTS darkroom');
    await executeSql('CREATE TABLE IF NOT EXISTS darkroom.version (version int NOT NULL)');
    const { rows } = await executeSql<{ version: number | null }>(
      'SELECT max(version) AS version FROM darkroom.version',
    );
    const version = rows[0].version ?? 0;
    if (version > MIGRATIONS.length)
      throw new DarkroomError('DR_DATABASE', {
        message:
          `the database has schema version ${version}; ` +
          `this version of Darkroom supports ${MIGRATIONS.length}`,
        hint: 'Use the version of Darkroom that wrote the database, or a later one.',
      });
    for (const [index, migration] of MIGRATIONS.entries()) {
      if (index < version) continue;
      await executeSql(migration);
      await executeSql(`INSERT INTO darkroom.version VALUES (${index + 1})`);
    }
  });
