import { describe, expect, it } from 'vitest';
import { parseJson } from '../../formats/json.ts';
import {
  combo,
  defineNode,
  float,
  int,
  modelFile,
  outputs,
  seed,
  socket,
  string,
} from '../../nodes/declare.ts';
import { NODES } from '../../nodes/index.ts';
import type { Graph } from '../api-graph.ts';
import { type ConvertOptions, convertUi } from './ui-to-api.ts';

type Slot = Record<string, unknown>;
interface Node {
  id: number | string;
  type: string;
  inputs?: Slot[];
  outputs?: Slot[];
  widgets_values?: unknown;
  [key: string]: unknown;
}

const input = (name: string, type: string, link: number | null = null, more: Slot = {}): Slot => ({
  name,
  type,
  link,
  ...more,
});
const widget = (name: string, type: string, link: number | null = null): Slot =>
  input(name, type, link, { widget: { name } });
const node = (
  id: number | string,
  type: string,
  inputs: Slot[] = [],
  widgets_values: unknown = undefined,
  more: Slot = {},
): Node => ({
  id,
  type,
  inputs,
  widgets_values,
  ...more,
});
const muted = { mode: 2 };
const bypassed = { mode: 4 };

/** Nodes of the core, and some whose widgets are of rarer kinds. */
const nodes = new Map([
  ...NODES,
  ...[
    defineNode({
      type: 'Rare',
      display: 'Rare',
      category: '',
      inputs: {
        mode: combo(['a', 'b'], { control_after_generate: true } as object),
        strength: float({ forceInput: true }),
        list: string({ optional: true }),
        count: int({ max: 10 }),
      },
      outputs: [],
      run: () => outputs(),
    }),
    defineNode({
      type: 'Grown',
      display: 'Grown',
      category: '',
      inputs: {
        model: socket('MODEL'),
        seed: seed(),
        steps: int({ default: 20, min: 1, max: 100 }),
        method: combo(['fast', 'slow']),
        factor: float({ default: 0.5 }),
        file: modelFile('loras'),
        label: string({ default: 'x', optional: true }),
      },
      outputs: [{ type: 'MODEL', name: 'MODEL' }],
      run: () => outputs(),
    }),
  ].map((declaration) => [declaration.type, declaration] as const),
]);

function convert(
  workflow: Slot,
  options: Partial<ConvertOptions> = {},
): { graph: Graph; notes: readonly string[] } {
  return convertUi(parseJson(JSON.stringify({ links: [], ...workflow })) as never, {
    nodes,
    ...options,
  });
}
const inputsOf = (workflow: Slot, id: string, options?: Partial<ConvertOptions>) =>
  convert(workflow, options).graph.get(id)?.inputs;
/** `[id, from, slot, to, input, type]` */
const link = (
  id: number,
  from: number | string,
  slot: number,
  to: number | string,
  at: number,
  type = '*',
) => [id, from, slot, to, at, type];

const SAMPLER = [7, 'randomize', 20, 8, 'euler', 'normal', 1];
const sampler = (
  id: number,
  links: (number | null)[],
  values: unknown = SAMPLER,
  more: Slot = {},
) =>
  node(
    id,
    'KSampler',
    ['model', 'positive', 'negative', 'latent_image'].map((name, i) =>
      input(name, ['MODEL', 'CONDITIONING', 'CONDITIONING', 'LATENT'][i], links[i]),
    ),
    values,
    more,
  );
const loader = (id: number | string, file = 'm.safetensors', more: Slot = {}) =>
  node(id, 'CheckpointLoaderSimple', [], [file], more);

