// Small model files of random numbers for every kind of file that workflows name: folder, name, and
// what each is made of. Those of test/fixtures and test/golden are only unpacked.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { parseSafetensors } from '../../src/formats/safetensors/safetensors.ts';
import { writeSafetensors } from '../../src/formats/safetensors/safetensors-write.ts';
import { ggufFile, storedTensors } from '../../test/support/files/gguf-file.ts';
import {
  noise,
  seededTensors,
  type TensorsToWrite,
  tensorsOf,
} from '../../test/support/files/rewrite.ts';
import type { SmallFamily } from './families.ts';

const TEST = join(dirname(fileURLToPath(import.meta.url)), '..', '..', 'test');

/** Writes another file if it is not there, and returns its path. */
type PathOf = (folder: string, name: string) => Promise<string>;
/** The content of a file. */
type Source = (pathOf: PathOf) => Buffer | TensorsToWrite | Promise<Buffer | TensorsToWrite>;
type Files = Readonly<Record<string, Source>>;

const unpacked = (...path: string[]): Buffer => gunzipSync(readFileSync(join(TEST, ...path)));
const fixture =
  (name: string): Source =>
  () =>
    unpacked('fixtures', `${name}.safetensors.gz`);
const golden =
  (...path: string[]): Source =>
  () =>
    unpacked('golden', ...path);

type Specs = Parameters<typeof seededTensors>[0];
/** Weights that a golden describes by seeds. */
const seeded =
  // biome-ignore lint/suspicious/noExplicitAny: the goldens have no common form
    (group: string, specs: (golden: any) => Specs): Source =>
    () =>
      seededTensors(specs(JSON.parse(unpacked('golden', `${group}.json.gz`).toString('utf8'))));

/** A tensor of a golden. */
async function goldenTensor(group: string, name: string): Promise<TensorsToWrite[string]> {
  const bytes = unpacked('golden', `${group}.safetensors.gz`);
  const { tensors, readRaw } = await parseSafetensors(group, bytes);
  const { dtype, shape } = tensors.get(name)!;
  return { dtype, shape, data: await readRaw(name) };
}

/** A family of transformers: fixtures of its model and LoRA, and its text encoders. */
interface Transformer {
  readonly model: Source;
  readonly encoders: readonly string[];
  /** By default that of FLUX.1. */
  readonly vae?: string;
  readonly lora?: string;
}

const TRANSFORMERS: Readonly<Partial<Record<SmallFamily, Transformer>>> = {
  flux: {
    model: fixture('tiny_flux_dev'),
    encoders: ['clip_l', 't5xxl'],
    lora: 'lora_flux_dev_kohya',
  },
  'flux-schnell': { model: fixture('tiny_flux_schnell'), encoders: ['clip_l', 't5xxl'] },
  'flux-fill': { model: fixture('tiny_flux_fill'), encoders: ['clip_l', 't5xxl'] },
  'flux-control': {
    model: async (pathOf) =>
      withWiderInput(await tensorsOf(await pathOf('diffusion_models', 'flux'))),
    encoders: ['clip_l', 't5xxl'],
  },
  flux2: {
    model: fixture('tiny_flux2_klein'),
    encoders: ['qwen3_4b'],
    vae: 'flux2',
    lora: 'lora_klein_peft',
  },
  'flux2-dev': {
    model: seeded('dit/flux2_dev', (g) => g.weights.dit),
    encoders: ['mistral3_24b'],
    vae: 'flux2',
  },
  'longcat-image': {
    model: seeded('dit/longcat', (g) => g.weights.dit),
    encoders: ['qwen25_7b'],
  },
  chroma: { model: fixture('tiny_chroma'), encoders: ['t5xxl'], lora: 'lora_chroma_kohya' },
  sd3: { model: fixture('tiny_sd3_medium'), encoders: ['clip_l', 'clip_g', 't5xxl'] },
  sd35: {
    model: fixture('tiny_sd35_medium'),
    encoders: ['clip_l', 'clip_g', 't5xxl'],
    lora: 'lora_sd35_peft',
  },
  lumina2: {
    model: fixture('tiny_lumina2'),
    encoders: ['gemma2_2b'],
    lora: 'lora_lumina2_diff',
  },
  'z-image': { model: fixture('tiny_z_image'), encoders: ['qwen3_4b'], lora: 'lora_z_image_peft' },
  'qwen-image': {
    model: fixture('tiny_qwen_image'),
    encoders: ['qwen25_7b'],
    vae: 'wan',
    lora: 'lora_qwen_image_peft',
  },
  'qwen-image-layered': {
    model: async (pathOf) => ({
      ...(await tensorsOf(await pathOf('diffusion_models', 'qwen-image'))),
      'time_text_embed.addition_t_embedding.weight': random([2, 64], 10),
    }),
    encoders: ['qwen25_7b'],
    vae: 'wan-alpha',
  },
  'qwen-image-21': {
    model: seeded('dit/qwen_image21', (g) => g.weights.dit),
    encoders: ['qwen3vl_8b'],
    vae: 'qwen-image-21',
  },
  krea2: {
    model: fixture('tiny_krea2'),
    encoders: ['qwen3vl_4b'],
    vae: 'wan',
    lora: 'lora_krea2_peft',
  },
  anima: { model: fixture('tiny_anima'), encoders: ['qwen3_06b'], vae: 'wan' },
  hidream: {
    model: seeded('dit/hidream', ({ weights }) => weights.dit),
    encoders: ['clip_l', 'clip_g', 't5xxl', 'llama3_8b'],
  },
  auraflow: {
    model: fixture('tiny_auraflow'),
    encoders: ['pile_t5xl'],
    vae: 'vae',
    lora: 'lora_aura_peft',
  },
};

