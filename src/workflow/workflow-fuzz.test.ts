// Random files are read as a workflow or rejected with a DarkroomError, within five seconds and
// without opening other files.
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { computedMs } from '../../test/support/computed-time.ts';
import { DarkroomError } from '../errors.ts';
import type { Json } from '../formats/json.ts';
import { encodePng } from '../image/codec/png.ts';
import { NODES } from '../nodes/index.ts';
import { readWorkflow, readWorkflowBytes } from './read/read.ts';
import { findProblems } from './validate/find-problems.ts';

const folder = fs.mkdtempSync(join(tmpdir(), 'darkroom-fuzz-'));
const files = {
  modelFiles: () => ['a.safetensors'],
  inputFiles: () => ['a.png'],
  hasInput: () => false,
  wildcards: () => new Map(),
};

/** Reads and checks a workflow. Fails for errors that are not DarkroomErrors. */
function expectSettled(read: () => { graph: Parameters<typeof findProblems>[0] }): void {
  const before = computedMs();
  try {
    findProblems(read().graph, NODES, files);
  } catch (error) {
    if (!(error instanceof DarkroomError)) throw error;
    expect(error.message).not.toBe('');
  }
  expect(computedMs() - before).toBeLessThan(5000);
}

const TYPES = [
  'KSampler',
  'CheckpointLoaderSimple',
  'CLIPTextEncode',
  'SaveImage',
  'LoadImage',
  'ImpactSwitch',
  'Reroute',
  'PrimitiveNode',
  'Note',
  'SetNode',
  'GetNode',
  'ComponentInput',
  'ComponentOutput',
  'Nobody',
  'workflow>G',
  'workflow/H',
  '## c [0a1b2c]',
  '## ../../etc/passwd [0a1b2c]',
  '## /etc/passwd [0a1b2c]',
  'S',
  'T',
  '__proto__',
  'constructor',
  '',
];
const name = fc.constantFrom(
  'model',
  'clip',
  'seed',
  'text',
  'filename_prefix',
  'image',
  'value',
  '',
  '__proto__',
  'constructor',
  'toString',
  'steps',
);
const slotType = fc.constantFrom('MODEL', 'CLIP', '*', 'INT,FLOAT', '', 0, -1, null, ['a', 'b']);
const id = fc.oneof(
  fc.integer({ min: -20, max: 6 }),
  fc.constantFrom('1', 'x', '1:2', '__proto__', -10, -20, 1.5, null),
);
const value = fc.oneof(
  fc.constantFrom<unknown>(
    'randomize',
    'fixed',
    '{a|{b|c}',
    '%date:yyyy%',
    '%KSampler.seed%',
    'image',
    '',
    null,
    true,
    Number.POSITIVE_INFINITY,
    -0,
    2 ** 63,
    ['1', 0],
    {},
  ),
  fc.integer(),
  fc.string(),
);
const widgets = fc.oneof(
  fc.array(value, { maxLength: 12 }),
  fc.dictionary(name, value),
  fc.constantFrom(null, 'x', 5),
);
const input = fc.record(
  {
    name,
    type: slotType,
    link: id,
    widget: fc.oneof(fc.record({ name }), fc.constant(null)),
    label: name,
  },
  { requiredKeys: [] },
);
const output = fc.record(
  { name, type: slotType, label: name, links: fc.array(id, { maxLength: 3 }) },
  { requiredKeys: [] },
);
const node = fc.record(
  {
    id,
    type: fc.constantFrom(...TYPES),
    title: name,
    mode: fc.constantFrom(0, 2, 4, 'x'),
    order: fc.integer(),
    inputs: fc.array(input, { maxLength: 4 }),
    outputs: fc.array(output, { maxLength: 3 }),
    widgets_values: widgets,
    properties: fc.record(
      {
        'Node name for S&R': name,
        'Run widget replace on values': fc.boolean(),
        proxyWidgets: fc.array(fc.array(id)),
      },
      { requiredKeys: [] },
    ),
  },
  { requiredKeys: ['type'] },
);
const link = fc.oneof(
  fc.tuple(id, id, fc.integer({ min: -1, max: 4 }), id, fc.integer({ min: -1, max: 4 }), slotType),
  fc.record(
    { id, origin_id: id, origin_slot: id, target_id: id, target_slot: id, type: slotType },
    { requiredKeys: [] },
  ),
  fc.constantFrom(null, 5, []),
);
const graph = { nodes: fc.array(node, { maxLength: 6 }), links: fc.array(link, { maxLength: 8 }) };
const slot = fc.record(
  { name, type: slotType, linkIds: fc.array(id, { maxLength: 2 }) },
  { requiredKeys: [] },
);
const subgraph = fc.record({
  id: fc.constantFrom('S', 'T'),
  name,
  inputs: fc.array(slot, { maxLength: 3 }),
  outputs: fc.array(slot, { maxLength: 3 }),
  ...graph,
});
const group = fc.record({
  ...graph,
  external: fc.array(fc.tuple(id, id, slotType), { maxLength: 3 }),
  config: fc.dictionary(
    fc.constantFrom('0', '1'),
    fc.record(
      { input: fc.dictionary(name, fc.record({ visible: fc.boolean(), name })) },
      { requiredKeys: [] },
    ),
  ),
});
const workflow = fc.record(
  {
    ...graph,
    extra: fc.record(
      { groupNodes: fc.dictionary(fc.constantFrom('G', 'H', '__proto__'), group) },
      { requiredKeys: [] },
    ),
    definitions: fc.record({ subgraphs: fc.array(subgraph, { maxLength: 2 }) }),
    components: fc.dictionary(fc.constantFrom('## c [0a1b2c]', 'c'), fc.record(graph)),
  },
  { requiredKeys: ['nodes'] },
);

