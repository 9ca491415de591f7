// Nodes that create, join, split and count batches of images.
// Source: ComfyUI nodes.py, comfy_extras/nodes_images.py, nodes_rebatch.py.

import { DarkroomError } from '../../../../errors.ts';
import { matchChannels } from '../../../../image/compose/composite.ts';
import { upscaleImage } from '../../../../image/resize/common-upscale.ts';
import { torchGenerator } from '../../../../random/torch-generator.ts';
import { addScaled } from '../../../../sampling/float32.ts';
import { allocate } from '../../../../tensor/allocate.ts';
import {
  batchItems,
  concatBatch,
  indexInBatch,
  repeatToBatch,
  sliceBatch,
  type Tensor,
  tensor,
} from '../../../../tensor/tensor.ts';
import {
  defineListNode,
  defineNode,
  float,
  int,
  type NodeDeclaration,
  output,
  outputs,
  seed,
  socket,
} from '../../../declare.ts';
import { MAX_RESOLUTION } from '../../../shared/image-limits.ts';

const category = 'image/batch';
const side = () => int({ default: 512, min: 1, max: MAX_RESOLUTION, step: 1 });

const EmptyImage = defineNode({
  type: 'EmptyImage',
  display: 'EmptyImage',
  category: 'image',
  inputs: {
    width: side(),
    height: side(),
    batch_size: int({ default: 1, min: 1, max: 4096 }),
    color: int({ default: 0, min: 0, max: 0xffffff, step: 1, display: 'color' }),
  },
  outputs: [output('IMAGE')],
  run({ width, height, batch_size, color }) {
    const pixel = [color >> 16, color >> 8, color].map((value) => (value & 0xff) / 0xff);
    const data = allocate(batch_size * height * width * 3);
    for (let i = 0; i < data.length; i++) data[i] = pixel[i % 3];
    return outputs(tensor([batch_size, height, width, 3], data));
  },
});

const GetImageSize = defineNode({
  type: 'GetImageSize',
  display: 'Get Image Size',
  category: 'image',
  description: 'Width, height and number of the images.',
  inputs: { image: socket('IMAGE') },
  hidden: { unique_id: 'UNIQUE_ID' },
  outputs: [output('INT', 'width'), output('INT', 'height'), output('INT', 'batch_size')],
  run({ image }, { status }) {
    const [count, height, width] = image.shape;
    status(`width: ${width}, height: ${height}\n batch size: ${count}`);
    return outputs(width, height, count);
  },
});

const ImageBatch = defineNode({
  type: 'ImageBatch',
  display: 'Batch Images',
  category: 'image',
  inputs: { image1: socket('IMAGE'), image2: socket('IMAGE') },
  outputs: [output('IMAGE')],
  run({ image1, image2 }, { behaviour }) {
    const [, height, width, channels] = image1.shape;
    const surplus = image2.shape[3] - channels;
    const isAlpha = Math.abs(surplus) === 1 && behaviour.alphaIsAddedInBatches;
    if (surplus !== 0 && !isAlpha)
      throw new DarkroomError('DR_SHAPE_MISMATCH', {
        message: `image2 has ${image2.shape[3]} channels, image1 has ${channels}`,
        hint:
          'Remove the transparency of one (SplitImageWithAlpha), or add it to the other ' +
          '(JoinImageWithAlpha).',
        input: 'image2',
      });
    const first = surplus > 0 ? matchChannels(image2, image1) : image1;
    const second = surplus < 0 ? matchChannels(image1, image2) : image2;
    const fits = second.shape[1] === height && second.shape[2] === width;
    return outputs(
      concatBatch([
        first,
        fits ? second : upscaleImage(second, { width, height }, 'bilinear', 'center'),
      ]),
    );
  },
});

const RepeatImageBatch = defineNode({
  type: 'RepeatImageBatch',
  display: 'RepeatImageBatch',
  category,
  inputs: { image: socket('IMAGE'), amount: int({ default: 1, min: 1, max: 4096 }) },
  outputs: [output('IMAGE')],
  run: ({ image, amount }) => outputs(repeatToBatch(image, image.shape[0] * amount)),
});

const ImageFromBatch = defineNode({
  type: 'ImageFromBatch',
  display: 'ImageFromBatch',
  category,
  inputs: {
    image: socket('IMAGE'),
    batch_index: int({ default: 0, min: -16384, max: 16384 }),
    length: int({ default: 1, min: 1, max: 4096 }),
  },
  outputs: [output('IMAGE')],
  run({ image, batch_index, length }) {
    const count = image.shape[0];
    const from = indexInBatch(count, batch_index);
    return outputs(sliceBatch(image, from, from + Math.min(count - from, length)));
  },
});

const RebatchImages = defineListNode({
  type: 'RebatchImages',
  display: 'Rebatch Images',
  category,
  inputs: { images: socket('IMAGE'), batch_size: int({ default: 1, min: 1, max: 4096 }) },
  outputs: [output('IMAGE', 'IMAGE', true)],
  run({ images, batch_size: [size] }) {
    const all = images.flatMap(batchItems);
    const batches: Tensor[] = [];
    for (let from = 0; from < all.length; from += size)
      batches.push(joinImages(all.slice(from, from + size)));
    return outputs(batches);
  },
});

/** One batch of images of equal size. Throws DR_SHAPE_MISMATCH. */
function joinImages(images: readonly Tensor[]): Tensor {
  const different = images.find((image) => `${image.shape}` !== `${images[0].shape}`);
  if (!different) return concatBatch(images);
  throw new DarkroomError('DR_SHAPE_MISMATCH', {
    message: `images of ${sizeOf(images[0])} and ${sizeOf(different)} cannot be one batch`,
    hint: 'Scale them to the same size first.',
    input: 'images',
  });
}

const sizeOf = ({ shape: [, height, width, channels] }: Tensor): string =>
  `${width}x${height}x${channels}`;

const ImageAddNoise = defineNode({
  type: 'ImageAddNoise',
  display: 'ImageAddNoise',
  category: 'image',
  inputs: {
    image: socket('IMAGE'),
    seed: seed({ tooltip: 'The seed of the noise.' }),
    strength: float({ default: 0.5, min: 0, max: 1, step: 0.01 }),
  },
  outputs: [output('IMAGE')],
  run({ image, seed, strength }) {
    const noisy = addScaled(image.data, torchGenerator(seed).randn(image.data.length), strength);
    return outputs(
      tensor(
        image.shape,
        noisy.map((value) => Math.min(Math.max(value, 0), 1)),
      ),
    );
  },
});

export const IMAGE_BATCH_NODES: readonly NodeDeclaration[] = [
  EmptyImage,
  GetImageSize,
  ImageBatch,
  RepeatImageBatch,
  ImageFromBatch,
  RebatchImages,
  ImageAddNoise,
];
