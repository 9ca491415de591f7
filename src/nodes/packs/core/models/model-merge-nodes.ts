// Models and text encoders merged with others. Source: ComfyUI comfy_extras/nodes_model_merging.py, nodes_model_merging_model_specific.py.
import { DarkroomError } from '../../../../errors.ts';
import type { Clip } from '../../../../models/clip/clip.ts';
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
  type NodeResult,
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
): NodeResult {
  if (model1.family !== model2.family)
    throw new DarkroomError('DR_INPUT_INVALID', {
      message: `a model of the family ${model2.family} can't be merged into one of ${model1.family}`,
      hint: 'Merge models of one family.',
      input: 'model2',
    });
  const other = shapeMismatches(model1.unet, model2.unet);
  if (other.length > 0)
    warn(
      `${other.length} weights have another shape in model2 and are not merged: ${other.slice(0, 3).join(', ')}`,
    );
  return outputs({ ...model1, unet: blendUNets(model1.unet, model2.unet, share) });
}

const ModelMergeSimple = defineNode({
  type: 'ModelMergeSimple',
  display: 'ModelMergeSimple',
  category,
  description: 'ratio of model1, the rest of model2.',
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
  description: 'multiplier times the difference of model1 and model2.',
  inputs: { ...models, multiplier: multiplier() },
  outputs: [output('MODEL')],
  run: ({ multiplier, ...pair }, context) =>
    mergeModels(pair, evenShares(multiplier, -multiplier), context),
});

/** A ratio for each part of the network, named by how the names of its weights begin. */
const byParts = (type: string, parts: readonly string[], place = category): NodeDeclaration =>
  defineNode({
    type,
    display: type,
    category: place,
    inputs: { ...models, ...Object.fromEntries(parts.map((name) => [name, ratio()])) },
    outputs: [output('MODEL')],
    run: ({ model1, model2, ...ratios }, context) =>
      mergeModels(
        { model1, model2 },
        sharesByName(ratios as unknown as Readonly<Record<string, number>>),
        context,
      ),
  });

const numbered = (name: string, count: number, end = ''): string[] =>
  Array.from({ length: count }, (_, i) => `${name}.${i}${end}`);

/** `end`: what follows the number of a block. */
const unetParts = (blocks: number, end: string): string[] => [
  'time_embed.',
  'label_emb.',
  ...numbered('input_blocks', blocks, end),
  ...numbered('middle_block', 3, end),
  ...numbered('output_blocks', blocks, end),
  'out.',
];

const specific = `${category}/model_specific`;

const CLIPMergeSimple = defineNode({
  type: 'CLIPMergeSimple',
  display: 'CLIPMergeSimple',
  category,
  description: 'ratio of clip1, the rest of clip2.',
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
  run: ({ clip1, clip2 }: { clip1: Clip; clip2: Clip }) => outputs(blendClips(clip1, clip2, 1, 1)),
});

const CLIPMergeSubtract = defineNode({
  type: 'CLIPMergeSubtract',
  display: 'CLIPMergeSubtract',
  category,
  description: 'multiplier times the difference of clip1 and clip2.',
  inputs: { ...clips, multiplier: multiplier() },
  outputs: [output('CLIP')],
  run: ({ clip1, clip2, multiplier }) => outputs(blendClips(clip1, clip2, multiplier, -multiplier)),
});

export const MERGE_NODES: readonly NodeDeclaration[] = [
  ModelMergeSimple,
  byParts('ModelMergeBlocks', ['input', 'middle', 'out']),
  ModelMergeSubtract,
  ModelMergeAdd,
  byParts('ModelMergeSD1', unetParts(12, '.'), specific),
  byParts('ModelMergeSD2', unetParts(12, '.'), specific),
  byParts('ModelMergeSDXL', unetParts(9, ''), specific),
  CLIPMergeSimple,
  CLIPMergeSubtract,
  CLIPMergeAdd,
];
