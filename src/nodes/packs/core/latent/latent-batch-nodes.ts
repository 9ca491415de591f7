// Latent nodes on batches, and on operations that are wired up. Source: ComfyUI comfy_extras/nodes_latent.py, nodes_rebatch.py.
import { DarkroomError } from '../../../../errors.ts';
import { withLatentOperation } from '../../../../sampling/patches/guidance.ts';
import {
  sharpenOperation,
  tonemapReinhard,
} from '../../../../sampling/patches/latent-operations.ts';
import type { Latent } from '../../../../sampling/sampling-types.ts';
import {
  concatBatch,
  full,
  repeatToBatch,
  sliceBatch,
  type Tensor,
} from '../../../../tensor/tensor.ts';
import {
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
import { fitLatent } from './latent-transform-nodes.ts';

const operations = { category: 'latent/advanced/operations', experimental: true } as const;

/** The noise index of each item. */
const indexOf = ({ samples, batch_index }: Latent, first = 0): readonly number[] =>
  batch_index ?? Array.from({ length: samples.shape[0] }, (_, i) => first + i);

const LatentBatch = defineNode({
  type: 'LatentBatch',
  display: 'LatentBatch',
  category: 'latent/batch',
  inputs: { samples1: socket('LATENT'), samples2: socket('LATENT') },
  outputs: [output('LATENT')],
  run: ({ samples1, samples2 }) =>
    outputs({
      ...samples1,
      samples: concatBatch([samples1.samples, fitLatent(samples2.samples, samples1.samples)]),
      batch_index: [...indexOf(samples1), ...indexOf(samples2)],
    }),
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
interface Items {
  readonly samples: Tensor;
  readonly mask: Tensor;
  readonly index: readonly number[];
}

function itemsOf(latent: Latent, first: number): Items {
  const { samples, noise_mask } = latent;
  const [count, , height, width] = samples.shape;
  const mask = noise_mask ?? full([count, height * 8, width * 8], 1);
  return {
    samples,
    mask: mask.shape[0] < count ? repeatToBatch(mask, count) : mask,
    index: indexOf(latent, first),
  };
}

const slice = ({ samples, mask, index }: Items, from: number, to: number): Items => ({
  samples: sliceBatch(samples, from, Math.min(to, samples.shape[0])),
  mask: sliceBatch(mask, from, Math.min(to, mask.shape[0])),
  index: index.slice(from, to),
});

function join(a: Items, b: Items): Items {
  for (const [one, two] of [
    [a.samples, b.samples],
    [a.mask, b.mask],
  ])
    if (`${one.shape.slice(1)}` !== `${two.shape.slice(1)}`)
      throw new DarkroomError('DR_SHAPE_MISMATCH', {
        message: `latents or noise masks of [${one.shape}] and [${two.shape}] don't make a batch`,
        hint: 'Give masks of 8 times the size of their latents, and latents of the same kind of model.',
        input: 'latents',
      });
  return {
    samples: concatBatch([a.samples, b.samples]),
    mask: concatBatch([a.mask, b.mask]),
    index: [...a.index, ...b.index],
  };
}

const latentOf = ({ samples, mask, index }: Items): Latent => ({
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
    const done: Items[] = [];
    let current: Items | undefined;
    let seen = 0;
    for (const latent of latents) {
      const next = itemsOf(latent, seen);
      seen += next.index.length;
      if (!current) current = next;
      else if (`${next.samples.shape.slice(2)}` !== `${current.samples.shape.slice(2)}`) {
        done.push(slice(current, 0, size));
        current = next;
      } else current = join(current, next);
      const count: number = current.samples.shape[0];
      if (count <= size) continue;
      const whole = Math.floor(count / size) * size;
      for (let from = 0; from < whole; from += size) done.push(slice(current, from, from + size));
      current = whole < count ? slice(current, whole, count) : undefined;
    }
    if (current) done.push(slice(current, 0, size));
    return outputs(done.map(latentOf));
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
  LatentBatchSeedBehavior,
  RebatchLatents,
  LatentApplyOperation,
  LatentApplyOperationCFG,
  LatentOperationTonemapReinhard,
  LatentOperationSharpen,
];