const UNETS = { sd1: 'tiny_sd1', sdxl: 'tiny_sdxl_base', 'sdxl-refiner': 'tiny_sdxl_refiner' };

const ENCODERS: Files = {
  clip_l: fixture('tiny_clip_l'),
  clip_g: fixture('tiny_clip_g'),
  t5xxl: fixture('tiny_t5xxl'),
  qwen3_4b: fixture('tiny_qwen3_4b'),
  gemma2_2b: fixture('tiny_gemma2_2b'),
  qwen25_7b: fixture('tiny_qwen25_vl_7b'),
  qwen3vl_8b: seeded('dit/qwen_image21', (g) => g.weights.te),
  qwen3vl_4b: seeded('dit/krea2_encoder', ({ weights }) => weights.te),
  qwen3_06b: fixture('tiny_qwen3_06b'),
  pile_t5xl: fixture('tiny_pile_t5xl'),
  mistral3_24b: async (pathOf) => ({
    ...((await seeded('dit/flux2_dev', (g) => g.weights.te)(pathOf)) as TensorsToWrite),
    tekken_model: await goldenTensor('dit/flux2_dev', 'tekken'),
  }),
  llama3_8b: seeded('dit/hidream', ({ weights }) => weights.llama),
};

const mapped = <T>(
  table: Readonly<Record<string, T>>,
  source: (name: string, value: T) => Source,
): Files =>
  Object.fromEntries(Object.entries(table).map(([name, value]) => [name, source(name, value)]));
/** The files of a folder as GGUF. */
const asGguf = (folder: string, table: Readonly<Record<string, unknown>>): Files =>
  Object.fromEntries(
    Object.keys(table).map((name): [string, Source] => [
      `${name}.gguf`,
      async (pathOf) => ggufFile(storedTensors(await tensorsOf(await pathOf(folder, name)))),
    ]),
  );

