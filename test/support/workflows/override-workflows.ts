// Workflows for the tests of overrides, and what overrides change in them.
import { readFileSync } from 'node:fs';
import type { Json, JsonObject } from '../../../src/formats/json.ts';
import { parseJson } from '../../../src/formats/parse-json.ts';
import { NODES } from '../../../src/nodes/index.ts';
import type { Graph } from '../../../src/workflow/api-graph.ts';
import { applyOverrides, type Overrides } from '../../../src/workflow/overrides/overrides.ts';
import { readWorkflow } from '../../../src/workflow/read/read.ts';

/** A workflow of test/golden/workflows. */
export const goldenWorkflow = (name: string): Graph =>
  readWorkflow(
    parseJson(
      readFileSync(new URL(`../../golden/workflows/${name}.api.json`, import.meta.url), 'utf8'),
    ),
  ).graph;

export const graphOf = (nodes: object): Graph => readWorkflow(nodes as Json).graph;

export const node = (class_type: string, inputs: Record<string, unknown>) => ({
  class_type,
  inputs,
});

/** The inputs that the overrides change, as `type.input` or `id.input`, with their new values. */
export function changedInputs(
  graph: Graph,
  set: Overrides,
  by: 'type' | 'id' = 'type',
): Record<string, Json> {
  const after = applyOverrides(graph, set, NODES);
  const changed: [string, Json][] = [];
  for (const [id, { classType, inputs }] of after)
    for (const [name, value] of Object.entries(inputs as JsonObject))
      if (value !== graph.get(id)!.inputs[name])
        changed.push([`${by === 'id' ? id : classType}.${name}`, value]);
  return Object.fromEntries(changed);
}

/** A KSampler behind the nodes of `textToImage`. */
export const sampler = (inputs: Record<string, unknown> = {}) =>
  node('KSampler', {
    model: ['1', 0],
    seed: 5,
    steps: 20,
    cfg: 8,
    sampler_name: 'euler',
    scheduler: 'normal',
    positive: ['2', 0],
    negative: ['3', 0],
    latent_image: ['4', 0],
    denoise: 1,
    ...inputs,
  });

/** Text to image with one KSampler (node 5); `more` replaces or adds nodes. */
export const textToImage = (more: object = {}): Graph =>
  graphOf({
    1: node('CheckpointLoaderSimple', { ckpt_name: 'x' }),
    2: node('CLIPTextEncode', { text: 'a cat', clip: ['1', 1] }),
    3: node('CLIPTextEncode', { text: 'blurry', clip: ['1', 1] }),
    4: node('EmptyLatentImage', { width: 512, height: 512, batch_size: 1 }),
    5: sampler(),
    6: node('VAEDecode', { samples: ['5', 0], vae: ['1', 2] }),
    7: node('SaveImage', { images: ['6', 0], filename_prefix: 'x' }),
    ...more,
  });
