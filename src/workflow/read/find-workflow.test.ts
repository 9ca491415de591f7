import { describe, expect, it } from 'vitest';
import { DarkroomError } from '../../errors.ts';
import { encodePng } from '../../image/codec/png.ts';
import { readWorkflowBytes } from './read.ts';

const prompt = {
  1: { class_type: 'EmptyLatentImage', inputs: { width: 64, height: 64, batch_size: 1 } },
  2: { class_type: 'SaveLatent', inputs: { samples: ['1', 0], filename_prefix: 'x' } },
};
const other = { 5: prompt[1] };
const ui = {
  nodes: [{ id: 7, type: 'EmptyLatentImage', order: 0, mode: 0, widgets_values: [64, 64, 1] }],
  links: [],
};
const item = (graph: unknown) => [0, 'id', graph, { extra_pnginfo: { workflow: ui } }, ['2']];
const read = (json: unknown) => {
  const text = typeof json === 'string' ? json : JSON.stringify(json);
  return readWorkflowBytes(Buffer.from(text), 'x.json');
};
function errorOf(json: unknown): DarkroomError {
  try {
    read(json);
  } catch (error) {
    if (error instanceof DarkroomError) return error;
    throw error;
  }
  throw new Error('it was read');
}

describe('a workflow in other JSON', () => {
  it.each<[string, unknown]>([
    ["the editor's graphToPrompt", { workflow: ui, output: prompt }],
    ['its output alone', { output: prompt }],
    ['an entry of the history', { prompt: item(prompt), outputs: {}, status: {} }],
    ['a history of one prompt', { 'abc-1': { prompt: item(prompt), outputs: {} } }],
    ['an item of the queue', item(prompt)],
    ['the queue', { queue_running: [item(prompt)], queue_pending: [] }],
    ['a job', { id: 'a', status: 'done', workflow: { prompt, extra_data: {} }, outputs: {} }],
    ['RunPod', { input: { workflow: prompt, images: [{ name: 'a.png', image: '' }] } }],
    ['Replicate', { version: 'v', input: { workflow_json: JSON.stringify(prompt) } }],
    ['ComfyDeploy', { workflow: ui, workflow_api: prompt, name: 'x' }],
    ['a body of a body', { body: JSON.stringify({ prompt }) }],
    ['text in text', JSON.stringify(JSON.stringify(prompt))],
    ['a list of one', [prompt]],
    ['two copies', { a: { prompt }, b: { prompt } }],
  ])('is read: %s', (_, json) => {
    const { graph, form, notes } = read(json);
    expect([...graph.keys()]).toEqual(['1', '2']);
    expect({ form, notes }).toEqual({ form: 'API', notes: [] });
  });

  it('is not what only describes one: lists of type names, nodes without inputs', () => {
    const lane = { nodes: ['UpscaleModelLoader', 'ImageScale'], speed: 'fast' };
    const loader = { class_type: 'UNETLoader', ui_id: 1323 };
    expect(errorOf({ lanes: { fast: lane, best: lane } }).message).toMatch(/no workflow in it/);
    expect(errorOf({ features: [{ loader }, { loader, other: 1 }] }).message).toMatch(
      /no workflow in it/,
    );
    expect([...read({ lanes: { fast: lane }, prompt }).graph.keys()]).toEqual(['1', '2']);
  });

  it('comes with the UI workflow that is saved into images', () => {
    for (const json of [{ workflow: ui, output: prompt }, item(prompt), { prompt, a: [ui] }])
      expect(read(json).extra).toEqual({ workflow: expect.objectContaining({ links: [] }) });
  });

  it('is read in UI form where there is no other', () => {
    for (const json of [{ workflow: ui }, { input: { workflow: JSON.stringify(ui) } }])
      expect(read(json)).toMatchObject({ form: 'UI', extra: { workflow: { links: [] } } });
  });

  it('is read without what is beside its nodes, which a note names', () => {
    const { graph, extra, notes } = read({
      ...prompt,
      extra_data: { extra_pnginfo: { workflow: ui } },
      client_id: 'c',
      prompt: 'a fox',
      extraMetadata: '{}',
    });
    expect([...graph.keys()]).toEqual(['1', '2']);
    expect(extra).toHaveProperty('workflow');
    expect(notes).toEqual([
      "besides its nodes, x.json has 'prompt', 'extraMetadata'; these are not used",
    ]);
  });

  it('is not read if there are several', () => {
    expect(errorOf({ a: { prompt: item(prompt) }, b: { prompt: item(other) } })).toMatchObject({
      message: "x.json has 2 workflows: 'a.prompt[2]', 'b.prompt[2]'",
      hint: 'Save the one to run in a file of its own.',
    });
    expect(errorOf([ui, { ...ui, id: 'b' }]).message).toContain("2 workflows: '[0]', '[1]'");
  });

  it('is decoded by its byte order mark', () => {
    const text = Buffer.from(`\ufeff${JSON.stringify(prompt)}`, 'utf16le');
    for (const bytes of [text, Buffer.from(text).swap16()])
      expect([...readWorkflowBytes(bytes, 'x.json').graph.keys()]).toEqual(['1', '2']);
  });
});

