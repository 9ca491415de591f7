// A checkpoint file as its parts: UNet, text encoders, autoencoder. Only the header is read here; networks open when first used.
import { DarkroomError } from '../errors.ts';
import { openSafetensors, type Safetensors } from '../formats/safetensors.ts';
import { type ClipLayout, HUGGING_FACE, OPEN_CLIP } from '../models/clip/layout.ts';
import { weightsOf } from '../models/weights.ts';
import type { Runtime } from './runtime.ts';
import { createTextEncoder } from './text-encoder.ts';
import type { Autoencoder, TextEncoder, UNet } from './types.ts';

export type Family = 'sd1' | 'sd2' | 'sdxl' | 'sdxl-refiner';

export interface Checkpoint {
  readonly file: string;
  readonly family: Family;
  /** Absent when the file has no UNet; so with the other parts. */
  readonly unet?: UNet;
  /** SDXL: CLIP-L, then CLIP-G; the refiner: CLIP-G; SD1: CLIP-L; SD2: CLIP-H. */
  readonly encoders: readonly TextEncoder[];
  readonly vae?: Autoencoder;
  readonly prediction: 'eps' | 'v';
  /** The noise schedule is rescaled to end without signal. */
  readonly zsnr: boolean;
  /** Model latents = VAE latents x scale. */
  readonly latentScale: number;
}

interface EncoderPlace {
  readonly kind: TextEncoder['kind'];
  readonly layout: ClipLayout;
  /** The first of these that the file has. */
  readonly prefixes: readonly string[];
}

interface FamilyLayout {
  readonly family: Family;
  readonly latentScale: number;
  readonly encoders: readonly EncoderPlace[];
}

const inConditioner = (kind: EncoderPlace['kind'], index: number): EncoderPlace => ({
  kind,
  layout: OPEN_CLIP,
  prefixes: [`conditioner.embedders.${index}.model.`],
});

const FAMILIES: readonly FamilyLayout[] = [
  {
    family: 'sdxl',
    latentScale: 0.13025,
    encoders: [
      { kind: 'clip_l', layout: HUGGING_FACE, prefixes: ['conditioner.embedders.0.transformer.text_model.'] },
      inConditioner('clip_g', 1),
    ],
  },
  { family: 'sdxl-refiner', latentScale: 0.13025, encoders: [inConditioner('clip_g', 0)] },
  {
    family: 'sd1',
    latentScale: 0.18215,
    encoders: [
      { kind: 'clip_l', layout: HUGGING_FACE, prefixes: ['cond_stage_model.transformer.text_model.', 'cond_stage_model.transformer.'] },
    ],
  },
  {
    family: 'sd2',
    latentScale: 0.18215,
    encoders: [{ kind: 'clip_h', layout: OPEN_CLIP, prefixes: ['cond_stage_model.model.', 'conditioner.embedders.0.model.'] }],
  },
];

/**
 * Reads what a checkpoint holds. Throws DR_MODEL_UNSUPPORTED when it is none that is known, and what openSafetensors throws.
 */
export async function loadCheckpoint(file: string, runtime: Runtime): Promise<Checkpoint> {
  const tensors = await openSafetensors(file);
  try {
    return await partsOf(tensors, runtime);
  } finally {
    await tensors.close();
  }
}

async function partsOf({ file, tensors }: Safetensors, runtime: Runtime): Promise<Checkpoint> {
  const prefixOf = ({ layout, prefixes }: EncoderPlace): string | undefined => prefixes.find((p) => tensors.has(p + layout.tokens));
  const layout = FAMILIES.find((f) => f.encoders.every(prefixOf));
  if (!layout)
    throw new DarkroomError('DR_MODEL_UNSUPPORTED', {
      message: `${file} is no checkpoint that is known`,
      hint: 'Checkpoints of SD1.x, SD2.x, SDXL and its refiner in the original layout are supported.',
      file,
    });
  const encoders = layout.encoders.map((place) =>
    createTextEncoder(runtime, place.kind, weightsOf(file, tensors, prefixOf(place)!, { halves: true }), place.layout),
  );
  return { file, family: layout.family, encoders, prediction: 'eps', zsnr: false, latentScale: layout.latentScale };
}
