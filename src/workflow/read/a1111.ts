// The `parameters` text that A1111 and Forge write into pictures, as a workflow of ComfyUI's nodes. A good beginning, not the same
// picture: A1111 draws its noise and weighs its prompts in its own way.
import { DarkroomError } from '../../errors.ts';
import type { Json, JsonObject } from '../../formats/json.ts';
import type { Input } from '../../nodes/declare.ts';
import type { Graph, GraphNode } from '../api-graph.ts';
import type { NodeTable } from '../validate/validate.ts';

/** Whether a text is a `parameters` text: prompts, then a line of settings. */
export const isA1111 = (text: string): boolean =>
  !/^\s*[{[]/.test(text) && /(^|\n)Steps:\s*\d+\s*,/.test(text);

interface Settings {
  readonly positive: string;
  readonly negative: string;
  readonly loras: readonly { readonly name: string; readonly weight: number }[];
  readonly options: ReadonlyMap<string, string>;
}

const LORA = /<lora:([^:>]+)(?::([^:>]+))?[^>]*>/g;

function settings(text: string): Settings {
  const lines = text.replaceAll('\r\n', '\n');
  const at = lines.startsWith('Steps:') ? 0 : lines.lastIndexOf('\nSteps:') + 1;
  const prompts = lines.slice(0, at);
  const options = new Map<string, string>();
  const line = lines.slice(at).split('\n')[0];
  for (const [, key, quoted, plain] of line.matchAll(
    /\s*([\w][\w \-/]*):\s*(?:"((?:[^"\\]|\\.)*)"|([^,]*))(?:,|$)/g,
  ))
    options.set(key.trim().toLowerCase(), (quoted ?? plain).trim());
  const split = prompts.startsWith('Negative prompt:')
    ? 0
    : prompts.lastIndexOf('\nNegative prompt:');
  const positive = split < 0 ? prompts : prompts.slice(0, split);
  const negative = split < 0 ? '' : prompts.slice(split).replace(/^\n?Negative prompt:/, '');
  const loras = [...positive.matchAll(LORA)].map(([, name, weight]) => ({
    name,
    weight: Number(weight ?? 1),
  }));
  return {
    positive: positive.replace(LORA, '').trim(),
    negative: negative.replace(LORA, '').trim(),
    loras: loras.filter(({ weight }) => Number.isFinite(weight)),
    options,
  };
}

const SCHEDULERS: Readonly<Record<string, string>> = {
  karras: 'karras',
  exponential: 'exponential',
  'sgm uniform': 'sgm_uniform',
  simple: 'simple',
  normal: 'normal',
  ddim: 'ddim_uniform',
  'kl optimal': 'kl_optimal',
  beta: 'beta',
  uniform: 'normal',
  automatic: 'normal',
};

/** `DPM++ 2M Karras` → dpmpp_2m, karras. */
function samplerOf(options: ReadonlyMap<string, string>): { sampler: string; scheduler: string } {
  let name = (options.get('sampler') ?? 'Euler').toLowerCase().replaceAll('++', 'pp');
  let scheduler = SCHEDULERS[(options.get('schedule type') ?? '').toLowerCase()];
  for (const [word, value] of Object.entries(SCHEDULERS))
    if (name.endsWith(` ${word}`)) {
      name = name.slice(0, -word.length - 1);
      scheduler ??= value;
    }
  const words = name.trim().replace(/\ba\b/, 'ancestral').replaceAll(' ', '_');
  const known: Readonly<Record<string, string>> = {
    dpm2: 'dpm_2',
    dpm2_ancestral: 'dpm_2_ancestral',
    unipc: 'uni_pc',
    plms: 'ipndm',
  };
  return { sampler: known[words] ?? words, scheduler: scheduler ?? 'normal' };
}

/** The file among a combo's options that A1111 names without its folder and ending; the bare name with an ending where it isn't there. */
const withEnding = (name: string): string =>
  /\.(safetensors|ckpt|pt|pth)$/i.test(name) ? name : `${name}.safetensors`;

const MULTIPLE = 8;
const ceil = (value: number): number => Math.ceil(value / MULTIPLE) * MULTIPLE;

