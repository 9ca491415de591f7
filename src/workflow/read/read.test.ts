import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DarkroomError } from '../../errors.ts';
import { encodePng } from '../../image/codec/png.ts';
import { apiGraphOf } from '../api-graph.ts';
import { type ReadOptions, readWorkflowBytes, readWorkflowFile } from './read.ts';

const dir = mkdtempSync(join(tmpdir(), 'darkroom-read-'));
function read(
  name: string,
  content?: string | Uint8Array,
): DarkroomError | ReturnType<typeof readWorkflowFile> {
  const file = join(dir, name);
  if (content !== undefined) writeFileSync(file, content);
  try {
    return readWorkflowFile(file);
  } catch (error) {
    if (error instanceof DarkroomError) return error;
    throw error;
  }
}

describe('workflow files', () => {
  it('preserve node order, titles and large numbers; a byte order mark is ignored', () => {
    const text =
      '\ufeff{"10": {"class_type": "A", "inputs": {"seed": 18446744073709551615}}, ' +
      '"2": {"class_type": "B", "inputs": {}, "_meta": {"title": "T"}}}';
    const workflow = read('good.json', text);
    if (workflow instanceof DarkroomError) throw workflow;
    expect([...workflow.graph.keys()]).toEqual(['10', '2']);
    expect(workflow.graph.get('10')?.inputs['seed']).toBe(18446744073709551615n);
    expect(workflow.graph.get('2')?.title).toBe('T');
  });

  it('may be the body of POST /prompt, with the workflow that is written into images', () => {
    const workflow = read(
      'body.json',
      '{"prompt": {"1": {"class_type": "A", "inputs": {}}}, ' +
        '"extra_data": {"extra_pnginfo": {"workflow": {"nodes": []}}}}',
    );
    expect(workflow).toMatchObject({ extra: { workflow: { nodes: [] } } });
  });

  it.each([
    ['empty.json', ' \n', 'DR_JSON_INVALID', 'is empty'],
    ['cut.json', '{"1": {"class_type": "A", ', 'DR_JSON_INVALID', 'line 1'],
    ['list.json', '[1]', 'DR_WORKFLOW_INVALID', 'not an object'],
    ['none.json', '{}', 'DR_WORKFLOW_INVALID', 'no nodes'],
    ['value.json', '{"1": 5}', 'DR_WORKFLOW_INVALID', "'1', which is not a node"],
    ['inputs.json', '{"1": {"class_type": "A"}}', 'DR_WORKFLOW_INVALID', "without 'inputs'"],
    ['ui.json', '{"nodes": [], "links": []}', 'DR_WORKFLOW_INVALID', 'no nodes that run'],
    [
      'a.png',
      new Uint8Array([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10]),
      'DR_WORKFLOW_FORMAT',
      'PNG image',
    ],
    ['gone.json', undefined, 'DR_FILE_MISSING', 'there is no file'],
    ['', undefined, 'DR_FILE_UNREADABLE', 'is a folder'],
  ])('that are invalid are rejected: %s', (name, content, code, message) => {
    const error = read(name, content) as DarkroomError;
    expect(error.code).toBe(code);
    expect(error.message).toContain(message);
    expect(error.hint).toBeTruthy();
  });

  it('that do not exist are rejected with a similar name', () => {
    read('portrait.json', '{}');
    expect((read('portriat.json') as DarkroomError).hint).toBe("Did you mean 'portrait.json'?");
  });
});

const SEED = [5, 'fixed', 20, 8, 'euler', 'normal', 1];
const ui = {
  last_node_id: 4,
  nodes: [
    { id: 2, type: 'EmptyLatentImage', order: 0, mode: 0, widgets_values: [64, 64, 1] },
    { id: 4, type: 'Note', order: 1, mode: 0, widgets_values: ['hello'] },
    {
      id: 3,
      type: 'KSampler',
      order: 2,
      mode: 0,
      inputs: [{ name: 'latent_image', type: 'LATENT', link: 1 }],
      widgets_values: SEED,
    },
  ],
  links: [[1, 2, 0, 3, 0, 'LATENT']],
  version: 0.4,
};
const prompt = {
  2: {
    inputs: { width: 64, height: 64, batch_size: 1 },
    class_type: 'EmptyLatentImage',
    _meta: { title: 'Empty Latent Image' },
  },
  3: {
    inputs: {
      seed: 5,
      steps: 20,
      cfg: 8,
      sampler_name: 'euler',
      scheduler: 'normal',
      denoise: 1,
      latent_image: ['2', 0],
    },
    class_type: 'KSampler',
    _meta: { title: 'KSampler' },
  },
};
const png = (text: Record<string, unknown>) =>
  encodePng(
    { width: 1, height: 1, channels: 3, bytes: Buffer.alloc(3) },
    {
      text: Object.fromEntries(
        Object.entries(text).map(([key, value]) => [
          key,
          typeof value === 'string' ? value : JSON.stringify(value),
        ]),
      ),
    },
  );
