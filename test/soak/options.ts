// The command line of the soak.
import { parseArgs } from 'node:util';

export interface SoakOptions {
  readonly minutes: number;
  readonly database: 'embedded' | 'postgres';
  readonly store: 'folder' | 's3';
  readonly seed: number;
  /** Whether processes of Darkroom are killed; without, their memory is measured for longer. */
  readonly kills: boolean;
  /** The file that the events are written to. */
  readonly log: string;
}

export const USAGE = `npm run soak -- [--minutes 60] [--database embedded|postgres]
                [--store folder|s3] [--seed N] [--no-kills] [--log FILE]`;

const oneOf = <T extends string>(name: string, text: string, choices: readonly T[]): T => {
  const found = choices.find((choice) => choice === text);
  if (found === undefined) throw new Error(`--${name} must be one of ${choices.join(', ')}`);
  return found;
};

/** Throws an error with a sentence for the user. */
export function readOptions(args: readonly string[]): SoakOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      minutes: { type: 'string', default: '60' },
      database: { type: 'string', default: 'embedded' },
      store: { type: 'string' },
      seed: { type: 'string' },
      'no-kills': { type: 'boolean', default: false },
      log: { type: 'string' },
    },
  });
  const minutes = Number(values.minutes);
  if (!(minutes > 0)) throw new Error('--minutes must be a number above 0');
  const seed = Number(values.seed ?? Date.now() % 1_000_000);
  if (!Number.isSafeInteger(seed)) throw new Error('--seed must be a whole number');
  const database = oneOf('database', values.database, ['embedded', 'postgres'] as const);
  const store = values.store ?? (database === 'postgres' ? 's3' : 'folder');
  return {
    minutes,
    database,
    store: oneOf('store', store, ['folder', 's3'] as const),
    seed,
    kills: !values['no-kills'],
    log: values.log ?? `soak-${database}-${seed}.log`,
  };
}