describe('widgets', () => {
  it('are named by the declaration; the control of a seed is the editor’s own', () => {
    const { graph } = convert({ nodes: [sampler(3, [null, null, null, null])] });
    expect(graph.get('3')).toMatchObject({
      classType: 'KSampler',
      title: 'KSampler',
      inputs: {
        seed: 7,
        steps: 20,
        cfg: 8,
        sampler_name: 'euler',
        scheduler: 'normal',
        denoise: 1,
      },
      source: { class_type: 'KSampler', _meta: { title: 'KSampler' } },
    });
    expect(Object.keys(graph.get('3')!.inputs)).toHaveLength(6);
  });

  it('seeds beyond 2^53 stay exact', () => {
    const json =
      '{"nodes": [{"id": 1, "type": "Grown", "widgets_values": [18446744073709551615, "fixed", 3, "slow", 0.25, "l.safetensors"]}]}';
    const { graph } = convertUi(parseJson(json) as never, { nodes });
    expect(graph.get('1')?.inputs['seed']).toBe(18446744073709551615n);
  });

  it('an upload button has a value that is nobody’s', () => {
    expect(inputsOf({ nodes: [node(1, 'LoadImage', [], ['a.png', 'image'])] }, '1')).toEqual({
      image: 'a.png',
    });
    expect(
      inputsOf({ nodes: [node(1, 'LoadImageMask', [], ['a.png', 'alpha', 'image'])] }, '1'),
    ).toEqual({
      image: 'a.png',
      channel: 'alpha',
    });
  });

  it('controlled lists have two values of the editor’s; inputs without a widget have none, unless an old editor gave them one', () => {
    const values = { mode: 'b', count: 3, list: 'c' };
    expect(inputsOf({ nodes: [node(1, 'Rare', [], ['b', 'fixed', '', 3, 'c'])] }, '1')).toEqual(
      values,
    );
    expect(
      inputsOf({ nodes: [node(1, 'Rare', [], ['b', 'fixed', '', 0.5, 3, 'c'])] }, '1'),
    ).toEqual(values);
  });

  it('may be saved as an object', () => {
    expect(
      inputsOf(
        {
          nodes: [node(1, 'EmptyLatentImage', [], { width: 64, batch_size: 2, videopreview: {} })],
        },
        '1',
      ),
    ).toEqual({
      width: 64,
      height: 512,
      batch_size: 2,
    });
  });

  it('made into sockets keep their place in the list', () => {
    const workflow = {
      nodes: [
        node(1, 'PrimitiveInt', [], [9], { outputs: [{ name: 'INT', type: 'INT', links: [5] }] }),
        node(2, 'EmptyLatentImage', [widget('height', 'INT', 5)], [64, 128, 2]),
        node(3, 'EmptyLatentImage', [widget('height', 'INT')], [64, 128, 2]),
      ],
      links: [link(5, 1, 0, 2, 0, 'INT')],
    };
    expect(inputsOf(workflow, '2')).toEqual({ width: 64, height: ['1', 0], batch_size: 2 });
    expect(inputsOf(workflow, '3')).toEqual({ width: 64, height: 128, batch_size: 2 });
  });

  it('that came later get their defaults; a file’s surplus is dropped', () => {
    expect(inputsOf({ nodes: [sampler(1, [], SAMPLER.slice(0, 6))] }, '1')).toMatchObject({
      scheduler: 'normal',
      denoise: 1,
    });
    expect(inputsOf({ nodes: [sampler(1, [], [...SAMPLER, 'what', 5])] }, '1')).toMatchObject({
      scheduler: 'normal',
      denoise: 1,
    });
  });

  it('of another version are matched by what fits, and it is said', () => {
    // without the seed's control, and without the method
    const { graph, notes } = convert({
      nodes: [node(1, 'Grown', [], [5, 30, 0.75, 'l.safetensors'])],
    });
    expect(graph.get('1')?.inputs).toEqual({
      seed: 5,
      steps: 30,
      method: 'fast',
      factor: 0.75,
      file: 'l.safetensors',
      label: 'x',
    });
    expect(notes).toEqual([expect.stringContaining('Grown (node 1) was saved by another version')]);
  });

  it('a bad value stays where it is, to be reported', () => {
    const { graph, notes } = convert({
      nodes: [sampler(1, [], [7, 'fixed', 20, 8, 'no such sampler', 'normal', 1])],
    });
    expect(graph.get('1')?.inputs['sampler_name']).toBe('no such sampler');
    expect(notes).toEqual([]);
  });

  it('the first editors had a switch beside the seed', () => {
    expect(
      inputsOf({ nodes: [sampler(1, [], [7, true, 20, 8, 'euler', 'normal', 1])] }, '1'),
    ).toMatchObject({ seed: 7, steps: 20 });
  });

  it('that hold lists are wrapped, so that they are no links', () => {
    const workflow = {
      nodes: [node(1, 'Stranger', [widget('points', 'POINTS'), widget('n', 'INT')], [['1', 0], 4])],
    };
    expect(inputsOf(workflow, '1')).toEqual({ points: { __value__: ['1', 0] }, n: 4 });
  });
});