const fromPng = async (text: Record<string, unknown>, options?: ReadOptions) =>
  readWorkflowBytes(await png(text), 'x.png', options);

describe('workflows in images', () => {
  it('are read from the prompt; the UI workflow is passed on into new images', async () => {
    const fromPrompt = await fromPng({ prompt, workflow: ui });
    expect(fromPrompt).toMatchObject({ form: 'API', imageFormat: 'PNG', notes: [] });
    expect(fromPrompt.extra['workflow']).toEqual(expect.objectContaining({ last_node_id: 4 }));
    const converted = await fromPng({ prompt, workflow: ui }, { prefer: 'UI' });
    expect(converted.form).toBe('UI');
    expect(apiGraphOf(converted.graph)).toEqual(apiGraphOf(fromPrompt.graph));
    expect(converted.extra).toEqual(fromPrompt.extra);
  });

  it('are read from whichever form there is', async () => {
    expect(await fromPng({ workflow: ui })).toMatchObject({ form: 'UI' });
    expect(await fromPng({ prompt })).toMatchObject({ form: 'API', extra: {} });
    expect(await fromPng({ workflow: prompt })).toMatchObject({ form: 'API' });
    expect(await fromPng({ parameters: 'a cat\nSteps: 20, Sampler: Euler' })).toMatchObject({
      form: 'A1111',
    });
  });

  it('get inputs that were added to a node later from the UI workflow', async () => {
    const old = {
      ...prompt,
      3: { ...prompt[3], inputs: { ...prompt[3].inputs, denoise: undefined, steps: 11 } },
    };
    const { graph } = await fromPng({ prompt: old, workflow: ui });
    expect(graph.get('3')?.inputs).toMatchObject({ denoise: 1, steps: 11 });
    expect((await fromPng({ prompt: old })).graph.get('3')?.inputs).not.toHaveProperty('denoise');
  });

  it('are read from the UI form when the prompt has components', async () => {
    const type = '## empty [0a1b2c]';
    const component = {
      nodes: [
        { id: 1, type: 'EmptyLatentImage', widgets_values: [64, 64, 1] },
        { id: 2, type: 'ComponentOutput', inputs: [{ name: 'LATENT', type: 'LATENT', link: 1 }] },
      ],
      links: [[1, 1, 0, 2, 0, 'LATENT']],
    };
    const nodes = [{ id: 2, type, widgets_values: [] }, ui.nodes[2]];
    const sent = { 2: { inputs: {}, class_type: type }, 3: prompt[3] };
    const workflow = { ...ui, nodes, components: { [type]: component } };
    expect([...(await fromPng({ prompt: sent, workflow })).graph.keys()]).toEqual(['3', '2:1']);
    writeFileSync(join(dir, 'empty.component.json'), JSON.stringify(component));
    const beside = read('components.json', JSON.stringify({ ...workflow, components: undefined }));
    expect(beside instanceof DarkroomError ? beside : [...beside.graph.keys()]).toEqual([
      '3',
      '2:1',
    ]);
  });

  it.each([
    ['no texts', {}, 'without a workflow in it', 'as ComfyUI saved it'],
    [
      'other texts',
      { Comment: 'Created with GIMP' },
      'without a workflow in it',
      'remove the workflow',
    ],
    ['broken JSON', { prompt: '{"1": ' }, "'prompt' of x.png is not valid JSON", 'cut off'],
  ])('are missing from an image with %s', async (_, text, message, hint) => {
    const error = await fromPng(text).catch((e) => e);
    expect(error).toBeInstanceOf(DarkroomError);
    expect(error.message).toContain(message);
    expect(error.hint).toContain(hint);
  });
});
