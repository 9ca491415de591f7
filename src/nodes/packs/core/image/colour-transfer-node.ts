// A node that transfers the colours of images to others.
// Source: ComfyUI 0.33.0 comfy_extras/nodes_post_processing.py (ColorTransfer).
import { DarkroomError } from '../../../../errors.ts';
import type { TransferMethod } from '../../../../image/colour/colour-transfer.ts';
import type { Tensor } from '../../../../tensor/tensor.ts';
import {
  combo,
  defineNode,
  dynamicCombo,
  float,
  int,
  type NodeDeclaration,
  output,
  outputs,
  socket,
} from '../../../declare.ts';

const METHODS = [
  'reinhard_lab',
  'mkl_lab',
  'histogram',
] as const satisfies readonly TransferMethod[];
const SOURCE_STATS = {
  per_frame: {},
  uniform: {},
  target_frame: {
    target_index: int({
      default: 0,
      min: 0,
      max: 10_000,
      tooltip: 'The frame whose colours are compared with the reference.',
    }),
  },
} as const;

const ColorTransfer = defineNode({
  type: 'ColorTransfer',
  display: 'Transfer Color',
  category: 'image/filters',
  description: 'Gives images the colours of other images, by several methods.',
  inputs: {
    image_target: socket('IMAGE', { tooltip: 'The images that are changed.' }),
    image_ref: socket('IMAGE', { tooltip: 'The images with the colours.' }),
    method: combo(METHODS),
    source_stats: dynamicCombo(SOURCE_STATS, {
      tooltip:
        'Each frame is compared with the reference by itself (per_frame), all together (uniform), ' +
        'or one for all (target_frame), which keeps the differences between frames.',
    }),
    strength: float({ default: 1, min: 0, max: 10, step: 0.01 }),
  },
  outputs: [output('IMAGE', 'image')],
  async run({ image_target, image_ref, method, source_stats: stats, strength }, context) {
    if (strength === 0) return outputs(image_target);
    checkChannels(image_target, image_ref, method);
    const frames = image_target.shape[0];
    // its library takes a twelfth of the time in which all nodes are imported
    const { transferColours } = await import('../../../../image/colour/colour-transfer.ts');
    const onFrame = (frame: number): void => context.progress(frame + 1, frames);
    return outputs(transferColours(image_target, image_ref, { method, stats, strength, onFrame }));
  },
});

function checkChannels(target: Tensor, reference: Tensor, method: TransferMethod): void {
  const [channels, others] = [target.shape[3], reference.shape[3]];
  if (channels === others && (channels === 3 || method === 'histogram')) return;
  throw new DarkroomError('DR_SHAPE_MISMATCH', {
    message: `image_target has ${channels} channels and image_ref ${others}; both need 3`,
    hint: 'Remove the transparency with SplitImageWithAlpha.',
    input: channels === 3 ? 'image_ref' : 'image_target',
  });
}

export const COLOUR_TRANSFER_NODES: readonly NodeDeclaration[] = [ColorTransfer];
