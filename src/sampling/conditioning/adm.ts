// The ADM vector: SDXL's pooled prompt and sizes as sinusoids, or the image embedding of unCLIP
// models (comfy.model_base SDXL, SDXLRefiner and SD21UNCLIP encode_adm).

import { DarkroomError } from '../../errors.ts';
import { timestepEmbedding } from '../../models/unet/timestep.ts';
import { allocate } from '../../tensor/allocate.ts';
import { type Tensor, tensor } from '../../tensor/tensor.ts';
import type { ConditioningEntry, Model } from '../sampling-types.ts';
import { noiseLevelOf } from './noise-level.ts';
import { unclipVector } from './unclip.ts';

/** Width of each number's sinusoidal embedding. */
const WIDTH = 256;

export interface AdmRun {
  readonly side: 'positive' | 'negative';
  /** Size of the image in pixels. */
  readonly width: number;
  readonly height: number;
  readonly seed: bigint;
}

interface AdmSource extends AdmRun {
  readonly entry: ConditioningEntry;
}

const sizeAndCrop = ({ entry, width, height }: AdmSource): number[] => [
  height,
  width,
  entry.crop_h ?? 0,
  entry.crop_w ?? 0,
];

/** The numbers whose embeddings follow the pooled prompt, by model family. */
const ADM_NUMBERS: Readonly<Partial<Record<Model['family'], (source: AdmSource) => number[]>>> = {
  sdxl: (source) => [
    ...sizeAndCrop(source),
    source.entry.target_height ?? source.height,
    source.entry.target_width ?? source.width,
  ],
  'sdxl-refiner': (source) => [
    ...sizeAndCrop(source),
    source.entry.aesthetic_score ?? (source.side === 'negative' ? 2.5 : 6),
  ],
};

/**
 * Returns an entry's vector y [1, admChannels], or its noise level [1, 1]. Throws DR_INPUT_INVALID
 * if the entry has no pooled prompt or image embedding of the model's width.
 */
export function admVector(model: Model, entry: ConditioningEntry, run: AdmRun): Tensor {
  const { side, width, height, seed } = run;
  if (model.denoiser.hasNoiseLevels) return tensor([1, 1], Float32Array.of(noiseLevelOf(entry)));
  const numbers = ADM_NUMBERS[model.family]?.({
    ...run,
    entry,
    width: entry.width ?? width,
    height: entry.height ?? height,
  });
  const { admChannels } = model.denoiser;
  const embedding = entry.unclip_conditioning?.length
    ? unclipVector(entry.unclip_conditioning, seed)
    : undefined;
  if (!numbers) {
    checkEmbedding(model, admChannels / 2, embedding, side);
    return tensor([1, admChannels], embedding ?? allocate(admChannels));
  }
  const expected = admChannels - numbers.length * WIDTH;
  checkEmbedding(model, expected, embedding, side);
  const pooled = embedding?.subarray(0, expected) ?? entry.pooled_output?.data;
  if (pooled?.length !== expected)
    throw new DarkroomError('DR_INPUT_INVALID', {
      message: pooled
        ? `the ${side} conditioning's pooled prompt has ${pooled.length} values, ` +
          `but the model (${model.family}) expects ${expected}`
        : `the ${side} conditioning has no pooled prompt, which the model (${model.family}) needs`,
      hint: 'Encode the prompt with the CLIP of the same checkpoint as the model.',
      input: side,
    });
  const y = allocate(admChannels);
  y.set(pooled);
  y.set(timestepEmbedding(numbers, WIDTH).data, pooled.length);
  return tensor([1, y.length], y);
}

function checkEmbedding(
  model: Model,
  expected: number,
  embedding: Float32Array | undefined,
  side: string,
): void {
  if (!embedding || embedding.length === 2 * expected) return;
  throw new DarkroomError('DR_INPUT_INVALID', {
    message:
      `the ${side} conditioning's image embeddings have ${embedding.length / 2} values, ` +
      `but the model (${model.family}) expects ${expected}`,
    hint:
      'Encode the images with the CLIP vision model that belongs to the model: ' +
      'its own for unCLIP models, ViT-bigG for SDXL.',
    input: side,
  });
}
