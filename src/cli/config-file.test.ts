import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { COMMANDS } from './commands.ts';
import { withConfig } from './config-file.ts';
import { defineConfig } from './config-types.ts';
import type { Values } from './options.ts';

let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'darkroom-config-'));
});
afterEach(() => rmSync(root, { recursive: true }));
const put = (name: string, content: string): void => writeFileSync(join(root, name), content);
const valuesOf = (command: string, values: Values = {}): Promise<Values> =>
  withConfig(values, COMMANDS.find(({ name }) => name === command)!, COMMANDS, root);

const CONFIG = defineConfig({
  models: ['m', '/abs'],
  output: 'pictures',
  device: 'cpu',
  threads: 2,
  serve: { port: 9000, storage: 's3://bucket/prefix', insecure: true },
  run: { device: 'cuda' },
});

it.each([
  ['json', JSON.stringify(CONFIG)],
  ['mjs', `export default ${JSON.stringify(CONFIG)};`],
])('darkroom.config.%s sets options, and those of single commands', async (ending, text) => {
  put(`darkroom.config.${ending}`, text);
  const models = [join(root, 'm'), '/abs'];
  const output = join(root, 'pictures');
  expect(await valuesOf('run')).toEqual({ models, output, device: 'cuda', threads: '2' });
  expect(await valuesOf('serve')).toEqual({
    ...{ models, output, device: 'cpu', threads: '2' },
    ...{ port: '9000', storage: 's3://bucket/prefix', insecure: true },
  });
  expect(await valuesOf('nodes')).toEqual({ models });
});

it('packs are paths where they exist, else names of packages', async () => {
  mkdirSync(join(root, 'own'));
  put('darkroom.config.json', JSON.stringify({ nodes: ['own', 'darkroom-film'] }));
  expect(await valuesOf('run')).toEqual({ nodes: [join(root, 'own'), 'darkroom-film'] });
});

it('the command line wins', async () => {
  put('darkroom.config.json', JSON.stringify(CONFIG));
  const values = await valuesOf('run', { device: 'webgpu', models: ['x'] });
  expect(values).toMatchObject({ device: 'webgpu', models: ['x'], threads: '2' });
});

it('a section `models` and an option `models` are told apart; --config names another file', async () => {
  mkdirSync(join(root, 'sub'));
  put('sub/mine.json', JSON.stringify({ models: { json: true }, cacheSize: 5 }));
  expect(await valuesOf('models', { config: 'sub/mine.json' })).toEqual({
    config: 'sub/mine.json',
    json: true,
  });
  expect(await valuesOf('run', { config: 'sub/mine.json' })).toMatchObject({ 'cache-size': '5' });
});

it.each([
  [{ 'darkroom.config.json': '{"divice": "cpu"}' }, "has the unknown option 'divice'"],
  [{ 'darkroom.config.json': '{"run": {"help": true}}' }, "has the unknown option 'help'"],
  [{ 'darkroom.config.json': '{"device": true}' }, "'device' of "],
  [{ 'darkroom.config.json': '{"json": "yes"}' }, "'json' of "],
  [{ 'darkroom.config.json': '[]' }, 'contains no options'],
  [{ 'darkroom.config.json': '{' }, "can't be read"],
  [{ 'darkroom.config.mjs': 'throw new Error("broken");' }, "can't be read: broken"],
  [
    { 'darkroom.config.json': '{}', 'darkroom.config.mjs': '' },
    'there are darkroom.config.mjs and darkroom.config.json',
  ],
])('%j is refused', async (files, message) => {
  for (const [name, content] of Object.entries(files)) put(name, content);
  await expect(valuesOf('run')).rejects.toThrow(message);
});

it('no file, no change', async () => {
  expect(await valuesOf('run', { quiet: true })).toEqual({ quiet: true });
});
