// Examples as files of the editor: read again, they are the same workflows; their nodes do not
// overlap, and links lead to the right.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../formats/json.ts';
import { NODES } from '../../nodes/index.ts';
import type { Graph } from '../api-graph.ts';
import { readWorkflowFile } from '../read/read.ts';
import { apiToUi } from './api-to-ui.ts';
import { convertUi } from './ui-to-api.ts';

interface Node {
  readonly id: number;
  readonly type: string;
  readonly title?: string;
  readonly pos: readonly [number, number];
  readonly size: readonly [number, number];
  readonly inputs: readonly { readonly name: string; readonly link: number | null }[];
  readonly widgets_values: readonly unknown[];
}
interface Ui {
  readonly nodes: readonly Node[];
  readonly links: readonly (readonly [number, number, number, number, number, string])[];
}

const FOLDER = 'examples';
const EXAMPLES = readdirSync(FOLDER).filter((name) => name.endsWith('.json'));
const graphOf = (name: string): Graph =>
  readWorkflowFile(join(FOLDER, name), { nodes: NODES, modelFiles: () => [] }).graph;
const uiOf = (name: string): Ui => apiToUi(graphOf(name), NODES) as unknown as Ui;

describe.each(EXAMPLES)('%s', (name) => {
  it('is the same workflow when it is read again', () => {
    const graph = graphOf(name);
    const again = convertUi(apiToUi(graph, NODES), { nodes: NODES });
    expect(again.notes).toEqual([]);
    expect([...again.graph.keys()]).toEqual([...graph.keys()]);
    for (const [id, { classType, inputs, title }] of graph)
      expect(again.graph.get(id)).toMatchObject({ classType, inputs, title });
  });

  it('has nodes beside and below each other, and links to the right', () => {
    const { nodes, links } = uiOf(name);
    const byId = new Map(nodes.map((node) => [node.id, node]));
    for (const [, from, , to] of links) {
      const [source, target] = [byId.get(from)!, byId.get(to)!];
      expect(target.pos[0]).toBeGreaterThan(source.pos[0] + source.size[0]);
    }
    const TITLE = 30;
    for (const [i, a] of nodes.entries())
      for (const b of nodes.slice(i + 1)) {
        const isApart = (axis: 0 | 1, gap: number): boolean =>
          a.pos[axis] + a.size[axis] + gap <= b.pos[axis] ||
          b.pos[axis] + b.size[axis] + gap <= a.pos[axis];
        expect(isApart(0, 0) || isApart(1, TITLE), `${a.type}, ${b.type}`).toBe(true);
      }
  });
});

it('writes nodes and links as the editor does', () => {
  const { nodes, links } = uiOf('text-to-image.json');
  const sampler = nodes.find(({ type }) => type === 'KSampler')!;
  // the order of the editor's widgets, with the control of the seed
  expect(
    JSON.stringify(sampler.widgets_values, (_, v) => (v?.float !== undefined ? v.float : v)),
  ).toBe('[7,"randomize",20,4.5,"dpmpp_2m","karras",1]');
  expect(sampler.inputs.map((input) => input.name)).toEqual([
    'model',
    'positive',
    'negative',
    'latent_image',
  ]);
  expect(links).toContainEqual([sampler.inputs[0].link, 1, 0, 5, 0, 'MODEL']);
  expect(nodes.map(({ title }) => title)).toContain('Negative Prompt');
  expect(nodes.find(({ type }) => type === 'LoadImage')).toBeUndefined();
});

it('gives ids that are no numbers a number, and links widgets by name', () => {
  const node = (classType: string, inputs: JsonObject) => ({ classType, inputs, source: {} });
  const graph: Graph = new Map([
    ['size', node('PrimitiveInt', { value: 64 })],
    ['2', node('EmptyLatentImage', { width: ['size', 0], height: 32, batch_size: 1 })],
  ]);
  const { nodes, links } = apiToUi(graph, NODES) as unknown as Ui;
  expect(nodes.map(({ id }) => id)).toEqual([1e9, 2]);
  expect(links).toEqual([[1, 1e9, 0, 2, 0, 'INT']]);
  expect(nodes[1].inputs).toEqual([
    { name: 'width', type: 'INT', link: 1, widget: { name: 'width' } },
  ]);
  const again = convertUi(apiToUi(graph, NODES), { nodes: NODES });
  expect(again.graph.get('2')?.inputs).toEqual({
    width: ['1000000000', 0],
    height: 32,
    batch_size: 1,
  });
});