describe('a file without a workflow', () => {
  it.each<[string, unknown, string]>([
    ['a page', '\n<!DOCTYPE html><html><head>', 'is a web page (HTML), not a workflow'],
    ['an error in XML', '<?xml version="1.0"?><Error/>', 'is an XML document'],
    ['a pointer', 'version https://git-lfs.github.com/spec/v1\noid', 'is a Git LFS pointer'],
    ['a response', '404: Not Found', 'is an error message of a server'],
    ['binary data', '\u0008\0\0\0{"a": 1}', 'is a binary file'],
    ['node types', { KSampler: { input: {}, output: [] } }, 'is a list of node types'],
    [
      'a response to a prompt',
      { prompt_id: 'a', number: 1, node_errors: {} },
      "is ComfyUI's response",
    ],
    ['outputs', { 'abc-1': { outputs: {}, status: {} } }, 'lists the outputs of a prompt'],
    ['an empty queue', { queue_running: [], queue_pending: [] }, "is ComfyUI's queue"],
    ['a deployment', { deployment_id: 'a', inputs: {} }, 'is a request that names a workflow'],
    ["A1111's API", { prompt: 'a fox', steps: 20 }, 'is a request or a list of settings'],
    ['node templates', [{ name: 'a', data: JSON.stringify(ui) }], 'is a list of node templates'],
    ['settings', { 'Comfy.ColorPalette': 'dark' }, "is a file with ComfyUI's settings"],
    ['an error', { detail: 'Not found' }, 'is an error message of a server'],
    ['other keys', { a: 1, input: {} }, "has no workflow in it; its keys are 'a', 'input'"],
    ['a list', [1, 2], 'is JSON, but not an object of nodes'],
  ])('is named: %s', (_, json, what) => {
    const { code, message, hint } = errorOf(json);
    expect(code).toBe('DR_WORKFLOW_INVALID');
    expect(message).toContain(`x.json ${what}`);
    expect(hint).toBeTruthy();
  });
});

describe('both forms together', () => {
  it('name the values of nodes of unknown types, which placeholders may use', () => {
    const saving = { ...ui.nodes[0], id: 2, type: 'SaveLatent', widgets_values: ['%Name.path%'] };
    const named = {
      id: 3,
      type: 'Load Text File',
      properties: { 'Node name for S&R': 'Name' },
      order: 1,
      mode: 0,
      widgets_values: ['fox', '[filename]'],
    };
    const sent = {
      ...prompt,
      3: { class_type: 'Load Text File', inputs: { path: 'fox', dictionary: '[filename]' } },
    };
    const workflow = { ...ui, nodes: [...ui.nodes, saving, named] };
    const { graph } = readWorkflowBytes(
      Buffer.from(JSON.stringify({ prompt: sent, workflow })),
      'x.json',
      { prefer: 'UI' },
    );
    expect(graph.get('2')!.inputs['filename_prefix']).toBe('fox');
    expect(graph.get('3')!.inputs).toEqual({ path: 'fox', dictionary: '[filename]' });
  });
});

describe('one of two texts of an image', () => {
  const fromPng = async (text: Record<string, string>) =>
    readWorkflowBytes(
      await encodePng({ width: 1, height: 1, channels: 3, bytes: Buffer.alloc(3) }, { text }),
      'x.png',
    );
  const good = { prompt: JSON.stringify(prompt), workflow: JSON.stringify(ui) };

  it.each([
    ['workflow', '{"nodes": [', 'API'],
    ['workflow', 'undefined', 'API'],
    ['workflow', '', 'API'],
    ['prompt', '{"1":', 'UI'],
    ['prompt', 'a fox in the snow', 'UI'],
  ] as const)('is used if the other is broken: %s = %s', async (key, text, form) => {
    const workflow = await fromPng({ ...good, [key]: text });
    expect(workflow.form).toBe(form);
    expect(workflow.notes).toEqual([
      expect.stringMatching(
        new RegExp(`^'${key}' of x.png is not valid JSON: .*; it is not used$`),
      ),
    ]);
  });

  it('is used if the other cannot be converted', async () => {
    const broken = JSON.stringify({ 1: { class_type: 'EmptyLatentImage' } });
    const { form, notes } = await fromPng({ ...good, prompt: broken });
    expect({ form, notes }).toEqual({
      form: 'UI',
      notes: ["the workflow was read from its UI form, as x.png has node '1' without 'inputs'"],
    });
  });

  it('may have NaN and Infinity, as Python writes them', async () => {
    const text = '{"1": {"class_type": "A", "inputs": {"a": NaN, "b": -Infinity}}}';
    expect((await fromPng({ prompt: text })).graph.get('1')?.inputs).toEqual({
      a: Number.NaN,
      b: Number.NEGATIVE_INFINITY,
    });
  });
});
