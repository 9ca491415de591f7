// The channels that inpainting and edit models add to the latent's in the network's input
// (comfy.model_base concat_cond). They are the same for all evaluations of a run.

import { DarkroomError } from '../../errors.ts';
import { commonUpscale } from '../../image/resize/common-upscale.ts';
import { allocate } from '../../tensor/allocate.ts';
import { roundHalfEven } from '../../tensor/round-half-even.ts';
import { full, map, reshape, type Tensor, tensor, zeros } from '../../tensor/tensor.ts';
import { toModelLatent } from '../model/latent-format.ts';
import type { ConditioningEntry, LatentFormat, Model } from '../sampling-types.ts';
import { noiseLevelOf, withNoise } from './noise-level.ts';

/** The run that the channels are for. */
export interface ConcatRun {
  /** [B,C,H,W] */
  readonly shape: readonly number[];
  /** The run's initial latent, in model units. */
  readonly latent?: Tensor;
  /** The run's noise mask, [B,C,H,W]. */
  readonly mask?: Tensor;
  /** Seed of the run's noise; 0 by default. */
  readonly seed?: bigint;
}

interface ConcatSource extends ConcatRun {
  readonly entry: ConditioningEntry;
  readonly format: LatentFormat;
}

/** A grey image's latent in an inpainting model. */
const GREY = [0.8223, -0.6876, 0.6364, 0.138];

/**
 * By the number of added channels: the mask and masked image of inpainting models, the image of
 * InstructPix2Pix (arXiv 2211.09800), the low-resolution image of the x4 upscaler.
 */
const KINDS: Readonly<Record<number, (source: ConcatSource) => Tensor>> = {
  5: maskAndImage,
  4: editedImage,
  3: lowResolutionImage,
};

/**
 * Returns the channels [B,E,H,W] that an entry adds to the network's input; undefined for models
 * whose input is the latent only. Throws DR_MODEL_UNSUPPORTED for another number of channels.
 */
export function concatChannels(
  model: Model,
  entry: ConditioningEntry,
  run: ConcatRun,
): Tensor | undefined {
  const format = model.latentFormat;
  const added = model.denoiser.inChannels - format.channels;
  if (added === 0) return undefined;
  // Without noise levels it is the x4 upscaler in the layout of diffusers.
  const kind = added === 3 && !model.denoiser.hasNoiseLevels ? undefined : KINDS[added];
  if (kind) return kind({ ...run, entry, format });
  throw new DarkroomError('DR_MODEL_UNSUPPORTED', {
    message: `the model's input has ${model.denoiser.inChannels} channels`,
    hint:
      'Use a model with 4 channels, an inpainting model (9), an InstructPix2Pix model (8) or the ' +
      "x4 upscaler (7) in a checkpoint of the original's layout.",
    input: 'model',
  });
}

/** Sides of the pixels of a latent cell, whose mask values FLUX.1 Fill takes as channels. */
const CELL = 8;

/**
 * Returns the channels that FLUX.1's Canny and Depth models (an image) and Fill (an image and the
 * mask of its pixels) add to the latent's; undefined for its other models.
 */
export function fluxConcatChannels(
  { denoiser, latentFormat }: Model,
  entry: ConditioningEntry,
  { shape, mask }: ConcatRun,
): Tensor | undefined {
  const { inChannels, outChannels } = denoiser;
  if (inChannels <= outChannels) return undefined;
  const [batch, , height, width] = shape;
  const given = entry.concat_latent_image ?? zeros(shape);
  const image = toModelLatent(latentFormat, resizeBatch(fitted(given, shape), batch));
  if (inChannels <= 2 * outChannels) return image;
  const planes = meanOfChannels(maskPlanes(entry.concat_mask ?? mask) ?? full([1, 1, 1, 1], 1));
  const pixels = commonUpscale(
    planes,
    { width: width * CELL, height: height * CELL },
    'bilinear',
    'center',
  );
  return joinChannels(image, resizeBatch(pixelsToChannels(pixels), batch));
}

/**
 * Returns the image that an entry has for HiDream-E1 to edit, in model units. Throws
 * DR_INPUT_INVALID for an image of another size than the latent.
 */
export function imageBeside(
  { latentFormat }: Model,
  { concat_latent_image: image }: ConditioningEntry,
  { shape }: ConcatRun,
): Tensor | undefined {
  if (!image) return undefined;
  if (`${image.shape.slice(1)}` !== `${shape.slice(1)}`)
    throw new DarkroomError('DR_INPUT_INVALID', {
      message:
        `the latent of the image to edit is [${image.shape.slice(1)}], that of the picture ` +
        `[${shape.slice(1)}]`,
      hint: 'Use the latent of InstructPixToPixConditioning as the one to sample.',
      input: 'latent_image',
    });
  return toModelLatent(latentFormat, image);
}

/** A mask [N,H,W] or [N,C,H,W] as [N,C,H,W]. */
const maskPlanes = (mask: Tensor | undefined): Tensor | undefined =>
  mask?.shape.length === 3 ? reshape(mask, [mask.shape[0], 1, ...mask.shape.slice(1)]) : mask;

