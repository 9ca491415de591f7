// unCLIP (Ramesh et al. 2022, arXiv 2204.06125; Stable unCLIP 2.1): noised image embeddings as a
// UNet's ADM vector. Source: comfy.model_base unclip_adm, CLIPEmbeddingNoiseAugmentation.

import { timestepEmbedding } from '../../models/unet/timestep.ts';
import { type TorchGenerator, torchGenerator } from '../../random/torch-generator.ts';
import { allocate } from '../../tensor/allocate.ts';
import { roundHalfEven } from '../../tensor/round-half-even.ts';
import { f32 } from '../float32.ts';
import type { UnclipCondition } from '../sampling-types.ts';

const LEVELS = 1000;
/** Noise augmentation of the sum of several embeddings. */
const MERGED_NOISE = 0.05;
const SEED_OFFSET = 10n;

/** Shares of embedding and noise at a level: the cosine schedule (Nichol and Dhariwal 2021). */
function sharesAt(level: number): readonly [embedding: number, noise: number] {
  const signal = (t: number): number => Math.cos((((t + 0.008) / 1.008) * Math.PI) / 2) ** 2;
  let product = 1;
  for (let i = 0; i <= level; i++)
    product *= 1 - Math.min(1 - signal((i + 1) / LEVELS) / signal(i / LEVELS), 0.999);
  return [f32(Math.sqrt(product)), f32(Math.sqrt(1 - product))];
}

/** Returns the noised embedding followed by the sinusoidal embedding of its level, [2 D]. */
function noised(embedding: Float32Array, amount: number, generator: TorchGenerator): Float32Array {
  const width = embedding.length;
  const level = roundHalfEven((LEVELS - 1) * amount);
  const [share, noiseShare] = sharesAt(level);
  const noise = generator.randn(width);
  const out = allocate(2 * width);
  for (let i = 0; i < width; i++) out[i] = f32(share * embedding[i]) + f32(noiseShare * noise[i]);
  out.set(timestepEmbedding([level], width).data, width);
  return out;
}

/**
 * Returns the vector [2 D] of image embeddings, all of width D. The noise is drawn for `seed` in
 * the original's order.
 */
export function unclipVector(conditions: readonly UnclipCondition[], seed: bigint): Float32Array {
  // Each embedding restarts the generator; the sum continues the last one's.
  let generator = torchGenerator(0);
  const vectors = conditions.flatMap(({ embeds, strength, noiseAugmentation }) => {
    const width = embeds.shape[1];
    return Array.from({ length: embeds.shape[0] }, (_, i) => {
      generator = torchGenerator(BigInt.asUintN(64, seed - SEED_OFFSET));
      const one = noised(
        embeds.data.subarray(i * width, (i + 1) * width),
        noiseAugmentation,
        generator,
      );
      return one.map((value) => value * f32(strength));
    });
  });
  if (vectors.length === 1) return vectors[0];
  const sum = vectors.reduce((a, b) => a.map((value, i) => value + b[i]));
  return noised(sum.slice(0, sum.length / 2), MERGED_NOISE, generator);
}
