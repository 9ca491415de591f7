// The workflow that the page starts with: text to image on a model of this machine, with the
// loaders, the size and the settings that suit its family.
import type { ModelFile } from '../formats/identify/identified-model.ts';
import type { ModelDescription } from '../formats/model-file.ts';
import { locationOf } from '../models/inspect/model-listing.ts';
import type { Folders } from '../storage/folders.ts';
import type { PromptGraph } from './api-types.ts';
import { findEncoders, findVae, identifyIn } from './start-files.ts';
import { type StartFiles, startGraph } from './start-graph.ts';
import { START_PRESETS, type StartPreset } from './start-presets.ts';

/** The checkpoint that is part of the package. */
const EMBEDDED = 'darkroom-tiny-base.safetensors';
const EMBEDDED_NOTE =
  'This is the small model that Darkroom includes; it knows prompts such as “panda, flat style, ' +
  'green background”. For pictures of any kind, put a checkpoint (SD1.5, SDXL …) into the folder ' +
  'models/checkpoints.';
const EMBEDDED_PRESET: StartPreset = {
  ...START_PRESETS.sdxl,
  ...{ side: 128, cfg: 4.5, sampler: 'dpmpp_2m', scheduler: 'karras' },
};
/** Of a file that can't be read. */
const UNKNOWN_PRESET = START_PRESETS.sd1;
/** After these, models are inspected for this long: a large folder does not delay the page. */
const FIRST_FILES = 8;
const SEARCH_MS = 2000;
/** The first layers of transformers. */
const FIRST_LAYERS = ['img_in.weight', 'x_embedder.weight'];

interface ModelSource {
  readonly folder: string;
  readonly title: string;
  readonly class_type: string;
  /** The input with the name of the file. */
  readonly input: string;
  readonly inputs: Readonly<Record<string, unknown>>;
}

const CHECKPOINTS: ModelSource = {
  folder: 'checkpoints',
  title: 'Checkpoint',
  class_type: 'CheckpointLoaderSimple',
  input: 'ckpt_name',
  inputs: {},
};
/** Where models are, in the order in which they are searched. */
const SOURCES: readonly ModelSource[] = [
  CHECKPOINTS,
  {
    folder: 'diffusion_models',
    title: 'Diffusion model',
    class_type: 'UNETLoader',
    input: 'unet_name',
    inputs: { weight_dtype: 'default' },
  },
  {
    folder: 'unet_gguf',
    title: 'Diffusion model',
    class_type: 'UnetLoaderGGUF',
    input: 'unet_name',
    inputs: {},
  },
];

export interface StartWorkflow {
  readonly graph: PromptGraph<unknown>;
  readonly notes: readonly string[];
}

/** A model by its name in its folder; neither: the first that is suitable. */
export interface RequestedModel {
  readonly checkpoint?: string;
  readonly diffusionModel?: string;
}

interface Model {
  readonly source: ModelSource;
  readonly name: string;
}

/** A model, and what its file is where that is known already. */
interface Selection {
  readonly model: Model;
  readonly found?: Described;
}

type DiffusionModel = Extract<ModelFile, { readonly kind: 'checkpoint' | 'diffusion-model' }>;
/** A model and the tensors of its file. */
type Described = DiffusionModel & Pick<ModelDescription, 'tensors'>;

/**
 * Text to image on a model; by default on the first that can make pictures from text alone.
 * undefined when there is no such model.
 */
export async function startWorkflow(
  folders: Folders,
  { checkpoint, diffusionModel }: RequestedModel = {},
): Promise<StartWorkflow | undefined> {
  const requested = checkpoint ?? diffusionModel;
  const selected: Selection | undefined =
    requested === undefined
      ? await firstSuitable(folders)
      : modelsOf(folders)
          .filter(
            (one) => one.name === requested && isCheckpoint(one) === (checkpoint !== undefined),
          )
          .map((model) => ({ model }))[0];
  if (!selected) return undefined;
  const { model } = selected;
  const { source, name } = model;
  const loader = {
    title: source.title,
    class_type: source.class_type,
    inputs: { [source.input]: name, ...source.inputs },
  };
  if (isEmbedded(folders, model))
    return { graph: startGraph(EMBEDDED_PRESET, { model: loader }), notes: [EMBEDDED_NOTE] };
  const found = selected.found ?? (await describe(folders, model));
  const preset = found ? presetOf(found, name) : UNKNOWN_PRESET;
  const files: StartFiles = {
    model: loader,
    ...(lacks(found, model, 'clip') && { encoders: await findEncoders(folders, preset) }),
    ...(lacks(found, model, 'vae') && { vae: await findVae(folders, preset) }),
  };
  return { graph: startGraph(preset, files), notes: [] };
}

const isEmbedded = (folders: Folders, { source, name }: Model): boolean =>
  source === CHECKPOINTS &&
  name === EMBEDDED &&
  !locationOf(folders, { folder: source.folder, name });

/** A loader of diffusion models reads nothing but the model, whatever its file contains. */
const lacks = (found: Described | undefined, { source }: Model, part: 'clip' | 'vae'): boolean =>
  source !== CHECKPOINTS || (found?.kind === 'checkpoint' && !found.has[part]);

function presetOf({ family }: DiffusionModel, name: string): StartPreset {
  const preset = START_PRESETS[family];
  const variant = preset.variants?.find((other) => other.name.test(name));
  const encoders = variant?.encoders ?? preset.encoders;
  return { ...preset, ...variant?.settings, encoders };
}

const modelsOf = (folders: Folders): readonly Model[] =>
  SOURCES.flatMap((source) =>
    folders.modelFiles(source.folder).map((name): Model => ({ source, name })),
  );

async function firstSuitable(folders: Folders): Promise<Selection | undefined> {
  const end = performance.now() + SEARCH_MS;
  const models = modelsOf(folders);
  const own = models.filter(({ source, name }) =>
    locationOf(folders, { folder: source.folder, name }),
  );
  for (const [i, model] of own.entries()) {
    const found = await describe(folders, model);
    if (found && isSuitable(found, model)) return { model, found };
    if (i >= FIRST_FILES && performance.now() > end) break;
  }
  const model = models.find((one) => isEmbedded(folders, one)) ?? own.find(isCheckpoint);
  return model && { model };
}

const isCheckpoint = ({ source }: Model): boolean => source === CHECKPOINTS;

/** Whether a model makes pictures from text alone, with the loader of its folder. */
function isSuitable({ kind, family, denoiser, tensors }: Described, model: Model): boolean {
  if (kind === 'diffusion-model' && isCheckpoint(model)) return false;
  if (family === 'sdxl-refiner' || (denoiser.inChannels ?? 4) !== 4) return false;
  return FIRST_LAYERS.every((layer) => {
    const inputs = tensors.get(denoiser.prefix + layer)?.shape[1];
    return inputs === undefined || inputs === START_PRESETS[family].latentInputs;
  });
}

/** undefined for a file that can't be used. */
async function describe(folders: Folders, { source, name }: Model): Promise<Described | undefined> {
  const { model, tensors } = (await identifyIn(folders, source.folder, name)) ?? {};
  const isModel = model?.kind === 'checkpoint' || model?.kind === 'diffusion-model';
  return tensors && isModel ? { ...model, tensors } : undefined;
}
