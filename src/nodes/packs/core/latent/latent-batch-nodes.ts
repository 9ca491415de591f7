// Nodes on batches of latents, and on latent operations.
// Source: ComfyUI comfy_extras/nodes_latent.py, nodes_rebatch.py.
import { DarkroomError } from '../../../../errors.ts';
import { withLatentOperation } from '../../../../sampling/patches/guidance.ts';
import {
  sharpenOperation,
  tonemapReinhard,
} from '../../../../sampling/patches/latent-operations.ts';
import type { Latent } from '../../../../sampling/sampling-types.ts';
import { narrow } from '../../../../tensor/axes.ts';
import {
  concatBatch,
  full,
  repeatToBatch,
  sliceBatch,
  type Tensor,
} from '../../../../tensor/tensor.ts';
import {
  autogrow,
  combo,
  defineListNode,
  defineNode,
  float,
  int,
  type NodeDeclaration,
  output,
  outputs,
  socket,
} from '../../../declare.ts';
import { MAX_BATCH_INPUTS, MAX_RESOLUTION } from '../../../shared/image-limits.ts';
import { fitLatent } from './latent-arithmetic-nodes.ts';
import { latentAxis } from './latent-transform-nodes.ts';

const operations = { category: 'latent/advanced/operations', experimental: true } as const;

/** The noise index of each item. */
const noiseIndices = ({ samples, batch_index }: Latent, first = 0): readonly number[] =>
  batch_index ?? Array.from({ length: samples.shape[0] }, (_, i) => first + i);

/** Latents, or noise masks, as one batch. Throws DR_SHAPE_MISMATCH if their shapes differ. */
function oneBatch(parts: readonly Tensor[], input = 'samples2'): Tensor {
  const [first] = parts;
  const other = parts.find(({ shape }) => `${shape.slice(1)}` !== `${first.shape.slice(1)}`);
  if (!other) return concatBatch(parts);
  throw new DarkroomError('DR_SHAPE_MISMATCH', {
    message: `latents or noise masks of [${first.shape}] and [${other.shape}] cannot be one batch`,
    hint: 'Use latents of the same kind of model, and masks of 8 times the size of their latents.',
    input,
  });
}

const LatentBatch = defineNode({
  type: 'LatentBatch',
  display: 'LatentBatch',
  category: 'latent/batch',
  inputs: { samples1: socket('LATENT'), samples2: socket('LATENT') },
  outputs: [output('LATENT')],
  run: ({ samples1, samples2 }) =>
    outputs({
      ...samples1,
      samples: oneBatch([samples1.samples, fitLatent(samples2.samples, samples1.samples)]),
      batch_index: [...noiseIndices(samples1), ...noiseIndices(samples2)],
    }),
});

const BatchLatentsNode = defineNode({
  type: 'BatchLatentsNode',
  display: 'Batch Latents',
  category: 'model/latent/batch',
  inputs: {
    latents: autogrow('latent', socket('LATENT'), { prefix: 'latent', max: MAX_BATCH_INPUTS }),
  },
  outputs: [output('LATENT')],
  run({ latents }) {
    const all = Object.entries(latents);
    const [[firstName, first]] = all;
    const fitted = (name: string, { samples }: Latent): Tensor =>
      fitLatent(samples, first.samples, [`latents.${name}`, `latents.${firstName}`]);
    return outputs({
      ...first,
      samples: oneBatch(
        all.map(([name, latent]) => fitted(name, latent)),
        'latents',
      ),
      batch_index: all.flatMap(([, latent]) => noiseIndices(latent)),
    });
  },
});

/** Has no effect along `t` on latents without frames. */
const LatentCutToBatch = defineNode({
  type: 'LatentCutToBatch',
  display: 'LatentCutToBatch',
  category: 'model/latent/advanced',
  description: 'Cuts a latent into slices along an axis, which become a batch.',
  inputs: {
    samples: socket('LATENT'),
    dim: combo(['t', 'x', 'y']),
    slice_size: int({ default: 1, min: 1, max: MAX_RESOLUTION, step: 1 }),
  },
  outputs: [output('LATENT')],
  run({ samples: latent, dim, slice_size }) {
    const { samples } = latent;
    const axis = latentAxis(samples, dim);
    if (axis < 2) return outputs(latent);
    const size = Math.min(slice_size, samples.shape[axis]);
    const count = Math.floor(samples.shape[axis] / size);
    const slices = Array.from({ length: samples.shape[0] }, (_, item) =>
      Array.from({ length: count }, (_, i) =>
        narrow(sliceBatch(samples, item, item + 1), axis, i * size, size),
      ),
    );
    return outputs({ ...latent, samples: concatBatch(slices.flat()) });
  },
});

const LatentBatchSeedBehavior = defineNode({
  type: 'LatentBatchSeedBehavior',
  display: 'LatentBatchSeedBehavior',
  category: 'latent/advanced',
  inputs: {
    samples: socket('LATENT'),
    seed_behavior: combo(['random', 'fixed'], { default: 'fixed' }),
  },
  outputs: [output('LATENT')],
  run({ samples: { batch_index, ...latent }, seed_behavior }) {
    if (seed_behavior === 'random') return outputs(latent);
    return outputs({
      ...latent,
      batch_index: Array.from({ length: latent.samples.shape[0] }, () => batch_index?.[0] ?? 0),
    });
  },
});