describe('links', () => {
  const TWO = [loader(1), sampler(2, [9, null, null, null])];

  it.each([
    ['arrays', [link(9, 1, 0, 2, 0, 'MODEL')]],
    [
      'objects',
      [{ id: 9, origin_id: 1, origin_slot: 0, target_id: 2, target_slot: 0, type: 'MODEL' }],
    ],
  ])('as %s', (_, links) => {
    expect(inputsOf({ nodes: TWO, links }, '2')).toMatchObject({ model: ['1', 0] });
  });

  it('that lead nowhere are none', () => {
    expect(inputsOf({ nodes: TWO, links: [] }, '2')).not.toHaveProperty('model');
    expect(inputsOf({ nodes: [TWO[1]], links: [link(9, 1, 0, 2, 0)] }, '2')).not.toHaveProperty(
      'model',
    );
  });

  it('to a muted node are none, and it is not in the prompt', () => {
    const { graph } = convert({
      nodes: [loader(1, 'm', muted), TWO[1]],
      links: [link(9, 1, 0, 2, 0)],
    });
    expect([...graph.keys()]).toEqual(['2']);
    expect(graph.get('2')?.inputs).not.toHaveProperty('model');
  });

  it('go through reroutes', () => {
    const reroute = (id: number, from: number) =>
      node(id, 'Reroute', [input('', '*', from)], undefined, {
        outputs: [{ name: '', type: '*' }],
      });
    const workflow = {
      nodes: [loader(1), reroute(4, 7), reroute(5, 8), TWO[1]],
      links: [link(7, 1, 0, 4, 0), link(8, 4, 0, 5, 0), link(9, 5, 0, 2, 0)],
    };
    expect(convert(workflow).graph.get('2')?.inputs).toMatchObject({ model: ['1', 0] });
    expect([...convert(workflow).graph.keys()]).toEqual(['1', '2']);
  });

  it('in a circle of reroutes are refused', () => {
    const workflow = {
      nodes: [
        node(4, 'Reroute', [input('', '*', 7)]),
        node(5, 'Reroute', [input('', '*', 8)]),
        TWO[1],
      ],
      links: [link(7, 5, 0, 4, 0), link(8, 4, 0, 5, 0), link(9, 5, 0, 2, 0)],
    };
    expect(() => convert(workflow)).toThrow('go in a circle');
  });

  it('named set and get nodes are wires', () => {
    const workflow = {
      nodes: [
        loader(1),
        node(4, 'SetNode', [input('MODEL', 'MODEL', 7)], ['base']),
        node(5, 'GetNode', [], ['base']),
        TWO[1],
      ],
      links: [link(7, 1, 0, 4, 0), link(9, 5, 0, 2, 0)],
    };
    expect(inputsOf(workflow, '2')).toMatchObject({ model: ['1', 0] });
  });
});

describe('bypassed nodes', () => {
  const lora = (id: number, links: [number, number]) =>
    node(
      id,
      'LoraLoader',
      [input('model', 'MODEL', links[0]), input('clip', 'CLIP', links[1])],
      ['l.safetensors', 1, 1],
      {
        ...bypassed,
        outputs: [
          { name: 'MODEL', type: 'MODEL' },
          { name: 'CLIP', type: 'CLIP' },
        ],
      },
    );

  it('show the input of the same place', () => {
    const { graph } = convert({
      nodes: [
        loader(1),
        lora(2, [1, 2]),
        sampler(3, [3]),
        node(4, 'CLIPTextEncode', [input('clip', 'CLIP', 4)], ['hi']),
      ],
      links: [link(1, 1, 0, 2, 0), link(2, 1, 1, 2, 1), link(3, 2, 0, 3, 0), link(4, 2, 1, 4, 0)],
    });
    expect(graph.get('3')?.inputs['model']).toEqual(['1', 0]);
    expect(graph.get('4')?.inputs['clip']).toEqual(['1', 1]);
    expect(graph.has('2')).toBe(false);
  });

  it('else the first of the same type, else nothing', () => {
    const pass = (type: string, inputs: Slot[], output: string) => ({
      nodes: [
        loader(1),
        node(2, type, inputs, undefined, {
          ...bypassed,
          outputs: [{ name: output, type: output }],
        }),
        sampler(3, [null, null, null, 9]),
      ],
      links: [link(1, 1, 2, 2, 0), link(2, 1, 0, 2, 1), link(9, 2, 0, 3, 3)],
    });
    const encode = pass(
      'VAEEncode',
      [input('pixels', 'IMAGE', null), input('vae', 'VAE', 1)],
      'LATENT',
    );
    expect(inputsOf(encode, '3')).not.toHaveProperty('latent_image');
    const odd = pass('Odd', [input('a', 'VAE', 1), input('b', 'LATENT', 2)], 'LATENT');
    expect(inputsOf(odd, '3')).toMatchObject({ latent_image: ['1', 0] });
  });
});

