// Operations on masks, and on lists of masks and images. Source: Impact Pack impact_pack.py,
// segs_nodes.py, util_nodes.py.

import { DarkroomError } from '../../../../errors.ts';
import { gaussianBlurMask } from '../../../../image/blur/torchvision-mask-blur.ts';
import { toNCHW } from '../../../../image/channel-order.ts';
import {
  addMasks,
  bitwiseAndMasks,
  flattenMask,
  subtractMasks,
  toBinaryMask,
} from '../../../../image/mask/impact-mask-arithmetic.ts';
import { dilateMask } from '../../../../image/mask/impact-mask-morphology.ts';
import { toNHW } from '../../../../image/mask/mask-shape.ts';
import { cropToAspect, upscaleImage } from '../../../../image/resize/common-upscale.ts';
import { pilResizeImages } from '../../../../image/resize/pil-resize.ts';
import { allocate } from '../../../../tensor/allocate.ts';
import { batchItems, concatBatch, reshape, type Tensor, zeros } from '../../../../tensor/tensor.ts';
import {
  defineListNode,
  defineNode,
  float,
  int,
  output,
  outputs,
  socket,
} from '../../../declare.ts';

const OPERATION = 'ImpactPack/Operation';
const UTIL = 'ImpactPack/Util';

export const dilationInput = (defaultValue = 10) =>
  int({ default: defaultValue, min: -512, max: 512, step: 1 });
export const kernelInputs = {
  kernel_size: int({ default: 10, min: 0, max: 100, step: 1 }),
  sigma: float({ default: 10, min: 0.1, max: 100, step: 0.1 }),
};

const twoMaskNode = (
  type: string,
  display: string,
  apply: (mask1: Tensor, mask2: Tensor) => Tensor,
) =>
  defineNode({
    type,
    display,
    category: OPERATION,
    inputs: { mask1: socket('MASK'), mask2: socket('MASK') },
    outputs: [output('MASK')],
    run: ({ mask1, mask2 }) => outputs(apply(mask1, mask2)),
  });

const ToBinaryMask = defineNode({
  type: 'ToBinaryMask',
  display: 'ToBinaryMask',
  category: OPERATION,
  description: '1 where the mask is above the threshold (0 to 255), 0 elsewhere.',
  inputs: { mask: socket('MASK'), threshold: int({ default: 20, min: 1, max: 255 }) },
  outputs: [output('MASK')],
  run: ({ mask, threshold }) => outputs(toBinaryMask(mask, threshold / 255)),
});

const ImpactFlattenMask = defineNode({
  type: 'ImpactFlattenMask',
  display: 'Flatten Mask Batch',
  category: OPERATION,
  description:
    'Combines the masks of a batch. As in the original, the result has values from 0 to 255.',
  inputs: { masks: socket('MASK') },
  outputs: [output('MASK')],
  run: ({ masks }) => outputs(toNHW(flattenMask(masks))),
});

const ImpactDilateMask = defineNode({
  type: 'ImpactDilateMask',
  display: 'Dilate Mask',
  category: UTIL,
  description: 'Grows a mask by a square of this many pixels; below 0 the mask shrinks.',
  inputs: { mask: socket('MASK'), dilation: dilationInput() },
  outputs: [output('MASK')],
  run: ({ mask, dilation }) => outputs(toNHW(dilateMask(mask, dilation))),
});

const ImpactGaussianBlurMask = defineNode({
  type: 'ImpactGaussianBlurMask',
  display: 'Gaussian Blur Mask',
  category: UTIL,
  inputs: { mask: socket('MASK'), ...kernelInputs },
  outputs: [output('MASK')],
  run: ({ mask, kernel_size, sigma }) => outputs(gaussianBlurMask(toNHW(mask), kernel_size, sigma)),
});

const MasksToMaskList = defineNode({
  type: 'MasksToMaskList',
  display: 'Mask Batch to Mask List',
  category: OPERATION,
  inputs: { masks: socket('MASK', { optional: true }) },
  outputs: [output('MASK', 'MASK', true)],
  run({ masks }) {
    return outputs(batchItems(masks ? toNHW(masks) : zeros([1, 64, 64])));
  },
});

