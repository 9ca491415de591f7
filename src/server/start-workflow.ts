// The workflow that the page starts with: text to image on a checkpoint of this machine, with the
// size and the settings that suit its family.
import { DarkroomError } from '../errors.ts';
import { identifyListed, locationOf, type ModelIdentity } from '../models/inspect/model-listing.ts';
import type { Folders } from '../storage/folders.ts';
import type { PromptGraph } from './api-types.ts';

const FOLDER = 'checkpoints';
/** The checkpoint that is part of the package. */
const EMBEDDED = 'darkroom-tiny-base.safetensors';
const EMBEDDED_NOTE =
  'This is the small model that Darkroom includes; it knows prompts such as “panda, flat style, ' +
  'green background”. For pictures of any kind, put a checkpoint (SD1.5, SDXL …) into the folder ' +
  'models/checkpoints.';
/** After these, checkpoints are inspected for this long: a large folder does not delay the page. */
const FIRST_FILES = 8;
const SEARCH_MS = 2000;
/** Parts of the descriptions of models that need a picture, or another model before them. */
const UNSUITABLE = /refiner|inpainting|pix2pix|input channels/;

interface Preset {
  readonly width: number;
  readonly height: number;
  readonly steps: number;
  readonly cfg: number;
  readonly sampler: string;
  readonly scheduler: string;
}

const square = (side: number): Pick<Preset, 'width' | 'height'> => ({ width: side, height: side });
/** Steps, cfg, sampler and scheduler of ComfyUI's default workflow. */
const DEFAULTS = { steps: 20, cfg: 8, sampler: 'euler', scheduler: 'normal' };
const EMBEDDED_PRESET: Preset = {
  ...square(128),
  ...{ steps: 20, cfg: 4.5, sampler: 'dpmpp_2m', scheduler: 'karras' },
};
/** Presets by the beginning of a model's description; the first that matches. */
const PRESETS: readonly (readonly [description: RegExp, preset: Preset])[] = [
  [/^SDXL/, { ...DEFAULTS, ...square(1024) }],
  [/^SD2.*predicts v/, { ...DEFAULTS, ...square(768) }],
  [/^/, { ...DEFAULTS, ...square(512) }],
];

export interface StartWorkflow {
  readonly graph: PromptGraph<unknown>;
  readonly notes: readonly string[];
}

/**
 * Text to image on a checkpoint; by default on the first that can make pictures from text alone.
 * undefined when there is no such checkpoint.
 */
export async function startWorkflow(
  folders: Folders,
  requested?: string,
): Promise<StartWorkflow | undefined> {
  const names = folders.modelFiles(FOLDER);
  const checkpoint = requested ?? (await firstSuitable(folders, names));
  if (checkpoint === undefined || !names.includes(checkpoint)) return undefined;
  const isEmbedded = checkpoint === EMBEDDED && !locationOf(folders, fileOf(checkpoint));
  if (isEmbedded) return { graph: graphOf(checkpoint, EMBEDDED_PRESET), notes: [EMBEDDED_NOTE] };
  const { architecture = '' } = (await identify(folders, checkpoint)) ?? {};
  const preset = PRESETS.find(([description]) => description.test(architecture))![1];
  return { graph: graphOf(checkpoint, preset), notes: [] };
}

const fileOf = (name: string) => ({ folder: FOLDER, name });

async function firstSuitable(
  folders: Folders,
  names: readonly string[],
): Promise<string | undefined> {
  const end = performance.now() + SEARCH_MS;
  const own = names.filter((name) => locationOf(folders, fileOf(name)));
  for (const [i, name] of own.entries()) {
    const model = await identify(folders, name);
    if (model?.kind === 'checkpoint' && !UNSUITABLE.test(model.architecture)) return name;
    if (i >= FIRST_FILES && performance.now() > end) break;
  }
  return names.find((name) => name === EMBEDDED) ?? own[0];
}

/** undefined for a file that can't be used. */
async function identify(folders: Folders, name: string): Promise<ModelIdentity | undefined> {
  try {
    return await identifyListed(folders, fileOf(name));
  } catch (error) {
    if (error instanceof DarkroomError) return undefined;
    throw error;
  }
}

function graphOf(checkpoint: string, preset: Preset): PromptGraph<unknown> {
  const { width, height, steps, cfg, sampler, scheduler } = preset;
  const node = (title: string, class_type: string, inputs: Readonly<Record<string, unknown>>) => ({
    ...{ class_type, inputs, _meta: { title } },
  });
  return {
    '1': node('Checkpoint', 'CheckpointLoaderSimple', { ckpt_name: checkpoint }),
    '2': node('Prompt', 'CLIPTextEncode', { text: '', clip: ['1', 1] }),
    '3': node('Negative prompt', 'CLIPTextEncode', { text: '', clip: ['1', 1] }),
    '4': node('Size', 'EmptyLatentImage', { width, height, batch_size: 1 }),
    '5': node('Sampler', 'KSampler', {
      ...{ seed: 0, steps, cfg, sampler_name: sampler, scheduler, denoise: 1 },
      ...{ model: ['1', 0], positive: ['2', 0], negative: ['3', 0], latent_image: ['4', 0] },
    }),
    '6': node('Decode', 'VAEDecode', { samples: ['5', 0], vae: ['1', 2] }),
    '7': node('Save', 'SaveImage', { filename_prefix: 'Darkroom', images: ['6', 0] }),
  };
}
