import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { addExampleInputs } from './example-inputs.ts';
import { createFolderStorage } from './folder-storage.ts';
import type { Storage } from './storage.ts';

let root: string;
let storage: Storage;
const input = (): string => join(root, 'input');
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'darkroom-inputs-'));
  const [output, temp] = ['output', 'temp'].map((name) => join(root, name));
  storage = createFolderStorage({ input: input(), output, temp });
});
afterEach(() => rmSync(root, { recursive: true }));

it('an input folder that is missing or empty is given the pictures of the examples', async () => {
  await addExampleInputs(storage);
  expect(readdirSync(input()).sort()).toEqual(['frame.png', 'sketch.png']);
  rmSync(input(), { recursive: true });
  mkdirSync(input());
  await addExampleInputs(storage);
  expect(readdirSync(input())).toHaveLength(2);
});

it('one that has a file is left as it is', async () => {
  mkdirSync(input());
  writeFileSync(join(input(), 'mine.png'), 'x');
  await addExampleInputs(storage);
  expect(readdirSync(input())).toEqual(['mine.png']);
});
