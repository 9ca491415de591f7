// Nodes that crop, rotate, blend and combine latents.
// Source: ComfyUI nodes.py, comfy_extras/nodes_latent.py.

import { DarkroomError } from '../../../../errors.ts';
import { commonUpscale } from '../../../../image/resize/common-upscale.ts';
import { combine, f32 } from '../../../../sampling/float32.ts';
import type { Latent } from '../../../../sampling/sampling-types.ts';
import { allocate } from '../../../../tensor/allocate.ts';
import { concatAxis, flip, narrow, rotate } from '../../../../tensor/axes.ts';
import { MAX_FLOAT32 } from '../../../../tensor/float32/limits.ts';
import { map, repeatToBatch, type Tensor, tensor } from '../../../../tensor/tensor.ts';
import {
  combo,
  defineNode,
  float,
  int,
  type NodeDeclaration,
  output,
  outputs,
  socket,
} from '../../../declare.ts';
import { MAX_RESOLUTION } from '../../../shared/image-limits.ts';
import { FLIPS, ROTATIONS } from '../image/image-transform-nodes.ts';

const advanced = 'latent/advanced';
const transform = 'latent/transform';
const pair = { samples1: socket('LATENT'), samples2: socket('LATENT') } as const;

const LatentFlip = defineNode({
  type: 'LatentFlip',
  display: 'Flip Latent',
  category: transform,
  inputs: { samples: socket('LATENT'), flip_method: combo(FLIPS) },
  outputs: [output('LATENT')],
  run: ({ samples, flip_method }) =>
    outputs({ ...samples, samples: flip(samples.samples, FLIPS.indexOf(flip_method) + 2) }),
});

const LatentRotate = defineNode({
  type: 'LatentRotate',
  display: 'Rotate Latent',
  category: transform,
  inputs: { samples: socket('LATENT'), rotation: combo(ROTATIONS) },
  outputs: [output('LATENT')],
  run: ({ samples, rotation }) =>
    outputs({ ...samples, samples: rotate(samples.samples, ROTATIONS.indexOf(rotation), [3, 2]) }),
});

const croppedSide = () => int({ default: 512, min: 64, max: MAX_RESOLUTION, step: 8 });
const offset = () => int({ default: 0, min: 0, max: MAX_RESOLUTION, step: 8 });

/**
 * `length` values of an axis from `from` on, at least its last 8. On an axis of less than 8 a
 * negative start counts from the end, as in a Python slice.
 */
function cropAxis(x: Tensor, axis: number, from: number, length: number): Tensor {
  const side = x.shape[axis];
  const start = Math.min(from, side - 8);
  const first = start < 0 ? Math.max(0, start + side) : start;
  const end = start + length < 0 ? start + length + side : start + length;
  return narrow(x, axis, first, Math.max(0, Math.min(end, side) - first));
}

const LatentCrop = defineNode({
  type: 'LatentCrop',
  display: 'Crop Latent',
  category: transform,
  inputs: {
    samples: socket('LATENT'),
    width: croppedSide(),
    height: croppedSide(),
    x: offset(),
    y: offset(),
  },
  outputs: [output('LATENT')],
  run({ samples, width, height, x, y }) {
    const rows = cropAxis(samples.samples, 2, y >> 3, height >> 3);
    return outputs({ ...samples, samples: cropAxis(rows, 3, x >> 3, width >> 3) });
  },
});

/**
 * `x`, cropped about its centre and resized (bilinear) to the size of `like`. Throws
 * DR_SHAPE_MISMATCH, which names the inputs of both, if the channels differ.
 */
export function fitLatent(
  x: Tensor,
  like: Tensor,
  [name, likeName] = ['samples2', 'samples1'],
): Tensor {
  const channels = like.shape[1];
  const [height, width] = like.shape.slice(-2);
  if (x.shape[1] !== channels)
    throw new DarkroomError('DR_SHAPE_MISMATCH', {
      message: `${name} has ${x.shape[1]} channels, ${likeName} has ${channels}`,
      hint: 'Use latents of the same kind of model.',
      input: name,
    });
  return `${x.shape.slice(-2)}` === `${[height, width]}`
    ? x
    : commonUpscale(x, { width, height }, 'bilinear', 'center');
}

