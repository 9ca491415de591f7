// Lists and batches from single inputs. Source: Impact Pack util_nodes.py.
import { sliceBatch, type Tensor } from '../../../../tensor/tensor.ts';
import { defineNode, type NodeDeclaration, output, outputs, socket } from '../../../declare.ts';
import { joinImages, joinMasks } from '../segs/mask-nodes.ts';
import { optionalAnyInput } from './logic-nodes.ts';

const UTIL = 'ImpactPack/Util';

/** The connected inputs, in the order of the prompt as in the original. */
const connectedValues = <T>(inputs: Readonly<Record<string, T>>): T[] =>
  Object.values(inputs).filter((value) => value !== undefined);

const ImpactImageBatchToImageList = defineNode({
  type: 'ImpactImageBatchToImageList',
  display: 'Image Batch to Image List',
  category: UTIL,
  inputs: { image: socket('IMAGE') },
  outputs: [output('IMAGE', 'IMAGE', true)],
  run: ({ image }) =>
    outputs(Array.from({ length: image.shape[0] }, (_, i) => sliceBatch(image, i, i + 1))),
});

const ImpactMakeAnyList = defineNode({
  type: 'ImpactMakeAnyList',
  display: 'Make List (Any)',
  category: UTIL,
  inputs: { value1: optionalAnyInput() },
  dynamicInputs: { pattern: /^value\d+$/, input: socket('*') },
  outputs: [output('*', '*', true)],
  run: (inputs) => outputs(connectedValues(inputs)),
});

const ImpactMakeImageList = defineNode({
  type: 'ImpactMakeImageList',
  display: 'Make Image List',
  category: UTIL,
  inputs: { image1: socket('IMAGE') },
  dynamicInputs: { pattern: /^image\d+$/, input: socket('IMAGE') },
  outputs: [output('IMAGE', 'IMAGE', true)],
  run: (inputs) => outputs(connectedValues(inputs)),
});

const ImpactMakeMaskList = defineNode({
  type: 'ImpactMakeMaskList',
  display: 'Make Mask List',
  category: UTIL,
  inputs: { mask1: socket('MASK') },
  dynamicInputs: { pattern: /^mask\d+$/, input: socket('MASK') },
  outputs: [output('MASK', 'MASK', true)],
  run: (inputs) => outputs(connectedValues(inputs)),
});

const ImpactMakeImageBatch = defineNode({
  type: 'ImpactMakeImageBatch',
  display: 'Make Image Batch',
  category: UTIL,
  description:
    'Joins images; those of another size than the first are cropped to its aspect ratio ' +
    'around the centre and resized.',
  inputs: { image1: socket('IMAGE') },
  dynamicInputs: { pattern: /^image\d+$/, input: socket('IMAGE') },
  outputs: [output('IMAGE')],
  run: ({ image1, ...rest }) =>
    outputs(joinImages([image1, ...(connectedValues(rest) as Tensor[])])),
});

const ImpactMakeMaskBatch = defineNode({
  type: 'ImpactMakeMaskBatch',
  display: 'Make Mask Batch',
  category: UTIL,
  description: 'Joins masks; those of another size than the first are resized.',
  inputs: { mask1: socket('MASK') },
  dynamicInputs: { pattern: /^mask\d+$/, input: socket('MASK') },
  outputs: [output('MASK')],
  run: ({ mask1, ...rest }) => outputs(joinMasks([mask1, ...(connectedValues(rest) as Tensor[])])),
});

export const LIST_NODES: readonly NodeDeclaration[] = [
  ImpactImageBatchToImageList,
  ImpactMakeAnyList,
  ImpactMakeImageList,
  ImpactMakeMaskList,
  ImpactMakeImageBatch,
  ImpactMakeMaskBatch,
];
