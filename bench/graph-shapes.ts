// Graphs of cheap nodes in several shapes and of any size, for graphs.ts.

interface PromptNode {
  readonly class_type: string;
  readonly inputs: Record<string, unknown>;
}

export type Prompt = Readonly<Record<string, PromptNode>>;

const node = (class_type: string, inputs: Record<string, unknown>): PromptNode => ({
  class_type,
  inputs,
});
const text = (value: string): PromptNode => node('PrimitiveString', { value });
const trim = (from: number): PromptNode =>
  node('StringTrim', { string: [String(from), 0], mode: 'Both' });
const preview = (from: number): PromptNode => node('PreviewAny', { source: [String(from), 0] });

/** Numbers the nodes from 1. */
const numbered = (nodes: readonly PromptNode[]): Prompt =>
  Object.fromEntries(nodes.map((item, i) => [String(i + 1), item]));

const range = (length: number): number[] => Array.from({ length }, (_, i) => i);

/** The graphs by shape; `size` is the number of nodes, about. */
export const GRAPHS: Readonly<Record<string, (size: number) => Prompt>> = {
  /** Each node feeds the next one. */
  chain: (size) =>
    numbered([text('a'), ...range(size - 2).map((i) => trim(i + 1)), preview(size - 1)]),
  /** Half of the nodes are outputs, each with a source of its own. */
  wide: (size) => numbered(range(size / 2).flatMap((i) => [text(String(i)), preview(2 * i + 1)])),
  /** One source and many outputs. */
  fan: (size) => numbered([text('a'), ...range(size - 1).map(() => preview(1))]),
  /** Layers of two nodes, each of which uses both nodes of the layer before. */
  diamond: (size) => {
    const layers = Math.floor((size - 3) / 2);
    const both = (i: number): PromptNode[] => {
      const [a, b] = [2 * i + 1, 2 * i + 2].map((id) => [String(id), 0]);
      return [
        node('StringReplace', { string: a, find: 'zz', replace: b }),
        node('StringReplace', { string: b, find: 'zz', replace: a }),
      ];
    };
    return numbered([
      text('a'),
      text('b'),
      ...range(layers).flatMap(both),
      preview(2 * layers + 1),
    ]);
  },
  /** A list of a hundred items at most, which passes all other nodes. */
  list: (size) => {
    const items = Math.min(100, Math.floor(size / 2));
    const rest = size - items - 2;
    const links = range(items).map((i) => [`value${i + 1}`, [String(i + 1), 0]]);
    return numbered([
      ...range(items).map((i) => text(String(i))),
      node('ImpactMakeAnyList', Object.fromEntries(links)),
      ...range(rest).map((i) => trim(items + 1 + i)),
      preview(items + 1 + rest),
    ]);
  },
  /** Half of the nodes name a file that does not exist. */
  missing: (size) =>
    numbered(
      range(size / 2).flatMap((i) => [
        node('CheckpointLoaderSimple', { ckpt_name: `model-number-${i}.safetensors` }),
        preview(2 * i + 1),
      ]),
    ),
};

/** The graph in the editor's own format. */
export function uiWorkflowOf(prompt: Prompt): unknown {
  const links: unknown[] = [];
  const nodes = Object.entries(prompt).map(([id, { class_type, inputs }], order) => {
    const entries = Object.entries(inputs);
    return {
      id: Number(id),
      type: class_type,
      order,
      mode: 0,
      inputs: entries.flatMap(([name, value], i) => {
        if (!Array.isArray(value)) return [];
        links.push([links.length + 1, Number(value[0]), value[1], Number(id), i, '*']);
        return [{ name, type: '*', link: links.length }];
      }),
      outputs: [{ name: 'out', type: '*', links: [] }],
      widgets_values: entries.flatMap(([, value]) => (Array.isArray(value) ? [] : [value])),
    };
  });
  return { version: 0.4, nodes, links };
}
