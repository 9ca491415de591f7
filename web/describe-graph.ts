// What a job is, for captions: its prompt and its seed, found in its graph.
import { displayText, isJsonNumber, type JsonValue } from './exact-json.ts';
import type { Graph } from './form-values.ts';

export interface GraphDescription {
  /** The text that leads to a sampler's `positive`, else the longest text. */
  readonly prompt: string;
  readonly seed?: string;
}

/** Inputs with the text of a prompt, in nodes of any pack. */
const TEXT_INPUTS = [
  ...['text', 'text_g', 'text_l', 't5xxl', 'clip_l', 'prompt', 'positive', 'populated_text'],
  ...['wildcard_text', 'positive_prompt', 'string', 'value'],
];
const SEED_INPUTS = ['seed', 'noise_seed'];

type Node = Graph[string];

export function describeGraph(graph: Graph): GraphDescription {
  const nodes = Object.values(graph);
  const samplers = nodes.filter(({ inputs }) => linkedNode(graph, inputs?.['positive']));
  const prompt = samplers.map((node) => promptOf(graph, node)).find(Boolean) ?? longestText(nodes);
  const seed = [...samplers, ...nodes].map((node) => seedOf(graph, node)).find(Boolean);
  return { prompt: prompt || 'Workflow', seed };
}

const linkedNode = (graph: Graph, value: JsonValue | undefined): Node | undefined =>
  Array.isArray(value) && typeof value[0] === 'string' && Object.hasOwn(graph, value[0])
    ? graph[value[0]]
    : undefined;

/** The nearest text upstream of a sampler's `positive`. */
function promptOf(graph: Graph, sampler: Node): string | undefined {
  let level = [linkedNode(graph, sampler.inputs['positive'])];
  const seen = new Set<Node>();
  while (level.length > 0) {
    const nodes = level.filter((node) => node !== undefined && !seen.has(node)) as Node[];
    for (const node of nodes) seen.add(node);
    const found = nodes.map(textOf).find(Boolean);
    if (found) return found;
    level = nodes.flatMap(({ inputs }) =>
      Object.entries(inputs ?? {})
        .filter(([name]) => name !== 'negative' && name !== 'clip' && name !== 'model')
        .map(([, value]) => linkedNode(graph, value)),
    );
  }
  return undefined;
}

const isText = (value: JsonValue | undefined): value is string =>
  typeof value === 'string' && !isJsonNumber(value);

const textOf = ({ inputs }: Node): string | undefined =>
  TEXT_INPUTS.map((name) => inputs?.[name]).find(
    (value): value is string => isText(value) && value.trim() !== '',
  );

const longestText = (nodes: readonly Node[]): string =>
  nodes
    .flatMap(({ inputs }) => Object.values(inputs ?? {}))
    .filter((value) => isText(value) && value.includes(' '))
    .map(displayText)
    .reduce((longest, text) => (text.length > longest.length ? text : longest), '');

/** The seed of a node: its own, or that of the node that its input is linked to. */
function seedOf(graph: Graph, { inputs }: Node): string | undefined {
  for (const name of SEED_INPUTS) {
    const value = inputs?.[name];
    if (isJsonNumber(value)) return displayText(value);
    const source = linkedNode(graph, value)?.inputs ?? {};
    const linked = [...SEED_INPUTS, 'value'].map((other) => source[other]).find(isJsonNumber);
    if (linked !== undefined) return displayText(linked);
  }
  return undefined;
}
