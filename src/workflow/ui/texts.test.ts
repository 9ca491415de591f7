import { describe, expect, it } from 'vitest';
import {
  convert,
  convertedInputs,
  link,
  node,
  SAMPLER_VALUES,
  type Slot,
  sampler,
  type TestNode,
  widget,
} from '../../../test/support/workflows/ui-workflows.ts';
import { chooseOptions } from './texts.ts';

describe('texts', () => {
  const prompt = (text: string) => ({ nodes: [node(1, 'CLIPTextEncode', [], [text])] });

  it('options of dynamic prompts are chosen by the random numbers', () => {
    const text = 'a {red|{dark|light} blue} cat // remark\n\\{x\\}';
    const numbers = [0.9, 0.1];
    const { graph, notes } = convert(prompt(text), { random: () => numbers.shift()! });
    expect(graph.get('1')?.inputs['text']).toBe('a dark blue cat \n{x}');
    expect(notes).toEqual([
      expect.stringContaining('is a dynamic prompt; chosen: a dark blue cat'),
    ]);
    expect(convertedInputs(prompt('plain (a:1.2) text'), '1')).toEqual({
      text: 'plain (a:1.2) text',
    });
  });

  // comfyui-frontend-package 1.49.6: ExecutableNodeDTO.resolveInput sends the value of the widget
  it('texts that a subgraph shows are sent as they are', () => {
    const text = (id: number) =>
      node(id, 'CLIPTextEncode', [widget('text', 'STRING', 5)], ['{a|b} {c|d}']);
    const workflow = {
      nodes: [node(1, 'sub', [widget('text', 'STRING')], ['{"json": 1} {a|b}'])],
      definitions: {
        subgraphs: [
          {
            id: 'sub',
            name: 'Prompt',
            nodes: [text(2), node(3, 'CLIPTextEncode', [], ['{a|b}'])],
            links: [link(5, -10, 0, 2, 0, 'STRING')],
            inputs: [{ name: 'text', type: 'STRING', linkIds: [5] }],
          },
        ],
      },
    };
    expect(convertedInputs(workflow, '1:2')).toEqual({ text: '{"json": 1} {a|b}' });
    expect(convertedInputs(workflow, '1:3')).toEqual({ text: 'a' });
  });

  it('placeholders for dates and widgets are replaced in file names; unknown ones stay', () => {
    const prefix = '%date:yyyy-MM-dd_hmmss%/%KSampler.seed%_%Size.width%_%width%_%Nobody.x%';
    const workflow = {
      nodes: [
        sampler(1, [], SAMPLER_VALUES, { properties: { 'Node name for S&R': 'KSampler' } }),
        node(2, 'EmptyLatentImage', [], [640, 64, 1], { title: 'Size' }),
        node(3, 'SaveImage', [], [prefix]),
      ],
    };
    const now = new Date(2025, 0, 9, 7, 5, 3);
    expect(convertedInputs(workflow, '3', { now })).toEqual({
      filename_prefix: '2025-01-09_70503/7_640_%width%_%Nobody.x%',
    });
  });
});

describe('placeholders in file names', () => {
  const save = (prefix: string, links: Slot[] = []) => node(99, 'SaveImage', links, [prefix]);
  const prefixOf = (prefix: string, nodes: TestNode[], more: Record<string, unknown> = {}) =>
    convertedInputs({ nodes: [save(prefix), ...nodes], ...more }, '99')?.['filename_prefix'];
  const size = (id: number, width: number, more: Slot = {}) =>
    node(id, 'EmptyLatentImage', [], [width, 64, 1], more);

  // applyTextReplacements of ComfyUI's frontend, and the names that onNodeCreated gives to nodes
  it.each<[string, TestNode[], string]>([
    ['%EmptyLatentImage.width%', [size(1, 640)], '640'],
    ['%Empty Latent Image.width%', [size(1, 640)], '640'],
    ['%Size.width%', [size(1, 640, { title: 'Size' })], '640'],
    ['%EmptyLatentImage.width%', [size(1, 640), size(2, 32)], '640'],
    [
      '%A.width%',
      [
        size(1, 1, { title: 'A' }),
        size(2, 2, { properties: { 'Node name for S&R': 'A' } }),
        size(3, 3, { title: 'A' }),
      ],
      '2',
    ],
    ['%Empty Latent Image.width%', [size(1, 640, { title: 'Size' })], '%Empty Latent Image.width%'],
    ['%EmptyLatentImage.depth%', [size(1, 640)], '%EmptyLatentImage.depth%'],
    ['%SaveImage.filename_prefix%', [], '%SaveImage.filename_prefix%'],
    ['%KSampler.control_after_generate%', [sampler(1, [])], 'randomize'],
    ['%Primitive.value%', [node(1, 'PrimitiveNode', [], ['fox', 'fixed'])], 'fox'],
    ['%My seed.value%', [node(1, 'PrimitiveNode', [], [7, 'fixed'], { title: 'My seed' })], '7'],
    ['%PrimitiveNode.value%', [node(1, 'PrimitiveNode', [], [7])], '%PrimitiveNode.value%'],
    ['%Unknown.text%', [node(1, 'Unknown', [], ['a/b:c'])], 'a_b_c'],
    ['%Unknown.text%', [node(1, 'Unknown', [], { text: 'fox', n: 1 })], 'fox'],
    [
      '%Unknown.n%',
      [node(1, 'Unknown', [widget('text', 'STRING'), widget('n', 'INT')], ['fox', 5])],
      '5',
    ],
    ['%Unknown.text%', [node(1, 'Unknown', [], ['fox', 5])], '%Unknown.text%'],
  ])('%s', (prefix, nodes, expected) => {
    expect(prefixOf(prefix, nodes)).toBe(expected);
  });

  it('have the value of the primitive that a widget is linked to', () => {
    const nodes = [
      node(1, 'PrimitiveNode', [], [512, 'fixed']),
      node(2, 'EmptyLatentImage', [widget('width', 'INT', 1)], [640, 64, 1]),
    ];
    const links = [link(1, 1, 0, 2, 0)];
    expect(prefixOf('%EmptyLatentImage.width%', nodes, { links })).toBe('512');
  });

  it('are found in subgraphs, where they come before the nodes that follow', () => {
    const subgraphs = [{ id: 'u', name: 'Sizes', nodes: [size(5, 128)], links: [] }];
    const inner = node(1, 'u');
    expect(
      prefixOf('%EmptyLatentImage.width%', [inner, size(2, 640)], { definitions: { subgraphs } }),
    ).toBe('128');
    expect(
      prefixOf('%EmptyLatentImage.width%', [size(2, 640), inner], { definitions: { subgraphs } }),
    ).toBe('640');
  });
});

it('removes comments in linear time', () => {
  expect(chooseOptions('a/*b*/c//d\ne/*f', () => 0)).toBe('ac\ne/*f');
  const open = 'a/*'.repeat(200_000);
  expect(chooseOptions(open, () => 0)).toBe(open);
});
