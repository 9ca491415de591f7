// Converts A1111's `parameters` to a workflow of ComfyUI's nodes, as importA1111 of ComfyUI's
// editor does. The image is similar, not the same: A1111 generates noise and weights prompts
// differently.
import { DarkroomError } from '../../errors.ts';
import type { Json, JsonObject } from '../../formats/json.ts';
import type { Graph, GraphNode } from '../api-graph.ts';
import type { NodeTable } from '../node-table.ts';
import { fileNamed, knownEmbeddings, type ModelFiles, withEmbeddings } from './a1111-names.ts';
import {
  type A1111Lora,
  type A1111Parameters,
  isA1111,
  numberSetting,
  parseParameters,
  roundUp,
  samplerOf,
  sizeSetting,
} from './a1111-parameters.ts';

/** A graph that is built node by node. */
interface Building {
  readonly parameters: A1111Parameters;
  readonly modelFiles: ModelFiles;
  /** Adds a node and returns its id. */
  add(classType: string, inputs: JsonObject): string;
}

/**
 * The graph of a `parameters` text: loader, LoRAs, prompts, sampler, and a second pass for hires
 * fix. `file` is for messages. `modelFiles` lists the files that names are looked up in. Throws
 * DR_WORKFLOW_FORMAT.
 */
export function a1111Graph(
  text: string,
  file: string,
  nodes: NodeTable,
  modelFiles: ModelFiles = () => [],
): { graph: Graph; notes: readonly string[] } {
  const parameters = parseParameters(text);
  const steps = Number.parseInt(parameters.settings.get('steps') ?? '', 10);
  if (!isA1111(text) || !Number.isInteger(steps))
    throw new DarkroomError('DR_WORKFLOW_FORMAT', {
      message: `${file} has 'parameters' that are not A1111's`,
      hint:
        'They end with a line such as ' +
        '"Steps: 20, Sampler: Euler a, CFG scale: 7, Seed: 1, Size: 512x512".',
      file,
    });
  const graph = new Map<string, GraphNode>();
  const add: Building['add'] = (classType, inputs) => {
    const id = String(graph.size + 1);
    const title = nodes.get(classType)?.display ?? classType;
    const source = { inputs, class_type: classType, _meta: { title } };
    graph.set(id, { classType, inputs, title, source });
    return id;
  };
  const building = { parameters, modelFiles, add };
  const loaded = addModel(building);
  const { samples, vae } = addSampling(building, loaded, steps);
  const image = add('VAEDecode', { samples, vae: vae ?? vaeOf(building, loaded.loader) });
  add('SaveImage', { images: [image, 0], filename_prefix: 'A1111' });
  return { graph, notes: notesOn(parameters, nodes) };
}

interface LoadedModel {
  /** Id of the checkpoint loader. */
  readonly loader: string;
  readonly model: Json;
  readonly clip: Json;
  /** With the LoRAs of the negative prompt, which do not change the positive one. */
  readonly negativeClip: Json;
}

/** Checkpoint, LoRAs and clip skip. */
function addModel(building: Building): LoadedModel {
  const { add, parameters, modelFiles } = building;
  const { settings, loras, negativeLoras } = parameters;
  const loader = add('CheckpointLoaderSimple', {
    ckpt_name: fileNamed('checkpoints', settings.get('model') ?? 'model', modelFiles),
  });
  const positive = addLoras(building, loras, [loader, 0], [loader, 1]);
  const skip = Math.trunc(numberSetting(parameters, 'clip skip', 1));
  const clip: Json =
    skip > 1
      ? [
          add('CLIPSetLastLayer', {
            clip: positive.clip,
            stop_at_clip_layer: -Math.min(skip, 24),
          }),
          0,
        ]
      : positive.clip;
  const negative = addLoras(building, negativeLoras, positive.model, clip);
  return { loader, model: negative.model, clip, negativeClip: negative.clip };
}

function addLoras(
  { add, modelFiles }: Building,
  loras: readonly A1111Lora[],
  model: Json,
  clip: Json,
): { readonly model: Json; readonly clip: Json } {
  for (const { name, weight } of loras) {
    const lora = add('LoraLoader', {
      model,
      clip,
      lora_name: fileNamed('loras', name, modelFiles),
      strength_model: weight,
      strength_clip: weight,
    });
    model = [lora, 0];
    clip = [lora, 1];
  }
  return { model, clip };
}

interface Sampled {
  readonly samples: Json;
  /** The VAE, if the second pass needed it. */
  readonly vae?: Json;
}

/** Prompts and samplers. */
function addSampling(building: Building, loaded: LoadedModel, steps: number): Sampled {
  const { add, parameters, modelFiles } = building;
  const { samplerName, scheduler } = samplerOf(parameters);
  const embeddings = knownEmbeddings(parameters.settings, modelFiles);
  const encode = (clip: Json, text: string): Json => [
    add('CLIPTextEncode', { clip, text: withEmbeddings(text, embeddings) }),
    0,
  ];
  const common = {
    model: loaded.model,
    positive: encode(loaded.clip, parameters.positive),
    negative: encode(loaded.negativeClip, parameters.negative),
    seed: seedOf(parameters),
    cfg: numberSetting(parameters, 'cfg scale', 7),
    sampler_name: samplerName,
    scheduler,
  };
  const size = sizeSetting(parameters, 'size') ?? [512, 512];
  const empty = add('EmptyLatentImage', { width: size[0], height: size[1], batch_size: 1 });
  const first = add('KSampler', { ...common, steps, denoise: 1, latent_image: [empty, 0] });
  const hiresSize = hiresSizeOf(parameters, size);
  if (!hiresSize) return { samples: [first, 0] };
  const { samples, vae } = addUpscale(building, loaded.loader, [first, 0], hiresSize);
  const second = add('KSampler', {
    ...common,
    steps: Math.trunc(numberSetting(parameters, 'hires steps', 0)) || steps,
    denoise: numberSetting(parameters, 'denoising strength', 0.7),
    latent_image: samples,
  });
  return { samples: [second, 0], vae };
}