describe('primitives', () => {
  const primitive = (id: number, values: unknown[], more: Slot = {}) =>
    node(id, 'PrimitiveNode', [], values, more);

  it('write their value into the widgets they are connected to, also through reroutes', () => {
    const workflow = {
      nodes: [
        primitive(1, [42, 'fixed']),
        node(4, 'Reroute', [input('', '*', 2)]),
        node(
          2,
          'EmptyLatentImage',
          [widget('width', 'INT', 1), widget('height', 'INT', 3)],
          [64, 128, 2],
        ),
      ],
      links: [link(1, 1, 0, 2, 0), link(2, 1, 0, 4, 0), link(3, 4, 0, 2, 1)],
    };
    expect(inputsOf(workflow, '2')).toEqual({ width: 42, height: 42, batch_size: 2 });
  });

  it('fill in names when told', () => {
    const workflow = {
      nodes: [
        primitive(1, ['%Empty.width%'], { properties: { 'Run widget replace on values': true } }),
        node(2, 'CLIPTextEncode', [input('clip', 'CLIP'), widget('text', 'STRING', 1)], ['']),
        node(3, 'EmptyLatentImage', [], [640, 64, 1], { title: 'Empty' }),
      ],
      links: [link(1, 1, 0, 2, 1)],
    };
    expect(inputsOf(workflow, '2')).toEqual({ text: '640' });
  });
});

describe('texts', () => {
  const prompt = (text: string) => ({ nodes: [node(1, 'CLIPTextEncode', [], [text])] });

  it('dynamic prompts choose one, by the numbers they are given', () => {
    const text = 'a {red|{dark|light} blue} cat // remark\n\\{x\\}';
    const numbers = [0.9, 0.1];
    const { graph, notes } = convert(prompt(text), { random: () => numbers.shift()! });
    expect(graph.get('1')?.inputs['text']).toBe('a dark blue cat \n{x}');
    expect(notes).toEqual([expect.stringContaining('leaves a choice; taken: a dark blue cat')]);
    expect(inputsOf(prompt('plain (a:1.2) text'), '1')).toEqual({ text: 'plain (a:1.2) text' });
  });

  it('file names take dates and widget values; what the server fills in stays', () => {
    const prefix = '%date:yyyy-MM-dd_hmmss%/%KSampler.seed%_%Size.width%_%width%_%Nobody.x%';
    const workflow = {
      nodes: [
        sampler(1, [], SAMPLER, { properties: { 'Node name for S&R': 'KSampler' } }),
        node(2, 'EmptyLatentImage', [], [640, 64, 1], { title: 'Size' }),
        node(3, 'SaveImage', [], [prefix]),
      ],
    };
    const now = new Date(2025, 0, 9, 7, 5, 3);
    expect(inputsOf(workflow, '3', { now })).toEqual({
      filename_prefix: '2025-01-09_70503/7_640_%width%_%Nobody.x%',
    });
  });
});