/**
 * Resizes masks [N,H,W] through 8 bits. As in the original, they are cropped around the centre with
 * height and width swapped.
 */
function resizeMaskSwapped(mask: Tensor, width: number, height: number): Tensor {
  const [n, h, w] = mask.shape;
  const toPlanes = (x: Tensor, rows: number, columns: number): Tensor =>
    toNCHW(reshape(x, [x.shape[0], rows, columns, 1]));
  const transposed = (x: Tensor, rows: number, columns: number): Tensor => {
    const data = allocate(x.data.length);
    for (let i = 0; i < n; i++)
      for (let y = 0; y < rows; y++)
        for (let column = 0; column < columns; column++)
          data[i * rows * columns + column * rows + y] =
            x.data[i * rows * columns + y * columns + column];
    return { shape: [n, columns, rows], data };
  };
  const cropped = cropToAspect(toPlanes(transposed(mask, h, w), w, h), { width, height });
  const [, , rows, columns] = cropped.shape;
  const restored = transposed({ shape: [n, rows, columns], data: cropped.data }, rows, columns);
  const resized = pilResizeImages(
    reshape(restored, [n, columns, rows, 1]),
    { width, height },
    'lanczos',
  );
  return reshape(resized, [n, height, width]);
}

/** Joins masks to one batch; those of another size than the first are resized. */
export function joinMasks(masks: readonly Tensor[]): Tensor {
  const [first, ...rest] = masks.map(toNHW);
  const [, height, width] = first.shape;
  const fitted = rest.map((mask) =>
    mask.shape[1] === height && mask.shape[2] === width
      ? mask
      : resizeMaskSwapped(mask, width, height),
  );
  return concatBatch([first, ...fitted]);
}

const MaskListToMaskBatch = defineListNode({
  type: 'MaskListToMaskBatch',
  display: 'Mask List to Mask Batch',
  category: OPERATION,
  description: 'Joins masks to a batch; those of another size than the first are resized.',
  inputs: { mask: socket('MASK') },
  outputs: [output('MASK')],
  run({ mask }) {
    return outputs(mask.length === 0 ? zeros([1, 64, 64]) : joinMasks(mask));
  },
});

/**
 * Joins images to one batch; those of another size than the first are cropped to its aspect ratio
 * around the centre and resized. Throws DR_SHAPE_MISMATCH for different numbers of channels.
 */
export function joinImages([first, ...rest]: readonly Tensor[]): Tensor {
  const [, height, width, channels] = first.shape;
  const other = rest.find(({ shape }) => shape[3] !== channels);
  if (other)
    throw new DarkroomError('DR_SHAPE_MISMATCH', {
      message:
        `images with ${channels} channels and with ${other.shape[3]} channels ` +
        'cannot be joined to a batch',
      hint: 'Add or remove their alpha channels first.',
    });
  const hasFirstSize = ({ shape }: Tensor): boolean => shape[1] === height && shape[2] === width;
  return concatBatch([
    first,
    ...rest.map((image) =>
      hasFirstSize(image) ? image : upscaleImage(image, { width, height }, 'lanczos', 'center'),
    ),
  ]);
}

const ImageListToImageBatch = defineListNode({
  type: 'ImageListToImageBatch',
  display: 'Image List to Image Batch',
  category: OPERATION,
  description:
    'Joins images to a batch; those of another size than the first are cropped to its aspect ' +
    'ratio around the centre and resized.',
  inputs: { images: socket('IMAGE') },
  outputs: [output('IMAGE')],
  run: ({ images }) => outputs(joinImages(images)),
});

export const IMPACT_MASK_NODES = [
  twoMaskNode('BitwiseAndMask', 'Pixelwise(MASK & MASK)', bitwiseAndMasks),
  twoMaskNode('SubtractMask', 'Pixelwise(MASK - MASK)', subtractMasks),
  twoMaskNode('AddMask', 'Pixelwise(MASK + MASK)', addMasks),
  ToBinaryMask,
  ImpactFlattenMask,
  ImpactDilateMask,
  ImpactGaussianBlurMask,
  MasksToMaskList,
  MaskListToMaskBatch,
  ImageListToImageBatch,
];
