// The vector that a UNet is told beside the prompt: SDXL's pooled prompt and sizes as sinusoids, the pictures of unCLIP models
// (comfy.model_base SDXL, SDXLRefiner and SD21UNCLIP encode_adm).
import { DarkroomError } from '../../errors.ts';
import { timestepEmbedding } from '../../models/unet/timestep.ts';
import { type Tensor, tensor } from '../../tensor/tensor.ts';
import type { ConditioningEntry, Model } from '../sampling-types.ts';
import { unclipVector } from './unclip.ts';

/** Width of each number's sinusoids. */
const WIDTH = 256;

/** The picture that an entry is for, and the run. */
interface AdmRun {
  readonly side: 'positive' | 'negative';
  /** In pixels. */
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

/** The numbers that follow the pooled prompt, by model family. */
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

/** The vector y [1, admChannels] of an entry. Throws DR_INPUT_INVALID without a pooled prompt, or pictures, that fit. */
export function admVector(model: Model, entry: ConditioningEntry, run: AdmRun): Tensor {
  const { side, width, height, seed } = run;
  const numbers = ADM_NUMBERS[model.family]?.({
    ...run,
    entry,
    width: entry.width ?? width,
    height: entry.height ?? height,
  });
  const { admChannels } = model.unet;
  const pictures = entry.unclip_conditioning?.length
    ? unclipVector(entry.unclip_conditioning, seed)
    : undefined;
  if (!numbers) {
    checkPictures(model, admChannels / 2, pictures, side);
    return tensor([1, admChannels], pictures ?? new Float32Array(admChannels));
  }
  const expected = admChannels - numbers.length * WIDTH;
  checkPictures(model, expected, pictures, side);
  const pooled = pictures?.subarray(0, expected) ?? entry.pooled_output?.data;
  if (pooled?.length !== expected)
    throw new DarkroomError('DR_INPUT_INVALID', {
      message: pooled
        ? `the ${side} conditioning's pooled prompt has ${pooled.length} values, the model (${model.family}) expects ${expected}`
        : `the ${side} conditioning has no pooled prompt, which the model (${model.family}) needs`,
      hint: 'Encode the prompt with the CLIP of the same checkpoint as the model.',
      input: side,
    });
  const y = new Float32Array(admChannels);
  y.set(pooled);
  y.set(timestepEmbedding(numbers, WIDTH).data, pooled.length);
  return tensor([1, y.length], y);
}

function checkPictures(
  model: Model,
  expected: number,
  pictures: Float32Array | undefined,
  side: string,
): void {
  if (!pictures || pictures.length === 2 * expected) return;
  throw new DarkroomError('DR_INPUT_INVALID', {
    message: `the ${side} conditioning's pictures have ${pictures.length / 2} values, the model (${model.family}) expects ${expected}`,
    hint: 'Encode them with the CLIP vision model that belongs to the model: its own for unCLIP models, ViT-bigG for SDXL.',
    input: side,
  });
}