describe('names', () => {
  it('of renamed types and inputs are today’s', () => {
    const { graph } = convert({
      nodes: [
        node(1, 'T2IAdapterLoader', [], ['a.safetensors']),
        node(2, 'IterativeLatentUpscale', [widget('step', 'INT')], { step: 4 }),
      ],
    });
    expect(graph.get('1')).toMatchObject({
      classType: 'ControlNetLoader',
      inputs: { control_net_name: 'a.safetensors' },
    });
    expect(graph.get('2')?.inputs).toMatchObject({ steps: 4 });
  });

  it('of unknown types stay, with what their sockets say of their widgets', () => {
    const { graph, notes } = convert({
      nodes: [
        loader(1),
        node(
          2,
          'Stranger',
          [input('model', 'MODEL', 1), widget('seed', 'INT'), widget('mode', 'COMBO')],
          [5, 'randomize', 'soft'],
        ),
        node(3, 'Stranger', [], [5, 'soft']),
      ],
      links: [link(1, 1, 0, 2, 0)],
    });
    expect(graph.get('2')).toMatchObject({
      classType: 'Stranger',
      inputs: { model: ['1', 0], seed: 5, mode: 'soft' },
    });
    expect(graph.get('3')).toMatchObject({ inputs: { widget_0: 5, widget_1: 'soft' } });
    expect(notes).toEqual([
      expect.stringContaining('unknown node types could only be guessed: Stranger'),
    ]);
  });

  it('titles; ids in the order of a JavaScript object', () => {
    const { graph } = convert({
      nodes: [
        loader(10, 'a', { title: 'Mine' }),
        loader('x'),
        loader(2),
        node(5, 'Note', [], ['hi']),
        node(6, 'MarkdownNote'),
      ],
    });
    expect([...graph].map(([id, { title }]) => [id, title])).toEqual([
      ['2', 'Load Checkpoint'],
      ['10', 'Mine'],
      ['x', 'Load Checkpoint'],
    ]);
  });
});

