// Converts A1111's `parameters` to a workflow of ComfyUI's nodes. The image is similar, not the
// same: A1111 generates noise and weights prompts differently.
import { DarkroomError } from '../../errors.ts';
import type { Json, JsonObject } from '../../formats/json.ts';
import type { Graph, GraphNode } from '../api-graph.ts';
import type { NodeTable } from '../node-table.ts';
import {
  type A1111Parameters,
  isA1111,
  numberSetting,
  parseParameters,
  roundUp,
  samplerOf,
  sizeSetting,
} from './a1111-parameters.ts';

/** Adds a node and returns its id. */
type AddNode = (classType: string, inputs: JsonObject) => string;

/**
 * The graph of a `parameters` text: loader, LoRAs, prompts, sampler, and a second pass for hires
 * fix. `file` is for messages. Throws DR_WORKFLOW_FORMAT.
 */
export function a1111Graph(
  text: string,
  file: string,
  nodes: NodeTable,
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
  const add: AddNode = (classType, inputs) => {
    const id = String(graph.size + 1);
    const title = nodes.get(classType)?.display ?? classType;
    const source = { inputs, class_type: classType, _meta: { title } };
    graph.set(id, { classType, inputs, title, source });
    return id;
  };
  const loaded = addModel(add, parameters);
  const latent = addSampling(add, parameters, loaded, steps);
  addOutput(add, parameters, loaded.loader, latent);
  return { graph, notes: notesOn(parameters, nodes) };
}

interface LoadedModel {
  /** Id of the checkpoint loader. */
  readonly loader: string;
  readonly model: Json;
  readonly clip: Json;
}

/** Checkpoint, LoRAs and clip skip. */
function addModel(add: AddNode, parameters: A1111Parameters): LoadedModel {
  const { settings, loras } = parameters;
  const loader = add('CheckpointLoaderSimple', {
    ckpt_name: fileName(settings.get('model') ?? 'model'),
  });
  let model: Json = [loader, 0];
  let clip: Json = [loader, 1];
  for (const { name, weight } of loras) {
    const lora = add('LoraLoader', {
      model,
      clip,
      lora_name: fileName(name),
      strength_model: weight,
      strength_clip: weight,
    });
    model = [lora, 0];
    clip = [lora, 1];
  }
  const skip = Math.trunc(numberSetting(parameters, 'clip skip', 1));
  if (skip > 1)
    clip = [add('CLIPSetLastLayer', { clip, stop_at_clip_layer: -Math.min(skip, 24) }), 0];
  return { loader, model, clip };
}

/** Prompts and samplers; returns the link to the last latent. */
function addSampling(
  add: AddNode,
  parameters: A1111Parameters,
  { model, clip }: LoadedModel,
  steps: number,
): Json {
  const { samplerName, scheduler } = samplerOf(parameters);
  const common = {
    model,
    positive: [add('CLIPTextEncode', { clip, text: parameters.positive }), 0],
    negative: [add('CLIPTextEncode', { clip, text: parameters.negative }), 0],
    seed: seedOf(parameters),
    cfg: numberSetting(parameters, 'cfg scale', 7),
    sampler_name: samplerName,
    scheduler,
  };
  const size = sizeSetting(parameters, 'size') ?? [512, 512];
  const empty = add('EmptyLatentImage', { width: size[0], height: size[1], batch_size: 1 });
  const first = add('KSampler', { ...common, steps, denoise: 1, latent_image: [empty, 0] });
  const hiresSize = hiresSizeOf(parameters, size);
  if (!hiresSize) return [first, 0];
  const upscaled = add('LatentUpscale', {
    samples: [first, 0],
    upscale_method: upscaleMethodOf(parameters),
    width: hiresSize[0],
    height: hiresSize[1],
    crop: 'disabled',
  });
  const second = add('KSampler', {
    ...common,
    steps: Math.trunc(numberSetting(parameters, 'hires steps', 0)) || steps,
    denoise: numberSetting(parameters, 'denoising strength', 0.7),
    latent_image: [upscaled, 0],
  });
  return [second, 0];
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

function upscaleMethodOf({ settings }: A1111Parameters): string {
  const upscaler = (settings.get('hires upscaler') ?? '').toLowerCase();
  if (upscaler.includes('nearest')) return 'nearest-exact';
  return upscaler.includes('bicubic') ? 'bicubic' : 'bilinear';
}

function addOutput(
  add: AddNode,
  { settings }: A1111Parameters,
  loader: string,
  samples: Json,
): void {
  const vaeName = settings.get('vae');
  const vae: Json =
    vaeName !== undefined && !/^(none|automatic)$/i.test(vaeName)
      ? [add('VAELoader', { vae_name: fileName(vaeName) }), 0]
      : [loader, 2];
  const image = add('VAEDecode', { samples, vae });
  add('SaveImage', { images: [image, 0], filename_prefix: 'A1111' });
}

function notesOn(parameters: A1111Parameters, nodes: NodeTable): string[] {
  const notes = [
    'converted from A1111 parameters: the image will be similar to the original, not the same',
  ];
  const input = nodes.get('KSampler')?.inputs['sampler_name'];
  const options = input?.kind === 'COMBO' ? input.options : undefined;
  if (Array.isArray(options) && !options.includes(samplerOf(parameters).samplerName))
    notes.push(`there is no sampler for A1111's '${parameters.settings.get('sampler')}'`);
  return notes;
}

/** A1111 names models without their extension. */
const fileName = (name: string): string =>
  /\.(safetensors|ckpt|pt|pth)$/i.test(name) ? name : `${name}.safetensors`;