type Pair = { readonly samples1: Latent; readonly samples2: Latent };

/** The first latent with the results of `f` for the values of both. */
const combineLatents = ({ samples1, samples2 }: Pair, f: (a: number, b: number) => number) => {
  const other = repeatToBatch(
    fitLatent(samples2.samples, samples1.samples),
    samples1.samples.shape[0],
  );
  return outputs({
    ...samples1,
    samples: map(samples1.samples, (value, i) => f(value, other.data[i])),
  });
};

const LatentAdd = defineNode({
  type: 'LatentAdd',
  display: 'LatentAdd',
  category: advanced,
  inputs: pair,
  outputs: [output('LATENT')],
  run: (inputs) => combineLatents(inputs, (a, b) => a + b),
});

const LatentSubtract = defineNode({
  type: 'LatentSubtract',
  display: 'LatentSubtract',
  category: advanced,
  inputs: pair,
  outputs: [output('LATENT')],
  run: (inputs) => combineLatents(inputs, (a, b) => a - b),
});

const LatentMultiply = defineNode({
  type: 'LatentMultiply',
  display: 'LatentMultiply',
  category: advanced,
  inputs: {
    samples: socket('LATENT'),
    multiplier: float({ default: 1, min: -10, max: 10, step: 0.01 }),
  },
  outputs: [output('LATENT')],
  run: ({ samples, multiplier }) =>
    outputs({ ...samples, samples: map(samples.samples, (value) => value * f32(multiplier)) }),
});

/**
 * For each value, the norm of a vector of channels. As in the original, the norms [B,H,W] are
 * broadcast to the latents [B,C,H,W] along their last axes: in a batch of C items, channel c is
 * combined with the norms of item c. Throws DR_SHAPE_MISMATCH for batches of other sizes, except 1.
 */
function channelNorms({ shape: [batch, channels, height, width], data }: Tensor): Float32Array {
  if (batch !== 1 && batch !== channels)
    throw new DarkroomError('DR_SHAPE_MISMATCH', {
      message: `LatentInterpolate cannot process a batch of ${batch}; ComfyUI fails on it too`,
      hint: 'Interpolate the latents one by one (LatentFromBatch).',
      input: 'samples1',
    });
  const plane = height * width;
  const out = allocate(data.length);
  for (let i = 0; i < data.length; i++) {
    const item = batch === 1 ? 0 : Math.floor(i / plane) % channels;
    let sum = 0;
    for (let c = 0; c < channels; c++)
      sum += data[(item * channels + c) * plane + (i % plane)] ** 2;
    out[i] = Math.sqrt(sum);
  }
  return out;
}

/** torch.nan_to_num */
const nanToNum = (value: number): number =>
  Number.isNaN(value) ? 0 : Math.min(Math.max(value, -MAX_FLOAT32), MAX_FLOAT32);

const LatentInterpolate = defineNode({
  type: 'LatentInterpolate',
  display: 'LatentInterpolate',
  category: advanced,
  inputs: { ...pair, ratio: float({ default: 1, min: 0, max: 1, step: 0.01 }) },
  outputs: [output('LATENT')],
  run({ samples1, samples2, ratio }) {
    const one = samples1.samples;
    const two = repeatToBatch(fitLatent(samples2.samples, one), one.shape[0]);
    const [m1, m2] = [channelNorms(one), channelNorms(two)];
    const unit = (x: Tensor, m: Float32Array): Float32Array =>
      x.data.map((value, i) => nanToNum(f32(value / m[i])));
    const mixed = tensor(one.shape, combine(unit(one, m1), ratio, unit(two, m2), 1 - ratio));
    const direction = unit(mixed, channelNorms(mixed));
    const length = combine(m1, ratio, m2, 1 - ratio);
    return outputs({
      ...samples1,
      samples: tensor(
        one.shape,
        direction.map((value, i) => value * length[i]),
      ),
    });
  },
});