/** Items of a batch with the mask [N,H,W] and the noise index of each. */
interface BatchItems {
  readonly samples: Tensor;
  readonly mask: Tensor;
  readonly index: readonly number[];
}

function itemsOf(latent: Latent, first: number): BatchItems {
  const { samples, noise_mask } = latent;
  const [count, , height, width] = samples.shape;
  const mask = noise_mask ?? full([count, height * 8, width * 8], 1);
  return {
    samples,
    mask: mask.shape[0] < count ? repeatToBatch(mask, count) : mask,
    index: noiseIndices(latent, first),
  };
}

const slice = ({ samples, mask, index }: BatchItems, from: number, to: number): BatchItems => ({
  samples: sliceBatch(samples, from, Math.min(to, samples.shape[0])),
  mask: sliceBatch(mask, from, Math.min(to, mask.shape[0])),
  index: index.slice(from, to),
});

/** Throws DR_SHAPE_MISMATCH. */
const join = (a: BatchItems, b: BatchItems): BatchItems => ({
  samples: oneBatch([a.samples, b.samples], 'latents'),
  mask: oneBatch([a.mask, b.mask], 'latents'),
  index: [...a.index, ...b.index],
});

const latentOf = ({ samples, mask, index }: BatchItems): Latent => ({
  samples,
  ...(mask.data.some((value) => value !== 1) && { noise_mask: mask }),
  batch_index: index,
});

const RebatchLatents = defineListNode({
  type: 'RebatchLatents',
  display: 'Rebatch Latents',
  category: 'latent/batch',
  inputs: { latents: socket('LATENT'), batch_size: int({ default: 1, min: 1, max: 4096 }) },
  outputs: [output('LATENT', 'LATENT', true)],
  run({ latents, batch_size: [size] }) {
    const batches: BatchItems[] = [];
    let current: BatchItems | undefined;
    let itemsBefore = 0;
    for (const latent of latents) {
      const next = itemsOf(latent, itemsBefore);
      itemsBefore += next.index.length;
      if (!current) current = next;
      else if (`${next.samples.shape.slice(2)}` !== `${current.samples.shape.slice(2)}`) {
        batches.push(slice(current, 0, size));
        current = next;
      } else current = join(current, next);
      const count: number = current.samples.shape[0];
      if (count <= size) continue;
      const fullBatches = Math.floor(count / size) * size;
      for (let from = 0; from < fullBatches; from += size)
        batches.push(slice(current, from, from + size));
      current = fullBatches < count ? slice(current, fullBatches, count) : undefined;
    }
    if (current) batches.push(slice(current, 0, size));
    return outputs(batches.map(latentOf));
  },
});

const LatentApplyOperation = defineNode({
  ...operations,
  type: 'LatentApplyOperation',
  display: 'LatentApplyOperation',
  inputs: { samples: socket('LATENT'), operation: socket('LATENT_OPERATION') },
  outputs: [output('LATENT')],
  run: ({ samples, operation }) => outputs({ ...samples, samples: operation(samples.samples) }),
});

const LatentApplyOperationCFG = defineNode({
  ...operations,
  type: 'LatentApplyOperationCFG',
  display: 'LatentApplyOperationCFG',
  inputs: { model: socket('MODEL'), operation: socket('LATENT_OPERATION') },
  outputs: [output('MODEL')],
  run: ({ model, operation }) => outputs(withLatentOperation(model, operation)),
});

const LatentOperationTonemapReinhard = defineNode({
  ...operations,
  type: 'LatentOperationTonemapReinhard',
  display: 'LatentOperationTonemapReinhard',
  inputs: { multiplier: float({ default: 1, min: 0, max: 100, step: 0.01 }) },
  outputs: [output('LATENT_OPERATION')],
  run: ({ multiplier }) => outputs(tonemapReinhard(multiplier)),
});

const LatentOperationSharpen = defineNode({
  ...operations,
  type: 'LatentOperationSharpen',
  display: 'LatentOperationSharpen',
  inputs: {
    sharpen_radius: int({ default: 9, min: 1, max: 31, step: 1 }),
    sigma: float({ default: 1, min: 0.1, max: 10, step: 0.1 }),
    alpha: float({ default: 0.1, min: 0, max: 5, step: 0.01 }),
  },
  outputs: [output('LATENT_OPERATION')],
  run: ({ sharpen_radius, sigma, alpha }) =>
    outputs(sharpenOperation(sharpen_radius, sigma, alpha)),
});

export const LATENT_BATCH_NODES: readonly NodeDeclaration[] = [
  LatentBatch,
  BatchLatentsNode,
  LatentCutToBatch,
  LatentBatchSeedBehavior,
  RebatchLatents,
  LatentApplyOperation,
  LatentApplyOperationCFG,
  LatentOperationTonemapReinhard,
  LatentOperationSharpen,
];