/** The mean over the channels, [B,1,H,W]. */
function meanOfChannels(x: Tensor): Tensor {
  const [batch, channels, height, width] = x.shape;
  if (channels === 1) return x;
  const plane = height * width;
  const data = allocate(batch * plane);
  for (let i = 0; i < data.length; i++) {
    const start = Math.floor(i / plane) * channels * plane + (i % plane);
    let sum = 0;
    for (let c = 0; c < channels; c++) sum += x.data[start + c * plane];
    data[i] = sum / channels;
  }
  return tensor([batch, 1, height, width], data);
}

/** [B,1,8H,8W] -> [B,64,H,W], the pixels of each cell row by row. */
function pixelsToChannels(x: Tensor): Tensor {
  const [batch, , height, width] = x.shape;
  const [h, w] = [height / CELL, width / CELL];
  const data = allocate(x.data.length);
  for (let i = 0; i < data.length; i++) {
    const [column, row] = [i % width, Math.floor(i / width) % height];
    const channel = (row % CELL) * CELL + (column % CELL);
    const plane = Math.floor(i / (height * width)) * CELL * CELL + channel;
    data[(plane * h + Math.floor(row / CELL)) * w + Math.floor(column / CELL)] = x.data[i];
  }
  return tensor([batch, CELL * CELL, h, w], data);
}

function maskAndImage({ entry, shape, latent, mask, format }: ConcatSource): Tensor {
  const [batch, , height, width] = shape;
  const ownMask = entry.concat_mask ?? (mask && firstChannel(mask));
  if (!ownMask) {
    const blank = full(shape, 1);
    const grey = map(blank, (_, i) => GREY[Math.floor(i / (height * width)) % GREY.length]);
    return joinChannels(full([batch, 1, height, width], 1), grey);
  }
  const ownImage = entry.concat_latent_image && toModelLatent(format, entry.concat_latent_image);
  const planes = fitted(
    reshape(ownMask, [
      ownMask.data.length / (ownMask.shape.at(-2)! * ownMask.shape.at(-1)!),
      1,
      ...ownMask.shape.slice(-2),
    ]),
    shape,
  );
  return joinChannels(
    resizeBatch(map(planes, roundHalfEven), batch),
    resizeBatch(fitted(ownImage ?? latent ?? zeros(shape), shape), batch),
  );
}

function editedImage({ entry, shape }: ConcatSource): Tensor {
  return resizeBatch(fitted(entry.concat_latent_image ?? zeros(shape), shape), shape[0]);
}

/** The image in pixels, not latents, with noise of its level. */
function lowResolutionImage({ entry, shape, seed = 0n }: ConcatSource): Tensor {
  const [batch, , height, width] = shape;
  const { concat_image: image, noise_augmentation: amount = 0 } = entry;
  if (image && image.shape[1] !== 3)
    throw new DarkroomError('DR_INPUT_INVALID', {
      message: `the x4 upscaler takes images of 3 channels, this one has ${image.shape[1]}`,
      hint: 'Remove the alpha channel first, with SplitImageWithAlpha for example.',
      input: 'images',
    });
  const planes = fitted(image ?? zeros([batch, 3, height, width]), shape);
  return resizeBatch(amount > 0 ? withNoise(planes, noiseLevelOf(entry), seed) : planes, batch);
}

/** Crops to the run's aspect ratio and resizes to its size. */
function fitted(x: Tensor, [, , height, width]: readonly number[]): Tensor {
  return x.shape[2] === height && x.shape[3] === width
    ? x
    : commonUpscale(x, { width, height }, 'bilinear', 'center');
}

function firstChannel(x: Tensor): Tensor {
  const [batch, channels, height, width] = x.shape;
  const plane = height * width;
  const data = allocate(batch * plane);
  for (let i = 0; i < batch; i++)
    data.set(x.data.subarray(i * channels * plane, (i * channels + 1) * plane), i * plane);
  return tensor([batch, 1, height, width], data);
}

/** Spreads the items evenly over a batch of another size (comfy.utils.resize_to_batch_size). */
function resizeBatch(x: Tensor, count: number): Tensor {
  const [batch, ...item] = x.shape;
  if (batch === count) return x;
  const each = x.data.length / batch;
  const from = (i: number): number => {
    if (count === 1) return 0;
    return count < batch
      ? roundHalfEven((i * (batch - 1)) / (count - 1))
      : Math.floor(((i + 0.5) * batch) / count);
  };
  const data = allocate(count * each);
  for (let i = 0; i < count; i++) {
    const start = Math.min(from(i), batch - 1) * each;
    data.set(x.data.subarray(start, start + each), i * each);
  }
  return tensor([count, ...item], data);
}

/** Joins two tensors [B,·,H,W] along the channels. */
export function joinChannels(a: Tensor, b: Tensor): Tensor {
  const [batch, channels, height, width] = a.shape;
  const [, added] = b.shape;
  const [first, second] = [a.data.length / batch, b.data.length / batch];
  const data = allocate(a.data.length + b.data.length);
  for (let i = 0; i < batch; i++) {
    data.set(a.data.subarray(i * first, (i + 1) * first), i * (first + second));
    data.set(b.data.subarray(i * second, (i + 1) * second), i * (first + second) + first);
  }
  return tensor([batch, channels + added, height, width], data);
}