/** A1111's upscalers that enlarge images without a model, and how. */
const IMAGE_UPSCALERS: ReadonlyMap<string, string> = new Map([
  ['none', 'lanczos'],
  ['lanczos', 'lanczos'],
  ['nearest', 'nearest-exact'],
]);

/** The widgets of VAEDecodeTiled and VAEEncodeTiled as the editor adds them. */
const TILED = { tile_size: 512, overlap: 64, temporal_size: 64, temporal_overlap: 8 };

/** Enlarges the latent of the first pass: itself, or its image, which a model may enlarge first. */
function addUpscale(
  building: Building,
  loader: string,
  samples: Json,
  [width, height]: readonly [number, number],
): Sampled {
  const { add, parameters, modelFiles } = building;
  const upscaler = parameters.settings.get('hires upscaler') ?? 'Latent';
  if (/^latent/i.test(upscaler)) {
    const upscale_method = latentMethodOf(upscaler);
    const size = { width, height, crop: 'disabled' };
    return { samples: [add('LatentUpscale', { samples, upscale_method, ...size }), 0] };
  }
  const vae = vaeOf(building, loader);
  let image: Json = [add('VAEDecodeTiled', { samples, vae, ...TILED }), 0];
  const method = IMAGE_UPSCALERS.get(upscaler.toLowerCase());
  if (method === undefined) {
    const model_name = fileNamed('upscale_models', upscaler, modelFiles);
    const upscale_model: Json = [add('UpscaleModelLoader', { model_name }), 0];
    image = [add('ImageUpscaleWithModel', { upscale_model, image }), 0];
  }
  const scaled = add('ImageScale', {
    image,
    upscale_method: method ?? 'nearest-exact',
    width,
    height,
    crop: 'disabled',
  });
  return { samples: [add('VAEEncodeTiled', { pixels: [scaled, 0], vae, ...TILED }), 0], vae };
}

function seedOf({ settings }: A1111Parameters): Json {
  const text = settings.get('seed') ?? '';
  const seed = /^\d{1,20}$/.test(text) ? BigInt(text) : 0n;
  return seed <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(seed) : seed;
}

/** The size of the second pass; undefined without hires fix. */
function hiresSizeOf(
  parameters: A1111Parameters,
  [width, height]: readonly [number, number],
): readonly [number, number] | undefined {
  const factor = numberSetting(parameters, 'hires upscale', 0);
  return (
    sizeSetting(parameters, 'hires resize') ??
    (factor > 1 ? [roundUp(width * factor), roundUp(height * factor)] : undefined)
  );
}

function latentMethodOf(upscaler: string): string {
  if (/nearest/i.test(upscaler)) return 'nearest-exact';
  return /bicubic/i.test(upscaler) ? 'bicubic' : 'bilinear';
}

/** The VAE that is named, or the checkpoint's. */
function vaeOf({ add, parameters, modelFiles }: Building, loader: string): Json {
  const name = parameters.settings.get('vae');
  return name !== undefined && !/^(none|automatic)$/i.test(name)
    ? [add('VAELoader', { vae_name: fileNamed('vae', name, modelFiles) }), 0]
    : [loader, 2];
}

/** Settings that are used, or that only describe what others name. */
const USED_SETTINGS: ReadonlySet<string> = new Set([
  ...['steps', 'sampler', 'schedule type', 'cfg scale', 'seed', 'size', 'model', 'vae'],
  ...['clip skip', 'hires upscale', 'hires resize', 'hires steps', 'hires upscaler'],
  ...['model hash', 'vae hash', 'ti hashes', 'lora hashes', 'hashes', 'version', 'ensd'],
]);

function notesOn(parameters: A1111Parameters, nodes: NodeTable): string[] {
  const { settings, invalidLoras, positive, negative } = parameters;
  const notes = [
    'converted from A1111 parameters: the image will be similar to the original, not the same',
  ];
  const input = nodes.get('KSampler')?.inputs['sampler_name'];
  const options = input?.kind === 'COMBO' ? input.options : undefined;
  if (Array.isArray(options) && !options.includes(samplerOf(parameters).samplerName))
    notes.push(`there is no sampler for A1111's '${settings.get('sampler')}'`);
  const size = sizeSetting(parameters, 'size') ?? [512, 512];
  const isHires = hiresSizeOf(parameters, size) !== undefined;
  const unused = [...settings].filter(
    ([name]) => !USED_SETTINGS.has(name) && !(isHires && name === 'denoising strength'),
  );
  if (unused.length > 0)
    notes.push(
      `settings of A1111 that are not used: ${unused.map((item) => item.join(' ')).join(', ')}`,
    );
  if (invalidLoras.length > 0)
    notes.push(`LoRAs without a valid weight are left out: ${invalidLoras.join(', ')}`);
  if (/\bBREAK\b/.test(`${positive} ${negative}`))
    notes.push('A1111 splits prompts at the word BREAK; ComfyUI encodes it as a word');
  return notes;
}
