// SDXL's vector condition: the pooled prompt and sizes as sinusoids (comfy.model_base SDXL and SDXLRefiner encode_adm).
import { DarkroomError } from '../errors.ts';
import { timestepEmbedding } from '../models/unet/timestep.ts';
import { type Tensor, tensor } from '../tensor/tensor.ts';
import type { ConditioningEntry, Model } from './types.ts';

/** Width of each number's sinusoids. */
const WIDTH = 256;

interface AdmSource {
  readonly entry: ConditioningEntry;
  readonly side: 'positive' | 'negative';
  readonly width: number;
  readonly height: number;
}

const sizeAndCrop = ({ entry, width, height }: AdmSource): number[] => [height, width, entry.crop_h ?? 0, entry.crop_w ?? 0];

/** The numbers that follow the pooled prompt, by model family. */
const ADM_NUMBERS: Readonly<Partial<Record<Model['family'], (source: AdmSource) => number[]>>> = {
  sdxl: (source) => [...sizeAndCrop(source), source.entry.target_height ?? source.height, source.entry.target_width ?? source.width],
  'sdxl-refiner': (source) => [...sizeAndCrop(source), source.entry.aesthetic_score ?? (source.side === 'negative' ? 2.5 : 6)],
};

/** The vector y [1, admChannels] of an entry for a picture of height x width. Throws DR_INPUT_INVALID without a pooled prompt that fits. */
export function admVector(model: Model, entry: ConditioningEntry, side: 'positive' | 'negative', height: number, width: number): Tensor {
  const numbers = ADM_NUMBERS[model.family]?.({ entry, side, width: entry.width ?? width, height: entry.height ?? height });
  if (!numbers) throw new Error(`internal: no ADM vector for family ${model.family}`);
  const pooled = entry.pooled_output;
  if (!pooled || pooled.data.length + numbers.length * WIDTH !== model.unet.admChannels)
    throw new DarkroomError('DR_INPUT_INVALID', {
      message: pooled
        ? `the ${side} conditioning's pooled prompt has ${pooled.data.length} values, the model (${model.family}) expects ${model.unet.admChannels - numbers.length * WIDTH}`
        : `the ${side} conditioning has no pooled prompt, which the model (${model.family}) needs`,
      hint: 'Encode the prompt with the CLIP of the same checkpoint as the model.',
      input: side,
    });
  const y = new Float32Array(model.unet.admChannels);
  y.set(pooled.data);
  y.set(timestepEmbedding(numbers, WIDTH).data, pooled.data.length);
  return tensor([1, y.length], y);
}
