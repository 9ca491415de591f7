// SaveText: names, formats and JSON that is printed again.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { smallEngine } from '../../../../../test/support/engine.ts';
import { openFolders } from '../../../../storage/folders.ts';
import { NODES } from '../../../index.ts';

const output = mkdtempSync(join(tmpdir(), 'darkroom-save-text-'));
afterAll(() => rmSync(output, { recursive: true }));

async function save(text: string, inputs: object) {
  const { events, failure } = await smallEngine(
    NODES,
    openFolders({ models: [], output }),
  )({
    text: { class_type: 'PrimitiveString', inputs: { value: text } },
    save: { class_type: 'SaveText', inputs: { text: ['text', 0], ...inputs } },
  });
  if (failure) throw failure;
  const shown = events.flatMap((event) => (event.type === 'executed' ? [event.ui] : []))[0];
  const [{ filename, subfolder, type }] = shown['files'] as {
    filename: string;
    subfolder: string;
    type: string;
  }[];
  return {
    filename,
    type,
    shown,
    content: readFileSync(join(output, subfolder, filename), 'utf8'),
  };
}

it('counts files of its own names and of others with the prefix', async () => {
  const note = { filename_prefix: 'note', format: 'txt' };
  expect(await save('Grüße\n', note)).toMatchObject({
    filename: 'note_00001.txt',
    type: 'output',
    content: 'Grüße\n',
    shown: { text: ['Grüße\n'] },
  });
  expect((await save('b', { ...note, format: 'md' })).filename).toBe('note_00002.md');
  writeFileSync(join(output, 'note_00007_.png'), '');
  expect((await save('c', note)).filename).toBe('note_00008.txt');
});

it('JSON is printed in lines, and a text that is none as it is', async () => {
  const json = { filename_prefix: 'sub/data', format: 'json' };
  // python: json.dumps(json.loads('{"b": 1.0, "a": ["é", {}], "n": null}'), indent=2, ensure_ascii=False)
  expect((await save('{"b": 1.0, "a": ["é", {}], "n": null}', json)).content).toBe(
    '{\n  "b": 1.0,\n  "a": [\n    "é",\n    {}\n  ],\n  "n": null\n}',
  );
  expect((await save('{no json', json)).content).toBe('{no json');
});