/** By folder and name. */
const FILES: Readonly<Record<string, Files>> = {
  vae: {
    vae: fixture('tiny_vae'),
    ae: fixture('tiny_ae'),
    flux2: fixture('tiny_flux2_vae'),
    wan: fixture('tiny_wan21_vae'),
    // of pictures with alpha, as the one of Qwen-Image-Layered
    'wan-alpha': async (pathOf) => withAlpha(await tensorsOf(await pathOf('vae', 'wan'))),
    'qwen-image-21': seeded('dit/qwen_image21', (g) => g.weights.vae),
  },
  text_encoders: { ...ENCODERS, ...asGguf('text_encoders', ENCODERS) },
  diffusion_models: {
    ...mapped(TRANSFORMERS, (_, { model }) => model),
    ...asGguf('diffusion_models', TRANSFORMERS),
    ...mapped(UNETS, unetOf),
  },
  checkpoints: {
    ...mapped(UNETS, (_, name) => fixture(name)),
    ...mapped(TRANSFORMERS, allInOne),
  },
  loras: {
    sd1: fixture('tiny_lora_sd1'),
    sdxl: fixture('tiny_lora_sdxl'),
    ...Object.fromEntries(
      Object.entries(TRANSFORMERS).flatMap(([name, { lora }]) =>
        lora === undefined ? [] : [[name, fixture(lora)]],
      ),
    ),
    anima: () => ({
      'diffusion_model.blocks.0.self_attn.q_proj.lora_A.weight': random([4, 48], 6),
      'diffusion_model.blocks.0.self_attn.q_proj.lora_B.weight': random([48, 4], 7),
    }),
    // as the control LoRAs of FLUX.1, which make the model's input wider
    'flux-control': () => ({
      'img_in.lora_A.weight': random([4, 128], 6),
      'img_in.lora_B.weight': random([64, 4], 7),
      'img_in.lora_B.bias': random([64], 8),
      'single_blocks.0.norm.key_norm.scale': random([16], 9),
    }),
  },
  controlnet: {
    sdxl: fixture('tiny_controlnet_sdxl'),
    flux: seeded('control_dit/flux', ({ cases: [{ params }] }) => params.nets[0].weights),
    sd3: seeded('control_dit/sampled', (g) => controlWeights(g).instantx),
    sd35: seeded('control_dit/sampled', (g) => controlWeights(g).medium),
    'qwen-image': seeded('control_dit/qwen', (g) => firstNet(g, 'InstantX')),
    'qwen-image-inpainting': seeded('control_dit/qwen', (g) => firstNet(g, 'inpainting')),
  },
  model_patches: {
    'z-image': seeded('dit/z_image_control', ({ cases: [{ params }] }) => params.weights.lite),
    'qwen-image': seeded('dit/qwen_control', (g) => g.cases[0].params.weights.plain),
    'qwen-image-inpainting': seeded(
      'dit/qwen_control',
      (g) => g.cases[0].params.weights.inpainting,
    ),
    uso: seeded('dit/flux_uso', ({ cases: [{ params }] }) => params.projector),
  },
  clip_vision: {
    siglip: seeded('dit/flux_uso', ({ cases: [{ params }] }) => params.vision),
    // as wide as the pooled text of the small SDXL
    clip_g: seeded('vision/clip', ({ cases: [{ params }] }) =>
      params.weights.map((one: Specs[number]) =>
        one.name === 'visual_projection.weight' ? { ...one, shape: [64, one.shape[1]] } : one,
      ),
    ),
  },
  style_models: {
    flux: () => ({
      'redux_down.weight': random([80, 240], 1),
      'redux_down.bias': random([80], 2),
      'redux_up.weight': random([240, 32], 3),
      'redux_up.bias': random([240], 4),
    }),
  },
  hypernetworks: {
    'plain.pt': () => readFileSync(join(TEST, 'golden', 'hypernetwork', 'plain.pt')),
  },
  photomaker: {
    photomaker: seeded('vision/photomaker', ({ cases: [{ params }] }) =>
      params.weights.map((one: Specs[number]) => ({ ...one, name: `id_encoder.${one.name}` })),
    ),
  },
  upscale_models: { x4: fixture('tiny_realesrgan_x4_new') },
  embeddings: {
    tinyti: fixture('tinyti'),
    // features of a prompt as wide as those of the small Qwen-Image
    conditioning: () => ({ conditioning: random([1, 6, 64], 10) }),
  },
  clipseg: { clipseg: seeded('clipseg/cases', ({ conditionings }) => conditionings.refined) },
  sams: { sam: golden('sam', 'tiny_sam.safetensors.gz') },
  ultralytics: {
    'bbox/yolo.pt': golden('ultralytics', 'v8-detect.pt.gz'),
    'segm/yolo.pt': golden('ultralytics', 'v8-segment.pt.gz'),
  },
};

const fileName = (name: string): string => (name.includes('.') ? name : `${name}.safetensors`);

/** The file of that name in a folder; undefined where there is none. */
export const smallFile = (folder: string, name: string): string | undefined =>
  Object.hasOwn(FILES[folder] ?? {}, name) ? fileName(name) : undefined;