const LatentBlend = defineNode({
  type: 'LatentBlend',
  display: 'Latent Blend',
  category: '_for_testing',
  inputs: { ...pair, blend_factor: float({ default: 0.5, min: 0, max: 1, step: 0.01 }) },
  outputs: [output('LATENT')],
  run({ samples1, samples2, blend_factor }) {
    const one = samples1.samples;
    const [batch, channels, height, width] = one.shape;
    let two = samples2.samples;
    if (two.shape[1] !== channels || (two.shape[0] !== batch && two.shape[0] !== 1))
      throw new DarkroomError('DR_SHAPE_MISMATCH', {
        message: `latents of [${two.shape}] cannot be blended into latents of [${one.shape}]`,
        hint: 'Use as many latents, of the same kind of model (RepeatLatentBatch).',
        input: 'samples2',
      });
    if (`${two.shape}` !== `${one.shape}`)
      two = repeatToBatch(commonUpscale(two, { width, height }, 'bicubic', 'center'), batch);
    return outputs({
      ...samples1,
      samples: tensor(one.shape, combine(one.data, blend_factor, two.data, 1 - blend_factor)),
    });
  },
});

/**
 * The axis of a latent by its letter. `t` is the axis of frames, and of latents without frames the
 * channels.
 */
export const latentAxis = ({ shape }: Tensor, letter: string): number =>
  shape.length - { x: 1, y: 2, t: 3 }[letter as 'x' | 'y' | 't'];

const LatentConcat = defineNode({
  type: 'LatentConcat',
  display: 'LatentConcat',
  category: advanced,
  inputs: { ...pair, dim: combo(['x', '-x', 'y', '-y', 't', '-t']) },
  outputs: [output('LATENT')],
  run({ samples1, samples2, dim }) {
    const one = samples1.samples;
    const two = repeatToBatch(samples2.samples, one.shape[0]);
    const axis = latentAxis(one, dim.replace('-', ''));
    if (one.shape.some((size, i) => i !== axis && size !== two.shape[i]))
      throw new DarkroomError('DR_SHAPE_MISMATCH', {
        message: `latents of [${two.shape}] do not fit beside latents of [${one.shape}]`,
        hint: 'Scale or crop them to the same length of side first.',
        input: 'samples2',
      });
    return outputs({
      ...samples1,
      samples: concatAxis(dim.startsWith('-') ? [two, one] : [one, two], axis),
    });
  },
});

const LatentCut = defineNode({
  type: 'LatentCut',
  display: 'LatentCut',
  category: advanced,
  inputs: {
    samples: socket('LATENT'),
    dim: combo(['x', 'y', 't']),
    index: int({ default: 0, min: -MAX_RESOLUTION, max: MAX_RESOLUTION, step: 1 }),
    amount: int({ default: 1, min: 1, max: MAX_RESOLUTION, step: 1 }),
  },
  outputs: [output('LATENT')],
  run({ samples, dim, index, amount }) {
    const axis = latentAxis(samples.samples, dim);
    const side = samples.samples.shape[axis];
    const from = index >= 0 ? Math.min(index, side - 1) : Math.max(index, -side) + side;
    return outputs({
      ...samples,
      samples: narrow(samples.samples, axis, from, Math.min(side - from, amount)),
    });
  },
});

export const LATENT_TRANSFORM_NODES: readonly NodeDeclaration[] = [
  LatentFlip,
  LatentRotate,
  LatentCrop,
  LatentAdd,
  LatentSubtract,
  LatentMultiply,
  LatentInterpolate,
  LatentBlend,
  LatentConcat,
  LatentCut,
];
