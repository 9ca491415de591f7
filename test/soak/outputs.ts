// The files in the store, as the soak checks and removes them.
import { existsSync, readdirSync, readFileSync, rmdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { TestS3 } from '../support/files/s3.ts';

export interface Outputs {
  /** Names of all files, with their folders: `output/j7/img_00001_.png`. */
  list(): string[];
  /** The names in a job's own folder of outputs. */
  ofJob(name: string): string[];
  read(name: string): Buffer | undefined;
  remove(names: readonly string[]): void;
}

export function folderOutputs(root: string): Outputs {
  const list = (folder: string): string[] => {
    const path = join(root, folder);
    if (!existsSync(path)) return [];
    return readdirSync(path, { withFileTypes: true }).flatMap((entry) => {
      const name = folder === '' ? entry.name : `${folder}/${entry.name}`;
      return entry.isDirectory() ? list(name) : [name];
    });
  };
  return {
    list: () => list(''),
    ofJob: (name) => list(`output/${name}`),
    read: (name) => (existsSync(join(root, name)) ? readFileSync(join(root, name)) : undefined),
    remove: (names) => {
      for (const name of names) rmSync(join(root, name), { force: true });
      for (const folder of new Set(names.map((name) => dirname(join(root, name)))))
        if (existsSync(folder) && readdirSync(folder).length === 0) rmdirSync(folder);
    },
  };
}

export function bucketOutputs({ objects }: TestS3, prefix: string): Outputs {
  const list = (folder: string): string[] =>
    [...objects.keys()]
      .filter((key) => key.startsWith(`${prefix}/${folder}`))
      .map((key) => key.slice(prefix.length + 1));
  return {
    list: () => list(''),
    ofJob: (name) => list(`output/${name}/`),
    read: (name) => objects.get(`${prefix}/${name}`)?.bytes,
    remove: (names) => {
      for (const name of names) objects.delete(`${prefix}/${name}`);
    },
  };
}
