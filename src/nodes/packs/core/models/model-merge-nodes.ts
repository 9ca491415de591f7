// Nodes that merge models and text encoders. Source: ComfyUI comfy_extras/nodes_model_merging.py,
// nodes_model_merging_model_specific.py.
import { DarkroomError } from '../../../../errors.ts';
import { DENOISERS } from '../../../../models/checkpoint/denoisers.ts';
import {
  blendClips,
  blendUNets,
  evenShares,
  type Shares,
  shapeMismatches,
  sharesByName,
} from '../../../../models/weights/blend.ts';
import type { Model } from '../../../../sampling/sampling-types.ts';
import type { NodeContext } from '../../../context.ts';
import {
  defineNode,
  float,
  type NodeDeclaration,
  output,
  outputs,
  socket,
} from '../../../declare.ts';

const category = 'advanced/model_merging';
const ratio = () => float({ default: 1, min: 0, max: 1, step: 0.01 });
const multiplier = () => float({ default: 1, min: -10, max: 10, step: 0.01 });
const models = { model1: socket('MODEL'), model2: socket('MODEL') } as const;
const clips = { clip1: socket('CLIP'), clip2: socket('CLIP') } as const;

function mergeModels(
  { model1, model2 }: { readonly model1: Model; readonly model2: Model },
  share: Shares,
  { warn }: NodeContext,
) {
  // FLUX.1 dev and schnell are one network, but for the guidance
  if (DENOISERS[model1.family].clip !== DENOISERS[model2.family].clip)
    throw new DarkroomError('DR_INPUT_INVALID', {
      message: `a ${model2.family} model cannot be merged into a ${model1.family} model`,
      hint: 'Merge models of the same family.',
      input: 'model2',
    });
  const mismatches = shapeMismatches(model1.denoiser, model2.denoiser);
  if (mismatches.length > 0)
    warn(
      `${mismatches.length} weights have another shape in model2 and are not merged: ` +
        mismatches.slice(0, 3).join(', '),
    );
  return outputs({ ...model1, denoiser: blendUNets(model1.denoiser, model2.denoiser, share) });
}

const ModelMergeSimple = defineNode({
  type: 'ModelMergeSimple',
  display: 'ModelMergeSimple',
  category,
  description: 'A share of model1 (ratio), the rest from model2.',
  inputs: { ...models, ratio: ratio() },
  outputs: [output('MODEL')],
  run: ({ ratio, ...pair }, context) => mergeModels(pair, evenShares(ratio, 1 - ratio), context),
});

const ModelMergeAdd = defineNode({
  type: 'ModelMergeAdd',
  display: 'ModelMergeAdd',
  category,
  inputs: models,
  outputs: [output('MODEL')],
  run: (pair, context) => mergeModels(pair, evenShares(1, 1), context),
});

const ModelMergeSubtract = defineNode({
  type: 'ModelMergeSubtract',
  display: 'ModelMergeSubtract',
  category,
  description: 'The difference of model1 and model2, multiplied by a factor.',
  inputs: { ...models, multiplier: multiplier() },
  outputs: [output('MODEL')],
  run: ({ multiplier, ...pair }, context) =>
    mergeModels(pair, evenShares(multiplier, -multiplier), context),
});

/** A node with a ratio for each part of the network; a part is a prefix of weight names. */
const mergeByParts = (
  type: string,
  parts: readonly string[],
  nodeCategory = category,
): NodeDeclaration =>
  defineNode({
    type,
    display: type,
    category: nodeCategory,
    inputs: { ...models, ...Object.fromEntries(parts.map((name) => [name, ratio()])) },
    outputs: [output('MODEL')],
    run: ({ model1, model2, ...ratios }, context) =>
      mergeModels(
        { model1, model2 },
        sharesByName(ratios as unknown as Readonly<Record<string, number>>),
        context,
      ),
  });

const numbered = (name: string, count: number, suffix: string): string[] =>
  Array.from({ length: count }, (_, i) => `${name}.${i}${suffix}`);

/** `suffix` follows the number of a block. */
const unetParts = (blocks: number, suffix: string): string[] => [
  'time_embed.',
  'label_emb.',
  ...numbered('input_blocks', blocks, suffix),
  ...numbered('middle_block', 3, suffix),
  ...numbered('output_blocks', blocks, suffix),
  'out.',
];

const specific = `${category}/model_specific`;

const sd3Parts = (blocks: number): string[] => [
  'pos_embed.',
  'x_embedder.',
  'context_embedder.',
  'y_embedder.',
  't_embedder.',
  ...numbered('joint_blocks', blocks, '.'),
  'final_layer.',
];

/** As in the original, `guidance_in` has no dot. */
const FLUX1_PARTS = [
  'img_in.',
  'time_in.',
  'guidance_in',
  'vector_in.',
  'txt_in.',
  ...numbered('double_blocks', 19, '.'),
  ...numbered('single_blocks', 38, '.'),
  'final_layer.',
];

const CLIPMergeSimple = defineNode({
  type: 'CLIPMergeSimple',
  display: 'CLIPMergeSimple',
  category,
  description: 'A share of clip1 (ratio), the rest from clip2.',
  inputs: { ...clips, ratio: ratio() },
  outputs: [output('CLIP')],
  run: ({ clip1, clip2, ratio }) => outputs(blendClips(clip1, clip2, ratio, 1 - ratio)),
});

const CLIPMergeAdd = defineNode({
  type: 'CLIPMergeAdd',
  display: 'CLIPMergeAdd',
  category,
  inputs: clips,
  outputs: [output('CLIP')],
  run: ({ clip1, clip2 }) => outputs(blendClips(clip1, clip2, 1, 1)),
});

const CLIPMergeSubtract = defineNode({
  type: 'CLIPMergeSubtract',
  display: 'CLIPMergeSubtract',
  category,
  description: 'The difference of clip1 and clip2, multiplied by a factor.',
  inputs: { ...clips, multiplier: multiplier() },
  outputs: [output('CLIP')],
  run: ({ clip1, clip2, multiplier }) => outputs(blendClips(clip1, clip2, multiplier, -multiplier)),
});

export const MERGE_NODES: readonly NodeDeclaration[] = [
  ModelMergeSimple,
  mergeByParts('ModelMergeBlocks', ['input', 'middle', 'out']),
  ModelMergeSubtract,
  ModelMergeAdd,
  mergeByParts('ModelMergeSD1', unetParts(12, '.'), specific),
  mergeByParts('ModelMergeSD2', unetParts(12, '.'), specific),
  mergeByParts('ModelMergeSDXL', unetParts(9, ''), specific),
  mergeByParts('ModelMergeSD3_2B', sd3Parts(24), specific),
  mergeByParts('ModelMergeSD35_Large', sd3Parts(38), specific),
  mergeByParts('ModelMergeFlux1', FLUX1_PARTS, specific),
  CLIPMergeSimple,
  CLIPMergeSubtract,
  CLIPMergeAdd,
];