describe('group nodes', () => {
  const groups = {
    Make: {
      nodes: [
        { type: 'CheckpointLoaderSimple', widgets_values: ['inner.safetensors'], outputs: [] },
        {
          type: 'CLIPTextEncode',
          title: 'Prompt',
          inputs: [input('clip', 'CLIP')],
          widgets_values: ['inner'],
        },
        {
          type: 'CLIPTextEncode',
          title: 'Negative',
          inputs: [input('clip', 'CLIP')],
          widgets_values: ['bad'],
        },
        {
          type: 'KSampler',
          inputs: ['model', 'positive', 'negative', 'latent_image'].map((name) => input(name, '*')),
          widgets_values: SAMPLER,
        },
      ],
      links: [
        [0, 0, 3, 0, 10, 'MODEL'],
        [0, 1, 1, 0, 10, 'CLIP'],
        [0, 1, 2, 0, 10, 'CLIP'],
        [1, 0, 3, 1, 11, 'CONDITIONING'],
        [2, 0, 3, 2, 12, 'CONDITIONING'],
        [null, 0, 3, 3, 99, 'LATENT'],
      ],
      external: [
        [0, 2, 'VAE'],
        [3, 0, 'LATENT'],
      ],
      config: {
        0: { input: { ckpt_name: { name: 'model file' } } },
        2: { input: { text: { visible: false } } },
      },
    },
  };
  const instance = (type: string) =>
    node(
      5,
      type,
      [input('latent_image', 'LATENT', 1)],
      ['outer.safetensors', 'hello', 'bad', 9, 'fixed', 30, 7, 'dpm_2', 'karras', 0.5],
      {
        outputs: [
          { name: 'VAE', type: 'VAE', links: [3] },
          { name: 'LATENT', type: 'LATENT', links: [2] },
        ],
      },
    );
  const around = (type: string, more: Slot = {}) => ({
    nodes: [
      node(4, 'EmptyLatentImage', [], [64, 64, 1]),
      { ...instance(type), ...more },
      node(6, 'VAEDecode', [input('samples', 'LATENT', 2), input('vae', 'VAE', 3)]),
    ],
    links: [
      link(1, 4, 0, 5, 0, 'LATENT'),
      link(2, 5, 1, 6, 0, 'LATENT'),
      link(3, 5, 0, 6, 1, 'VAE'),
    ],
    extra: { groupNodes: groups },
  });

  it.each(['workflow/Make', 'workflow>Make'])('%s', (type) => {
    const { graph } = convert(around(type));
    expect([...graph.keys()]).toEqual(['4', '6', '5:0', '5:1', '5:2', '5:3']);
    expect(graph.get('5:0')?.inputs).toEqual({ ckpt_name: 'outer.safetensors' });
    expect(graph.get('5:1')).toMatchObject({
      title: 'Prompt',
      inputs: { text: 'hello', clip: ['5:0', 1] },
    });
    expect(graph.get('5:2')?.inputs).toEqual({ text: 'bad', clip: ['5:0', 1] });
    expect(graph.get('5:3')?.inputs).toEqual({
      seed: 9,
      steps: 30,
      cfg: 7,
      sampler_name: 'dpm_2',
      scheduler: 'karras',
      denoise: 0.5,
      model: ['5:0', 0],
      positive: ['5:1', 0],
      negative: ['5:2', 0],
      latent_image: ['4', 0],
    });
    expect(graph.get('6')?.inputs).toEqual({ samples: ['5:3', 0], vae: ['5:0', 2] });
  });

  it('muted: nothing in them runs; bypassed: an output shows an input of its type', () => {
    expect([...convert(around('workflow>Make', muted)).graph.keys()]).toEqual(['4', '6']);
    const { graph } = convert(around('workflow>Make', bypassed));
    expect([...graph.keys()]).toEqual(['4', '6']);
    expect(graph.get('6')?.inputs).toEqual({ samples: ['4', 0] });
  });

  it('in group nodes', () => {
    const outer = {
      Outer: {
        nodes: [
          {
            type: 'workflow>Make',
            inputs: [input('latent_image', 'LATENT')],
            widgets_values: instance('').widgets_values,
            outputs: instance('').outputs,
          },
          { type: 'VAEDecode', inputs: [input('samples', 'LATENT'), input('vae', 'VAE')] },
        ],
        links: [
          [0, 1, 1, 0, 5, 'LATENT'],
          [0, 0, 1, 1, 5, 'VAE'],
        ],
        external: [[1, 0, 'IMAGE']],
      },
    };
    const { graph } = convert({
      nodes: [
        node(4, 'EmptyLatentImage', [], [64, 64, 1]),
        node(5, 'workflow>Outer', [input('latent_image', 'LATENT', 1)], ['deep.safetensors'], {
          outputs: [{ name: 'IMAGE', type: 'IMAGE' }],
        }),
        node(6, 'PreviewImage', [input('images', 'IMAGE', 2)]),
      ],
      links: [link(1, 4, 0, 5, 0), link(2, 5, 0, 6, 0)],
      extra: { groupNodes: { ...groups, ...outer } },
    });
    expect(graph.get('5:0:0')?.inputs).toEqual({ ckpt_name: 'deep.safetensors' });
    expect(graph.get('5:0:3')?.inputs).toMatchObject({ latent_image: ['4', 0], seed: 9 });
    expect(graph.get('5:1')?.inputs).toEqual({ samples: ['5:0:3', 0], vae: ['5:0:0', 2] });
    expect(graph.get('6')?.inputs).toEqual({ images: ['5:1', 0] });
  });

  it('with a primitive inside: its widget is the group’s', () => {
    const { graph } = convert({
      nodes: [node(1, 'workflow>P', [], [77, 'fixed', 64, 3])],
      extra: {
        groupNodes: {
          P: {
            nodes: [
              {
                type: 'PrimitiveNode',
                widgets_values: [5, 'fixed'],
                outputs: [{ name: 'INT', type: 'INT', widget: { name: 'height' } }],
              },
              {
                type: 'EmptyLatentImage',
                inputs: [widget('height', 'INT')],
                widgets_values: [64, 5, 1],
              },
            ],
            links: [[0, 0, 1, 0, 5, 'INT']],
            external: [[1, 0, 'LATENT']],
          },
        },
      },
    });
    expect([...graph].map(([id, n]) => [id, n.inputs])).toEqual([
      ['1:1', { width: 64, height: 77, batch_size: 3 }],
    ]);
  });

  it('without a definition are unknown types', () => {
    expect(convert({ nodes: [node(1, 'workflow>Gone', [], [1])] }).graph.get('1')?.classType).toBe(
      'workflow>Gone',
    );
  });

  it('that contain themselves are refused', () => {
    const self = { Self: { nodes: [{ type: 'workflow>Self' }], links: [] } };
    expect(() =>
      convert({ nodes: [node(1, 'workflow>Self')], extra: { groupNodes: self } }),
    ).toThrow('contains itself');
  });
});

