// Parts of workflows in UI format for tests, and their conversion.
import { parseJson } from '../../../src/formats/parse-json.ts';
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
} from '../../../src/nodes/declare.ts';
import { NODES } from '../../../src/nodes/index.ts';
import type { Graph } from '../../../src/workflow/api-graph.ts';
import { type ConvertOptions, convertUi } from '../../../src/workflow/ui/ui-to-api.ts';

export type Slot = Record<string, unknown>;
export interface TestNode {
  id: number | string;
  type: string;
  inputs?: Slot[];
  outputs?: Slot[];
  widgets_values?: unknown;
  [key: string]: unknown;
}

/** A socket; `link` is the id of the link that ends there. */
export const input = (
  name: string,
  type: string,
  link: number | null = null,
  more: Slot = {},
): Slot => ({ name, type, link, ...more });

/** The socket of a widget. */
export const widget = (name: string, type: string, link: number | null = null): Slot =>
  input(name, type, link, { widget: { name } });

export const node = (
  id: number | string,
  type: string,
  inputs: Slot[] = [],
  widgets_values: unknown = undefined,
  more: Slot = {},
): TestNode => ({ id, type, inputs, widgets_values, ...more });

export const muted = { mode: 2 };
export const bypassed = { mode: 4 };

/** `[id, from, slot, to, input, type]` */
export const link = (
  id: number,
  from: number | string,
  slot: number,
  to: number | string,
  at: number,
  type = '*',
) => [id, from, slot, to, at, type];

/** Widget values of a KSampler. */
export const SAMPLER_VALUES = [7, 'randomize', 20, 8, 'euler', 'normal', 1];

/** A KSampler; `links` are the ids of the links at model, positive, negative and latent_image. */
export const sampler = (
  id: number,
  links: (number | null)[],
  values: unknown = SAMPLER_VALUES,
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

export const loader = (id: number | string, file = 'm.safetensors', more: Slot = {}) =>
  node(id, 'CheckpointLoaderSimple', [], [file], more);

/** The built-in nodes, and two with widgets of rarer kinds. */
export const UI_TEST_NODES = new Map([
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
      run: () => outputs(undefined),
    }),
  ].map((declaration) => [declaration.type, declaration] as const),
]);

export function convert(
  workflow: Slot,
  options: Partial<ConvertOptions> = {},
): { graph: Graph; notes: readonly string[] } {
  return convertUi(parseJson(JSON.stringify({ links: [], ...workflow })) as never, {
    nodes: UI_TEST_NODES,
    ...options,
  });
}

/** The inputs of one node after the conversion. */
export const convertedInputs = (workflow: Slot, id: string, options?: Partial<ConvertOptions>) =>
  convert(workflow, options).graph.get(id)?.inputs;
