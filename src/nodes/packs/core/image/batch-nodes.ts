// Nodes that join any number of images or masks to one batch.
// Source: ComfyUI 0.33.0 comfy_extras/nodes_post_processing.py.
import { DarkroomError } from '../../../../errors.ts';
import { commonUpscale, upscaleImage } from '../../../../image/resize/common-upscale.ts';
import { allocate } from '../../../../tensor/allocate.ts';
import { concatBatch, reshape, type Tensor } from '../../../../tensor/tensor.ts';
import {
  autogrow,
  defineNode,
  type NodeDeclaration,
  output,
  outputs,
  socket,
} from '../../../declare.ts';
import { MAX_BATCH_INPUTS } from '../../../shared/image-limits.ts';

const BatchImagesNode = defineNode({
  type: 'BatchImagesNode',
  display: 'Batch Images',
  category: 'image/batch',
  inputs: {
    images: autogrow('image', socket('IMAGE'), { prefix: 'image', max: MAX_BATCH_INPUTS }),
  },
  outputs: [output('IMAGE')],
  run: ({ images }) => outputs(batchImages(images)),
});

/** One batch of images, in the size and with the channels of the first. */
function batchImages(images: Readonly<Record<string, Tensor>>): Tensor {
  const channels = Math.max(...Object.values(images).map(({ shape }) => shape[3]));
  const padded = Object.entries(images).map(([name, image]): [string, Tensor] => [
    name,
    image.shape[3] < channels ? withOpaqueChannel(image) : image,
  ]);
  const [, height, width, depth] = padded[0][1].shape;
  const different = padded.find(([, { shape }]) => shape[3] !== depth);
  if (different) {
    const [name, { shape }] = different;
    throw new DarkroomError('DR_SHAPE_MISMATCH', {
      message: `images of ${images[name].shape[3] ?? shape[3]} and ${channels} channels can't be one batch`,
      hint: 'Only images with and without transparency (3 and 4 channels) can be joined.',
      input: `images.${name}`,
    });
  }
  return concatBatch(
    padded.map(([, image]) =>
      image.shape[1] === height && image.shape[2] === width
        ? image
        : upscaleImage(image, { width, height }, 'bilinear', 'center'),
    ),
  );
}

/** An image with one more channel, of ones. */
function withOpaqueChannel({ shape: [count, height, width, channels], data }: Tensor): Tensor {
  const result = allocate(count * height * width * (channels + 1)).fill(1);
  for (let pixel = 0; pixel < count * height * width; pixel++)
    result.set(data.subarray(pixel * channels, (pixel + 1) * channels), pixel * (channels + 1));
  return { shape: [count, height, width, channels + 1], data: result };
}

const BatchMasksNode = defineNode({
  type: 'BatchMasksNode',
  display: 'Batch Masks',
  category: 'image/mask',
  inputs: { masks: autogrow('mask', socket('MASK'), { prefix: 'mask', max: MAX_BATCH_INPUTS }) },
  outputs: [output('MASK')],
  run({ masks }) {
    const all = Object.values(masks);
    const [, height, width] = all[0].shape;
    return outputs(
      concatBatch(
        all.map((mask) => {
          const [count, h, w] = mask.shape;
          if (h === height && w === width) return mask;
          const planes = reshape(mask, [count, 1, h, w]);
          const resized = commonUpscale(planes, { width, height }, 'bilinear', 'center');
          return reshape(resized, [count, height, width]);
        }),
      ),
    );
  },
});

export const BATCH_NODES: readonly NodeDeclaration[] = [BatchImagesNode, BatchMasksNode];
