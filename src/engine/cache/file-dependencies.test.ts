import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openFolders } from '../../storage/folders.ts';
import { type FileDependencies, trackFileDependencies } from './file-dependencies.ts';

let root: string;
let files: FileDependencies;
const write = (text: string): void =>
  writeFileSync(join(root, 'models', 'checkpoints', 'a.safetensors'), text);
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'darkroom-dependencies-'));
  mkdirSync(join(root, 'models', 'checkpoints'), { recursive: true });
  write('3');
  const folders = openFolders({ models: [join(root, 'models')] });
  files = trackFileDependencies(folders, join(root, 'hashes'));
});
afterEach(() => rmSync(root, { recursive: true }));

const MODEL = '["model","checkpoints","a.safetensors"]';

it('records what is read while work runs, and nothing else', async () => {
  files.folders.modelFiles('loras');
  const { result, dependencies } = await files.record(async () =>
    files.folders.modelPath('checkpoints', 'a.safetensors'),
  );
  expect(result).toContain('a.safetensors');
  expect(dependencies).toEqual([MODEL]);
});

it('the state of a model is its content', async () => {
  const before = await files.currentState(MODEL);
  write('5');
  const changed = await files.currentState(MODEL);
  write('3');
  expect(changed).not.toBe(before);
  expect(await files.currentState(MODEL)).toBe(before);
});

it('the state of a missing file is none', async () => {
  expect(await files.currentState('["model","checkpoints","b.safetensors"]')).toBe('none');
  expect(await files.currentState('["input","b.png"]')).toBe('none');
});