/** The VAE of a family of transformers; undefined for other families. */
export const smallVae = (family: SmallFamily): string | undefined => {
  const transformer = TRANSFORMERS[family];
  return transformer && fileName(transformer.vae ?? 'ae');
};
/** The only kind of file in a folder. */
export const firstFile = (folder: string): string | undefined =>
  Object.keys(FILES[folder] ?? {}).map(fileName)[0];

/** Writes all files below a folder. */
export async function writeSmallFiles(models: string): Promise<void> {
  const written = new Map<string, Promise<string>>();
  const pathOf: PathOf = (folder, name) => {
    const path = join(models, folder, fileName(name));
    if (!written.has(path)) written.set(path, write(path, FILES[folder][name]));
    return written.get(path)!;
  };
  const write = async (path: string, source: Source): Promise<string> => {
    mkdirSync(dirname(path), { recursive: true });
    const content = await source(pathOf);
    if (Buffer.isBuffer(content)) writeFileSync(path, content);
    else await writeSafetensors(path, content);
    return path;
  };
  for (const [folder, files] of Object.entries(FILES))
    for (const name of Object.keys(files)) await pathOf(folder, name);
}

const random = (shape: readonly number[], seed: number) => ({
  dtype: 'F32' as const,
  shape,
  data: noise(
    shape.reduce((n, d) => n * d, 1),
    seed,
    0.2,
  ),
});

const controlWeights = ({ cases }: { cases: { id: string; params: Record<string, Specs> }[] }) =>
  cases.find(({ id }) => id === 'weights')!.params;

const firstNet = (
  { cases }: { cases: { id: string; params: { nets: { weights: Specs }[] } }[] },
  id: string,
) => cases.find((one) => one.id === id)!.params.nets[0].weights;

/** A model whose input has the channels of a control image as well (FLUX.1 Canny and Depth). */
function withWiderInput(tensors: TensorsToWrite): TensorsToWrite {
  const [rows, columns] = tensors['img_in.weight'].shape;
  return { ...tensors, 'img_in.weight': random([rows, 2 * columns], 5) };
}

/** An autoencoder of Wan with a fourth channel at both ends. */
function withAlpha(tensors: TensorsToWrite): TensorsToWrite {
  const [first, last] = ['encoder.conv1.weight', 'decoder.head.2.weight'];
  const [width, , ...sides] = tensors[first].shape;
  return {
    ...tensors,
    [first]: random([width, 4, ...sides], 11),
    [last]: random([4, ...tensors[last].shape.slice(1)], 12),
    'decoder.head.2.bias': random([4], 13),
  };
}

const prefixed = (tensors: TensorsToWrite, prefix: string): TensorsToWrite =>
  Object.fromEntries(Object.entries(tensors).map(([name, one]) => [`${prefix}${name}`, one]));

const UNET = 'model.diffusion_model.';

/** The UNet of a checkpoint alone. */
function unetOf(family: string): Source {
  return async (pathOf) =>
    Object.fromEntries(
      Object.entries(await tensorsOf(await pathOf('checkpoints', family)))
        .filter(([name]) => name.startsWith(UNET))
        .map(([name, one]) => [name.slice(UNET.length), one]),
    );
}

/** Tensors whose bytes are the vocabulary of a text encoder. */
const VOCABULARY = /^(spiece|tekken)_model$/;

/** The parts of a family in one file, under ComfyUI's prefixes. */
function allInOne(family: string, { encoders, vae = 'ae' }: Transformer): Source {
  return async (pathOf) => {
    const parts = [
      prefixed(await tensorsOf(await pathOf('diffusion_models', family)), UNET),
      prefixed(await tensorsOf(await pathOf('vae', vae)), 'first_stage_model.'),
    ];
    for (const encoder of encoders) {
      const all = Object.entries(await tensorsOf(await pathOf('text_encoders', encoder)));
      const [vocabularies, tensors] = [true, false].map((isVocabulary) =>
        Object.fromEntries(all.filter(([name]) => VOCABULARY.test(name) === isVocabulary)),
      );
      parts.push(prefixed(tensors, `text_encoders.${encoder}.transformer.`));
      parts.push(prefixed(vocabularies, 'text_encoders.'));
    }
    return Object.assign({}, ...parts) as TensorsToWrite;
  };
}
