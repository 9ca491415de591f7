// A checkpoint file as its parts: UNet, text encoders, autoencoder. Only the header is read here; networks open when first used.
import { DarkroomError } from '../errors.ts';
import { openSafetensors, type Safetensors } from '../formats/safetensors.ts';
import { type ClipLayout, HUGGING_FACE, OPEN_CLIP } from '../models/clip/layout.ts';
import { weightsOf } from '../models/weights.ts';
import { findAutoencoder } from './autoencoder.ts';
import type { Runtime } from './runtime.ts';
import { createTextEncoder } from './text-encoder.ts';
import type { Autoencoder, TextEncoder, UNet } from './types.ts';
import { createUNet } from './unet.ts';

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
  /** Whether its UNet takes an ADM vector, and the width of its token features (which decides for a file without encoders). */
  readonly adm: boolean;
  readonly contextDim: number;
  /** What the UNet predicts. */
  readonly prediction: (file: Safetensors) => Promise<Pick<Checkpoint, 'prediction' | 'zsnr'>>;
}

const UNET = 'model.diffusion_model.';
const VAE = 'first_stage_model.';

const inConditioner = (kind: EncoderPlace['kind'], index: number): EncoderPlace => ({
  kind,
  layout: OPEN_CLIP,
  prefixes: [`conditioner.embedders.${index}.model.`],
});

const eps: FamilyLayout['prediction'] = async () => ({ prediction: 'eps', zsnr: false });

/** SDXL checkpoints say what they predict by tensors that are there or not. */
const byMarks: FamilyLayout['prediction'] = async ({ file, tensors }) => {
  const other = ['edm_mean', 'edm_vpred.sigma_max'].find((mark) => tensors.has(mark));
  if (other) throw unsupported(file, `${file} is an EDM model (${other})`);
  return { prediction: tensors.has('v_pred') ? 'v' : 'eps', zsnr: tensors.has('v_pred') && tensors.has('ztsnr') };
};

const SD2_MARK = `${UNET}output_blocks.11.1.transformer_blocks.0.norm1.bias`;

/** SD2's two kinds have equal shapes; ComfyUI tells them by the spread of one bias. Inpainting models always predict eps. */
const bySpread: FamilyLayout['prediction'] = async (file) => {
  const inputs = file.tensors.get(`${UNET}input_blocks.0.0.weight`)?.shape[1];
  if (inputs !== 4 || !file.tensors.has(SD2_MARK)) return { prediction: 'eps', zsnr: false };
  const { data } = await file.read(SD2_MARK);
  const mean = data.reduce((n, v) => n + v, 0) / data.length;
  const spread = Math.sqrt(data.reduce((n, v) => n + (v - mean) ** 2, 0) / data.length);
  return { prediction: spread > 0.09 ? 'v' : 'eps', zsnr: false };
};

const FAMILIES: readonly FamilyLayout[] = [
  {
    family: 'sdxl',
    latentScale: 0.13025,
    encoders: [
      { kind: 'clip_l', layout: HUGGING_FACE, prefixes: ['conditioner.embedders.0.transformer.text_model.'] },
      inConditioner('clip_g', 1),
    ],
    adm: true,
    contextDim: 2048,
    prediction: byMarks,
  },
  {
    family: 'sdxl-refiner',
    latentScale: 0.13025,
    encoders: [inConditioner('clip_g', 0)],
    adm: true,
    contextDim: 1280,
    prediction: eps,
  },
  {
    family: 'sd1',
    latentScale: 0.18215,
    encoders: [
      { kind: 'clip_l', layout: HUGGING_FACE, prefixes: ['cond_stage_model.transformer.text_model.', 'cond_stage_model.transformer.'] },
    ],
    adm: false,
    contextDim: 768,
    prediction: eps,
  },
  {
    family: 'sd2',
    latentScale: 0.18215,
    encoders: [{ kind: 'clip_h', layout: OPEN_CLIP, prefixes: ['cond_stage_model.model.', 'conditioner.embedders.0.model.'] }],
    adm: false,
    contextDim: 1024,
    prediction: bySpread,
  },
];

/** Reads what a checkpoint holds. Throws DR_MODEL_UNSUPPORTED when it is none that is known, and what openSafetensors throws. */
export async function loadCheckpoint(file: string, runtime: Runtime): Promise<Checkpoint> {
  const tensors = await openSafetensors(file);
  try {
    return await partsOf(tensors, runtime);
  } finally {
    await tensors.close();
  }
}

async function partsOf(from: Safetensors, runtime: Runtime): Promise<Checkpoint> {
  const { file, tensors } = from;
  const weights = weightsOf(file, tensors, UNET);
  const unet = weights.has('input_blocks.0.0.weight') ? createUNet(runtime, weights) : undefined;
  const prefixOf = ({ layout, prefixes }: EncoderPlace): string | undefined => prefixes.find((p) => tensors.has(p + layout.tokens));
  const fits = FAMILIES.filter((f) => !unet || f.adm === unet.admChannels > 0);
  const layout = fits.find((f) => f.encoders.every(prefixOf)) ?? fits.find((f) => f.contextDim === unet?.contextDim);
  if (!layout) throw unsupported(file, `${file} is no checkpoint of a known family`);
  const encoders = layout.encoders.flatMap((place) => {
    const prefix = prefixOf(place);
    if (prefix === undefined) return [];
    // ComfyUI keeps text encoders in float16, whatever the file holds, and computes in float32.
    return [createTextEncoder(runtime, place.kind, weightsOf(file, tensors, prefix, { halves: true }), place.layout)];
  });
  const vae = await findAutoencoder(runtime, from, VAE);
  const { prediction, zsnr } = await layout.prediction(from);
  return { file, family: layout.family, unet, encoders, vae, prediction, zsnr, latentScale: layout.latentScale };
}

const unsupported = (file: string, message: string): DarkroomError =>
  new DarkroomError('DR_MODEL_UNSUPPORTED', {
    message,
    hint: 'Checkpoints of SD1.x, SD2.x, SDXL and its refiner in the original layout are supported.',
    file,
  });