describe('a random file is read or rejected', () => {
  const opened = vi.spyOn(fs, 'readFileSync');
  afterAll(() => opened.mockRestore());

  it('in the UI format, without opening other files', () => {
    fc.assert(
      fc.property(workflow, (json) =>
        expectSettled(() => readWorkflow(json as unknown as Json, 'x.json', {}, folder)),
      ),
      { numRuns: 1500 },
    );
    for (const [path] of opened.mock.calls) expect(String(path).startsWith(folder)).toBe(true);
  });

  it('that contains any JSON', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 6 }), (text) =>
        expectSettled(() => readWorkflowBytes(Buffer.from(text), 'x.json', {}, folder)),
      ),
      { numRuns: 500 },
    );
  });

  it('that contains any bytes, also after the signature of an image format', () => {
    const signatures = [
      [],
      [0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10],
      [0xff, 0xd8, 0xff, 0xe1],
      [...Buffer.from('RIFF....WEBPEXIF')],
    ];
    fc.assert(
      fc.property(fc.constantFrom(...signatures), fc.uint8Array({ maxLength: 300 }), (head, tail) =>
        expectSettled(() => readWorkflowBytes(Buffer.from([...head, ...tail]), 'x', {}, folder)),
      ),
      { numRuns: 1000 },
    );
  });

  it('that contains parts of A1111’s parameters', () => {
    const word = fc.constantFrom(
      'Steps: 20, ',
      'Sampler: Euler a',
      '"',
      ':',
      ',',
      '\n',
      '<lora:a:1>',
      'Size: 64x64',
      'Negative prompt:',
      'Seed: 99999999999999999999',
      'Hires upscale: 1e9',
    );
    fc.assert(
      fc.property(fc.array(word, { maxLength: 30 }), (words) =>
        expectSettled(() =>
          readWorkflowBytes(Buffer.from(`x\nSteps: 20, ${words.join('')}`), 'x', {}, folder),
        ),
      ),
      { numRuns: 500 },
    );
  });

  it('that is an image with one damaged byte, or cut off', async () => {
    const text = {
      prompt: '{"1": {"class_type": "KSampler", "inputs": {}}}',
      workflow: '{"nodes": [{"id": 1, "type": "KSampler"}]}',
    };
    const whole = await encodePng(
      { width: 2, height: 2, channels: 3, bytes: Buffer.alloc(12) },
      { text },
    );
    for (let at = 0; at < whole.length; at++) {
      const damaged = Buffer.from(whole);
      damaged[at] ^= 0x55;
      expectSettled(() => readWorkflowBytes(damaged, 'x.png', {}, folder));
      expectSettled(() => readWorkflowBytes(whole.subarray(0, at), 'x.png', {}, folder));
    }
  });

  it('with long chains, many values, nested prompts or many nodes', () => {
    const chain = Array.from({ length: 5000 }, (_, i) => ({
      id: i + 1,
      type: 'Reroute',
      inputs: [{ name: '', type: '*', link: i }],
    }));
    const links = chain.map((_, i) => [i, i, 0, i + 1, 0, '*']);
    const sampler = {
      id: 9999,
      type: 'KSampler',
      inputs: [{ name: 'model', type: 'MODEL', link: 5000 }],
      widgets_values: Array(5000).fill('x'),
    };
    expectSettled(() =>
      readWorkflow({
        nodes: [...chain, sampler],
        links: [...links, [5000, 5000, 0, 9999, 0, '*']],
      } as unknown as Json),
    );
    const text = {
      id: 1,
      type: 'CLIPTextEncode',
      widgets_values: [`${'{a|'.repeat(5000)}b${'}'.repeat(5000)}`],
    };
    expectSettled(() => readWorkflow({ nodes: [text], links: [] } as unknown as Json));
    const many = Array.from({ length: 19_000 }, (_, i) => ({
      id: i,
      type: 'Nobody',
      inputs: [{ name: 'a', type: '*', link: i }],
    }));
    expectSettled(() =>
      readWorkflow({
        nodes: many,
        links: many.map((_, i) => [i, (i + 1) % 19_000, 0, i, 0, '*']),
      } as unknown as Json),
    );
  });
});