describe('subgraphs', () => {
  const ID = '1b2c3d4e-0000-4000-8000-000000000001';
  const slot = (name: string, type: string, linkIds: number[]) => ({
    id: name,
    name,
    type,
    linkIds,
  });
  const object = (
    id: number,
    origin_id: number,
    origin_slot: number,
    target_id: number,
    target_slot: number,
    type = '*',
  ) => ({
    id,
    origin_id,
    origin_slot,
    target_id,
    target_slot,
    type,
  });
  const half = {
    id: ID,
    name: 'Half',
    inputs: [slot('latent', 'LATENT', [1]), slot('seed', 'INT', [2])],
    outputs: [slot('LATENT', 'LATENT', [3]), slot('through', 'LATENT', [4])],
    nodes: [
      node(
        7,
        'KSampler',
        [input('latent_image', 'LATENT', 1), widget('seed', 'INT', 2), widget('steps', 'INT')],
        SAMPLER,
        {
          outputs: [{ name: 'LATENT', type: 'LATENT', links: [3] }],
        },
      ),
    ],
    links: [
      object(1, -10, 0, 7, 0),
      object(2, -10, 1, 7, 1),
      object(3, 7, 0, -20, 0),
      object(4, -10, 0, -20, 1),
    ],
  };
  const empty = node(1, 'EmptyLatentImage', [], [64, 64, 1]);
  const outer = (values: unknown, more: Slot = {}, type = ID) =>
    node(2, type, [input('latent', 'LATENT', 1), widget('seed', 'INT')], values, {
      outputs: [{ name: 'LATENT', type: 'LATENT' }],
      ...more,
    });
  const after = node(3, 'LatentUpscaleBy', [input('samples', 'LATENT', 2)], ['bilinear', 2]);
  const links = [link(1, 1, 0, 2, 0), link(2, 2, 0, 3, 0)];
  const workflow = (node2: Node, subgraphs: unknown[] = [half]) => ({
    nodes: [empty, node2, after],
    links,
    definitions: { subgraphs },
  });

  it('are opened; a promoted widget’s value is the outer one', () => {
    const { graph } = convert(workflow(outer([123])));
    expect([...graph.keys()]).toEqual(['1', '3', '2:7']);
    expect(graph.get('2:7')?.inputs).toMatchObject({
      seed: 123,
      steps: 20,
      latent_image: ['1', 0],
    });
    expect(graph.get('3')?.inputs['samples']).toEqual(['2:7', 0]);
    expect(convert(workflow(outer([]))).graph.get('2:7')?.inputs['seed']).toBe(7);
  });

  it('widgets of inner nodes that are shown outside keep their values inside', () => {
    const proxyWidgets = [
      ['7', 'steps'],
      ['-1', 'seed'],
    ];
    const { graph } = convert(workflow(outer([99, 5], { properties: { proxyWidgets } })));
    expect(graph.get('2:7')?.inputs).toMatchObject({ seed: 5, steps: 20 });
    expect(
      convert(workflow(outer([5], { properties: { proxyWidgets: [['7', 'steps']] } }))).graph.get(
        '2:7',
      )?.inputs['seed'],
    ).toBe(5);
  });

  it('pass an input straight through; bypassed they show their inputs, muted nothing', () => {
    const through = { ...workflow(outer([1])), links: [links[0], link(2, 2, 1, 3, 0)] };
    expect(inputsOf(through, '3')).toMatchObject({ samples: ['1', 0] });
    const { graph } = convert(workflow(outer([1], bypassed)));
    expect([...graph.keys()]).toEqual(['1', '3']);
    expect(graph.get('3')?.inputs).toMatchObject({ samples: ['1', 0] });
    expect(convert(workflow(outer([1], muted))).graph.get('3')?.inputs).not.toHaveProperty(
      'samples',
    );
  });

  it('in subgraphs, twice', () => {
    const id = '1b2c3d4e-0000-4000-8000-000000000002';
    const twice = {
      id,
      name: 'Twice',
      inputs: [slot('latent', 'LATENT', [1]), slot('seed', 'INT', [5])],
      outputs: [slot('LATENT', 'LATENT', [3])],
      nodes: [
        node(10, ID, [input('latent', 'LATENT', 1), widget('seed', 'INT', 5)], [50]),
        node(11, ID, [input('latent', 'LATENT', 2), widget('seed', 'INT')], [51]),
      ],
      links: [
        object(1, -10, 0, 10, 0),
        object(2, 10, 0, 11, 0),
        object(3, 11, 0, -20, 0),
        object(5, -10, 1, 10, 1),
      ],
    };
    const { graph } = convert(workflow(outer([42], {}, id), [half, twice]));
    expect([...graph.keys()]).toEqual(['1', '3', '2:10:7', '2:11:7']);
    expect(graph.get('2:10:7')?.inputs).toMatchObject({ latent_image: ['1', 0], seed: 42 });
    expect(graph.get('2:11:7')?.inputs).toMatchObject({ latent_image: ['2:10:7', 0], seed: 51 });
    expect(graph.get('3')?.inputs['samples']).toEqual(['2:11:7', 0]);
  });

  it('that contain themselves, or grow without end, are refused', () => {
    const self = { ...half, nodes: [node(7, ID)] };
    expect(() => convert(workflow(outer([]), [self]))).toThrow('contains itself');
    const chain = Array.from({ length: 40 }, (_, i) => ({
      id: `s${i}`,
      name: `s${i}`,
      inputs: [],
      outputs: [],
      nodes: [node(1, `s${i + 1}`), node(2, `s${i + 1}`)],
      links: [],
    }));
    expect(() => convert({ nodes: [node(1, 's0')], definitions: { subgraphs: chain } })).toThrow(
      'more than 20000 nodes',
    );
  });
});

