// Where inputs and outputs lie when several machines share them: one place with the folders input, output and temp.
import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { DarkroomError } from '../errors.ts';

export interface Storage {
  readonly input: string;
  readonly output: string;
  readonly temp: string;
}

/** Opens a place that all machines see under some path of theirs. Throws DR_BAD_USAGE. */
export function openStorage(place: string): Storage {
  if (/^[a-z][a-z0-9+.-]+:\/\//i.test(place))
    throw new DarkroomError('DR_BAD_USAGE', {
      message: `${place} can't be used as storage: only folders can`,
      hint: 'Give a folder that all machines have mounted (NFS, SMB, a FUSE mount of a bucket …).',
      file: place,
    });
  const root = resolve(place);
  const storage = { input: join(root, 'input'), output: join(root, 'output'), temp: join(root, 'temp') };
  try {
    for (const folder of Object.values(storage)) mkdirSync(folder, { recursive: true });
  } catch (error) {
    throw new DarkroomError('DR_BAD_USAGE', {
      message: `${place} can't be used as storage: ${(error as Error).message}`,
      hint: 'Give a folder that can be written to.',
      file: place,
      cause: error,
    });
  }
  return storage;
}