/** The graph of a `parameters` text: loader, LoRAs, prompts, sampler, a second pass for hires fix. Throws DR_WORKFLOW_FORMAT. */
export function a1111Graph(
  text: string,
  file: string,
  nodes: NodeTable,
): { graph: Graph; notes: readonly string[] } {
  const { positive, negative, loras, options } = settings(text);
  const steps = Number.parseInt(options.get('steps') ?? '', 10);
  if (!isA1111(text) || !Number.isInteger(steps))
    throw new DarkroomError('DR_WORKFLOW_FORMAT', {
      message: `${file} has 'parameters' that are not those of A1111`,
      hint: 'They end in a line like "Steps: 20, Sampler: Euler a, CFG scale: 7, Seed: 1, Size: 512x512".',
      file,
    });
  const graph = new Map<string, GraphNode>();
  const add = (type: string, inputs: JsonObject): string => {
    const id = String(graph.size + 1);
    const title = nodes.get(type)?.display ?? type;
    graph.set(id, {
      classType: type,
      inputs,
      title,
      source: { inputs, class_type: type, _meta: { title } },
    });
    return id;
  };
  const number = (key: string, otherwise: number): number => {
    const value = Number.parseFloat(options.get(key) ?? '');
    return Number.isFinite(value) ? value : otherwise;
  };
  const size = (key: string): readonly [number, number] | undefined => {
    const [, width, height] = /^(\d{1,5})x(\d{1,5})$/.exec(options.get(key) ?? '') ?? [];
    return width === undefined ? undefined : [ceil(Number(width)), ceil(Number(height))];
  };
  const seedText = /^\d{1,20}$/.test(options.get('seed') ?? '') ? BigInt(options.get('seed')!) : 0n;
  const seed: Json = seedText <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(seedText) : seedText;

  const loader = add('CheckpointLoaderSimple', {
    ckpt_name: withEnding(options.get('model') ?? 'model'),
  });
  let model: Json = [loader, 0];
  let clip: Json = [loader, 1];
  for (const { name, weight } of loras) {
    const id = add('LoraLoader', {
      model,
      clip,
      lora_name: withEnding(name),
      strength_model: weight,
      strength_clip: weight,
    });
    model = [id, 0];
    clip = [id, 1];
  }
  const skip = Math.trunc(number('clip skip', 1));
  if (skip > 1)
    clip = [add('CLIPSetLastLayer', { clip, stop_at_clip_layer: -Math.min(skip, 24) }), 0];
  const { sampler, scheduler } = samplerOf(options);
  const common = {
    model,
    positive: [add('CLIPTextEncode', { clip, text: positive }), 0],
    negative: [add('CLIPTextEncode', { clip, text: negative }), 0],
    seed,
    cfg: number('cfg scale', 7),
    sampler_name: sampler,
    scheduler,
  };
  const [width, height] = size('size') ?? [512, 512];
  const empty = add('EmptyLatentImage', { width, height, batch_size: 1 });
  let latent: Json = [
    add('KSampler', { ...common, steps, denoise: 1, latent_image: [empty, 0] }),
    0,
  ];
  const factor = number('hires upscale', 0);
  const larger =
    size('hires resize') ??
    (factor > 1 ? [ceil(width * factor), ceil(height * factor)] : undefined);
  if (larger) {
    const upscaler = (options.get('hires upscaler') ?? '').toLowerCase();
    const method = upscaler.includes('nearest')
      ? 'nearest-exact'
      : upscaler.includes('bicubic')
        ? 'bicubic'
        : 'bilinear';
    const up = add('LatentUpscale', {
      samples: latent,
      upscale_method: method,
      width: larger[0],
      height: larger[1],
      crop: 'disabled',
    });
    const more = Math.trunc(number('hires steps', 0)) || steps;
    latent = [
      add('KSampler', {
        ...common,
        steps: more,
        denoise: number('denoising strength', 0.7),
        latent_image: [up, 0],
      }),
      0,
    ];
  }
  const vae: Json =
    options.has('vae') && isModel(options.get('vae')!)
      ? [add('VAELoader', { vae_name: withEnding(options.get('vae')!) }), 0]
      : [loader, 2];
  const picture = add('VAEDecode', { samples: latent, vae });
  add('SaveImage', { images: [picture, 0], filename_prefix: 'A1111' });
  const known = (
    nodes.get('KSampler')?.inputs['sampler_name'] as (Input & { kind: 'COMBO' }) | undefined
  )?.options;
  const notes = [
    'made from A1111 parameters: the picture will be like the one they came from, not the same',
  ];
  if (Array.isArray(known) && !known.includes(sampler))
    notes.push(`A1111's sampler '${options.get('sampler')}' is not known here`);
  return { graph, notes };
}

const isModel = (name: string): boolean => !/^(none|automatic)$/i.test(name);