describe('components', () => {
  const definition = {
    nodes: [
      node(1, 'ComponentInput', [], undefined, {
        title: '2',
        outputs: [{ name: 'VAE', type: 'VAE', links: [1] }],
      }),
      node(2, 'ComponentInput', [], undefined, {
        title: '1',
        outputs: [{ name: '*', label: 'wide', type: 'INT', links: [2] }],
      }),
      node(3, 'EmptyLatentImage', [widget('width', 'INT', 2)], [64, 32, 1], {
        outputs: [{ name: 'LATENT', type: 'LATENT', links: [3] }],
      }),
      node(4, 'VAEDecode', [input('samples', 'LATENT', 3), input('vae', 'VAE', 1)], undefined, {
        outputs: [{ name: 'IMAGE', type: 'IMAGE', links: [4] }],
      }),
      node(5, 'ComponentOutput', [input('IMAGE', 'IMAGE', 4)]),
    ],
    links: [
      link(1, 1, 0, 4, 1, 'VAE'),
      link(2, 2, 0, 3, 0, 'INT'),
      link(3, 3, 0, 4, 0, 'LATENT'),
      link(4, 4, 0, 5, 0, 'IMAGE'),
    ],
  };
  const type = '## empty-to-image [0a1b2c]';
  const workflow = (more: Slot) => ({
    nodes: [
      loader(1),
      node(2, type, [input('VAE', 'VAE', 1)], [256], {
        outputs: [{ name: 'IMAGE', type: 'IMAGE' }],
      }),
      node(3, 'PreviewImage', [input('images', 'IMAGE', 2)]),
    ],
    links: [link(1, 1, 2, 2, 0), link(2, 2, 0, 3, 0)],
    ...more,
  });

  it.each([
    ['of the file', workflow({ components: { [type]: definition } }), {}],
    ['in its extra', workflow({ extra: { components: { [type]: definition } } }), {}],
    ['beside the file', workflow({}), { components: { 'empty-to-image': definition } }],
  ])('%s are opened', (_, file, options) => {
    const { graph } = convert(file, options as never);
    expect([...graph.keys()]).toEqual(['1', '3', '2:3', '2:4']);
    expect(graph.get('2:3')?.inputs).toEqual({ width: 256, height: 32, batch_size: 1 });
    expect(graph.get('2:4')?.inputs).toEqual({ samples: ['2:3', 0], vae: ['1', 2] });
    expect(graph.get('3')?.inputs).toEqual({ images: ['2:4', 0] });
  });

  it('without a definition are unknown types', () => {
    expect(convert(workflow({})).graph.get('2')?.classType).toBe(type);
  });
});
