// Nodes that crop, turn, join and cut latents. Those of nodes.py take the third and fourth axis for
// rows and columns, with frames too. Source: ComfyUI nodes.py, comfy_extras/nodes_latent.py.

import { DarkroomError } from '../../../../errors.ts';
import { concatAxis, flip, narrow, rotate } from '../../../../tensor/axes.ts';
import { repeatToBatch, type Tensor } from '../../../../tensor/tensor.ts';
import {
  combo,
  defineNode,
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
  LatentConcat,
  LatentCut,
];
