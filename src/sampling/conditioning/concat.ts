// What inpainting and edit models see beside the latent (comfy.model_base concat_cond): more channels of the network's input, for a whole run.

import { DarkroomError } from '../../errors.ts';
import { commonUpscale } from '../../image/resize/common-upscale.ts';
import { roundHalfEven } from '../../tensor/round-half-even.ts';
import { full, map, reshape, type Tensor, tensor, zeros } from '../../tensor/tensor.ts';
import { toModelLatent } from '../model/latent-format.ts';
import type { ConditioningEntry, LatentFormat, Model } from '../sampling-types.ts';

interface Source {
  readonly entry: ConditioningEntry;
  /** [B,C,H,W] */
  readonly shape: readonly number[];
  /** The latent the run starts from, in model units. */
  readonly latent?: Tensor;
  /** The run's noise mask, [B,C,H,W]. */
  readonly mask?: Tensor;
  readonly format: LatentFormat;
}

/** What an inpainting model takes for a grey picture. */
const BLANK = [0.8223, -0.6876, 0.6364, 0.138];

/** By the number of further channels: the inpainting models' mask and masked picture; InstructPix2Pix's picture (arXiv 2211.09800). */
const KINDS: Readonly<Record<number, (source: Source) => Tensor>> = {
  5: maskAndPicture,
  4: picture,
};

/** The channels [B,E,H,W] that an entry adds to the input of a model that takes more than latents. Throws DR_MODEL_UNSUPPORTED. */
export function concatChannels(
  model: Model,
  entry: ConditioningEntry,
  run: Omit<Source, 'entry' | 'format'>,
): Tensor | undefined {
  const format = model.latentFormat;
  const more = model.unet.inChannels - format.channels;
  if (more === 0) return undefined;
  const kind = KINDS[more];
  if (kind) return kind({ ...run, entry, format });
  throw new DarkroomError('DR_MODEL_UNSUPPORTED', {
    message: `the model's input has ${model.unet.inChannels} channels`,
    hint: 'Models of 4 channels, inpainting models (9) and InstructPix2Pix models (8) are supported.',
    input: 'model',
  });
}

function maskAndPicture({ entry, shape, latent, mask, format }: Source): Tensor {
  const [batch, , height, width] = shape;
  const given = entry.concat_mask ?? (mask && firstChannel(mask));
  if (!given) {
    const blank = full(shape, 1);
    const grey = map(blank, (_, i) => BLANK[Math.floor(i / (height * width)) % BLANK.length]);
    return joinChannels(full([batch, 1, height, width], 1), grey);
  }
  const own = entry.concat_latent_image && toModelLatent(format, entry.concat_latent_image);
  const planes = fitted(
    reshape(given, [
      given.data.length / (given.shape.at(-2)! * given.shape.at(-1)!),
      1,
      ...given.shape.slice(-2),
    ]),
    shape,
  );
  return joinChannels(
    resizeBatch(map(planes, roundHalfEven), batch),
    resizeBatch(fitted(own ?? latent ?? zeros(shape), shape), batch),
  );
}

function picture({ entry, shape }: Source): Tensor {
  return resizeBatch(fitted(entry.concat_latent_image ?? zeros(shape), shape), shape[0]);
}

/** Cut to the run's aspect and brought to its size. */
function fitted(x: Tensor, [, , height, width]: readonly number[]): Tensor {
  return x.shape[2] === height && x.shape[3] === width
    ? x
    : commonUpscale(x, { width, height }, 'bilinear', 'center');
}

function firstChannel(x: Tensor): Tensor {
  const [batch, channels, height, width] = x.shape;
  const plane = height * width;
  const data = new Float32Array(batch * plane);
  for (let i = 0; i < batch; i++)
    data.set(x.data.subarray(i * channels * plane, (i * channels + 1) * plane), i * plane);
  return tensor([batch, 1, height, width], data);
}

/** Items spread evenly over a batch of another size (comfy.utils.resize_to_batch_size). */
function resizeBatch(x: Tensor, count: number): Tensor {
  const [own, ...item] = x.shape;
  if (own === count) return x;
  const each = x.data.length / own;
  const from = (i: number): number => {
    if (count === 1) return 0;
    return count < own
      ? roundHalfEven((i * (own - 1)) / (count - 1))
      : Math.floor(((i + 0.5) * own) / count);
  };
  const data = new Float32Array(count * each);
  for (let i = 0; i < count; i++) {
    const at = Math.min(from(i), own - 1) * each;
    data.set(x.data.subarray(at, at + each), i * each);
  }
  return tensor([count, ...item], data);
}

/** Joins two tensors [B,·,H,W] along the channels. */
export function joinChannels(a: Tensor, b: Tensor): Tensor {
  const [batch, channels, height, width] = a.shape;
  const [, more] = b.shape;
  const [first, second] = [a.data.length / batch, b.data.length / batch];
  const data = new Float32Array(a.data.length + b.data.length);
  for (let i = 0; i < batch; i++) {
    data.set(a.data.subarray(i * first, (i + 1) * first), i * (first + second));
    data.set(b.data.subarray(i * second, (i + 1) * second), i * (first + second) + first);
  }
  return tensor([batch, channels + more, height, width], data);
}
