// Nodes that add, blend and interpolate latents, whose axes broadcast as in torch.
// Source: ComfyUI nodes.py, comfy_extras/nodes_latent.py.
import { DarkroomError } from '../../../../errors.ts';
import { commonUpscale } from '../../../../image/resize/common-upscale.ts';
import { combine, f32 } from '../../../../sampling/float32.ts';
import { magnitudes } from '../../../../sampling/patches/latent-operations.ts';
import type { Latent } from '../../../../sampling/sampling-types.ts';
import { broadcastShape, expand } from '../../../../tensor/axes.ts';
import { MAX_FLOAT32 } from '../../../../tensor/float32/limits.ts';
import { map, repeatToBatch, reshape, type Tensor, tensor } from '../../../../tensor/tensor.ts';
import {
  defineNode,
  float,
  type NodeDeclaration,
  output,
  outputs,
  socket,
} from '../../../declare.ts';

const advanced = 'latent/advanced';
const pair = { samples1: socket('LATENT'), samples2: socket('LATENT') } as const;

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

/** Both latents in the shape that torch broadcasts them to. Throws DR_SHAPE_MISMATCH. */
function broadcast(one: Tensor, two: Tensor): [Tensor, Tensor] {
  const shape = broadcastShape(one.shape, two.shape);
  if (shape) return [expand(one, shape), expand(two, shape)];
  throw new DarkroomError('DR_SHAPE_MISMATCH', {
    message: `latents of [${one.shape}] and [${two.shape}] cannot be combined`,
    hint: 'Use as many latents, of the same kind of model, with as many frames.',
    input: 'samples2',
  });
}

type Pair = { readonly samples1: Latent; readonly samples2: Latent };

/** The second latent in the size of the first, and as many as there. */
const fitted = ({ samples1: { samples: one }, samples2 }: Pair): Tensor =>
  repeatToBatch(fitLatent(samples2.samples, one), one.shape[0]);

/** The first latent with the results of `f` for the values of both. */
const combineLatents = (inputs: Pair, f: (a: number, b: number) => number) => {
  const { samples1 } = inputs;
  const [one, two] = broadcast(samples1.samples, fitted(inputs));
  return outputs({ ...samples1, samples: map(one, (value, i) => f(value, two.data[i])) });
};

/** A node that combines the values of two latents by `f`. */
const combiningNode = (type: string, f: (a: number, b: number) => number) =>
  defineNode({
    type,
    display: type,
    category: advanced,
    inputs: pair,
    outputs: [output('LATENT')],
    run: (inputs) => combineLatents(inputs, f),
  });

const LatentAdd = combiningNode('LatentAdd', (a, b) => a + b);
const LatentSubtract = combiningNode('LatentSubtract', (a, b) => a - b);

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

/** The norms of the vectors of channels, [B, H, W] or [B, T, H, W]. */
function channelNorms(x: Tensor): Tensor {
  const [batch, , ...rest] = x.shape;
  return reshape(magnitudes(x), [batch, ...rest]);
}

/** torch.nan_to_num */
const nanToNum = (value: number): number =>
  Number.isNaN(value) ? 0 : Math.min(Math.max(value, -MAX_FLOAT32), MAX_FLOAT32);

/**
 * The results of `f` for values and norms. As in the original, the norms, which lack the axis of
 * channels, are broadcast along their last axes: in a batch of C items, channel c is combined with
 * the norms of item c. Throws DR_SHAPE_MISMATCH for batches of other sizes, except 1.
 */
function withNorms(x: Tensor, norms: Tensor, f: (value: number, norm: number) => number): Tensor {
  const [batch] = norms.shape;
  if (batch !== 1 && batch !== x.shape[1])
    throw new DarkroomError('DR_SHAPE_MISMATCH', {
      message: `LatentInterpolate cannot process a batch of ${batch}; ComfyUI fails on it too`,
      hint: 'Interpolate the latents one by one (LatentFromBatch).',
      input: 'samples1',
    });
  const [values, divisors] = broadcast(x, norms);
  return map(values, (value, i) => f(value, divisors.data[i]));
}

const unit = (x: Tensor, norms: Tensor): Tensor =>
  withNorms(x, norms, (value, norm) => nanToNum(f32(value / norm)));

const LatentInterpolate = defineNode({
  type: 'LatentInterpolate',
  display: 'LatentInterpolate',
  category: advanced,
  inputs: { ...pair, ratio: float({ default: 1, min: 0, max: 1, step: 0.01 }) },
  outputs: [output('LATENT')],
  run({ samples1, samples2, ratio }) {
    const both = [samples1.samples, fitted({ samples1, samples2 })];
    const norms = both.map(channelNorms);
    const mix = (one: Tensor, two: Tensor): Tensor => {
      const [a, b] = broadcast(one, two);
      return tensor(a.shape, combine(a.data, ratio, b.data, 1 - ratio));
    };
    const mixed = mix(unit(both[0], norms[0]), unit(both[1], norms[1]));
    const direction = unit(mixed, channelNorms(mixed));
    const samples = withNorms(direction, mix(norms[0], norms[1]), (value, norm) => value * norm);
    return outputs({ ...samples1, samples });
  },
});

/** The second latent in the size of the first, whose third axis ComfyUI takes for its rows. */
function blended(one: Tensor, two: Tensor): Tensor {
  const [batch, channels, height, width] = one.shape;
  const framed = two.shape.length === 5;
  const isSame = `${two.shape}` === `${one.shape}`;
  if (two.shape[1] !== channels || ![1, batch].includes(two.shape[0]) || (framed && !isSame))
    throw new DarkroomError('DR_SHAPE_MISMATCH', {
      message: `latents of [${two.shape}] cannot be blended into latents of [${one.shape}]`,
      hint: 'Use as many latents, of the same kind of model (RepeatLatentBatch).',
      input: 'samples2',
    });
  if (isSame) return two;
  return repeatToBatch(commonUpscale(two, { width, height }, 'bicubic', 'center'), batch);
}

const LatentBlend = defineNode({
  type: 'LatentBlend',
  display: 'Latent Blend',
  category: '_for_testing',
  inputs: { ...pair, blend_factor: float({ default: 0.5, min: 0, max: 1, step: 0.01 }) },
  outputs: [output('LATENT')],
  run({ samples1, samples2, blend_factor }) {
    const own = samples1.samples;
    const [one, two] = broadcast(own, blended(own, samples2.samples));
    const samples = combine(one.data, blend_factor, two.data, 1 - blend_factor);
    return outputs({ ...samples1, samples: tensor(one.shape, samples) });
  },
});

export const LATENT_ARITHMETIC_NODES: readonly NodeDeclaration[] = [
  LatentAdd,
  LatentSubtract,
  LatentMultiply,
  LatentInterpolate,
  LatentBlend,
];
