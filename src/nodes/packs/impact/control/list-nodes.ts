// Lists and batches from single inputs, and items of lists. Source: Impact Pack util_nodes.py.
import { DarkroomError } from '../../../../errors.ts';
import { batchItems, type Tensor } from '../../../../tensor/tensor.ts';
import {
  defineListNode,
  defineNode,
  int,
  type NodeDeclaration,
  output,
  outputs,
  socket,
} from '../../../declare.ts';
import { joinImages, joinMasks } from '../segs/mask-nodes.ts';
import { MAXSIZE, optionalAnyInput } from './logic-nodes.ts';

const UTIL = 'ImpactPack/Util';

/** The connected inputs, in the order of the prompt as in the original. */
const connectedValues = <T>(inputs: Readonly<Record<string, T | undefined>>): T[] =>
  Object.values(inputs).filter((value) => value !== undefined);

/** connectedValues; throws DR_INPUT_INVALID where there are none. */
function someConnected<T>(inputs: Readonly<Record<string, T | undefined>>, first: string): T[] {
  const values = connectedValues(inputs);
  if (values.length > 0) return values;
  throw new DarkroomError('DR_INPUT_INVALID', {
    message: 'nothing is connected',
    hint: `Connect '${first}'.`,
    input: first,
  });
}

const ImpactImageBatchToImageList = defineNode({
  type: 'ImpactImageBatchToImageList',
  display: 'Image Batch to Image List',
  category: UTIL,
  inputs: { image: socket('IMAGE') },
  outputs: [output('IMAGE', 'IMAGE', true)],
  run: ({ image }) => outputs(batchItems(image)),
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
  inputs: { image1: socket('IMAGE', { optional: true }) },
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
  inputs: { image1: socket('IMAGE', { optional: true }) },
  dynamicInputs: { pattern: /^image\d+$/, input: socket('IMAGE') },
  outputs: [output('IMAGE')],
  run: (inputs) => outputs(joinImages(someConnected<Tensor>(inputs, 'image1'))),
});

const ImpactMakeMaskBatch = defineNode({
  type: 'ImpactMakeMaskBatch',
  display: 'Make Mask Batch',
  category: UTIL,
  description: 'Joins masks; those of another size than the first are resized.',
  inputs: { mask1: socket('MASK', { optional: true }) },
  dynamicInputs: { pattern: /^mask\d+$/, input: socket('MASK') },
  outputs: [output('MASK')],
  run: (inputs) => outputs(joinMasks(someConnected<Tensor>(inputs, 'mask1'))),
});

const ImpactSelectNthItemOfAnyList = defineListNode({
  type: 'ImpactSelectNthItemOfAnyList',
  display: 'Select Nth Item (Any list)',
  category: UTIL,
  description: 'One item of a list; the last one if the index is too large.',
  inputs: {
    any_list: socket('*'),
    index: int({
      default: 0,
      min: 0,
      max: MAXSIZE,
      step: 1,
      tooltip: 'Number of the item, counted from 0.',
    }),
  },
  outputs: [output('*')],
  run: ({ any_list, index: [index] }) => {
    const items = someConnected<unknown>({ ...any_list }, 'any_list');
    return outputs(items[Math.min(Number(index), items.length - 1)]);
  },
});

const ImpactListBridge = defineListNode({
  type: 'ImpactListBridge',
  display: 'List Bridge',
  category: UTIL,
  description: 'Passes on a list when all of its items are there.',
  inputs: { list_input: socket('*') },
  outputs: [output('*', 'list_output', true)],
  run: ({ list_input }) => outputs(list_input),
});

export const LIST_NODES: readonly NodeDeclaration[] = [
  ImpactImageBatchToImageList,
  ImpactMakeAnyList,
  ImpactMakeImageList,
  ImpactMakeMaskList,
  ImpactMakeImageBatch,
  ImpactMakeMaskBatch,
  ImpactSelectNthItemOfAnyList,
  ImpactListBridge,
];
