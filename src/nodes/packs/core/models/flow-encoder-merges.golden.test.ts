// Merged and multiplied text encoders of flow models, and what CLIPSave and CheckpointSave write of
// them, against ComfyUI's own nodes (test/golden/merge/make_encoders.py).
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { noise, tensorsOf, writeRenamed } from '../../../../../test/support/files/rewrite.ts';
import {
  expectGolden,
  fixtureModel,
  type GoldenCase,
  golden,
} from '../../../../../test/support/golden.ts';
import { runNode, testContext } from '../../../../../test/support/run-node.ts';
import { type DTypeName, decodeFloat32, encodeFloat32 } from '../../../../formats/dtypes.ts';
import type { Clip } from '../../../../models/clip/clip.ts';
import { createModelRuntime } from '../../../../models/model-runtime.ts';
import type { Autoencoder } from '../../../../models/vae/autoencoder.ts';
import type { Model } from '../../../../sampling/sampling-types.ts';
import { sizeOf } from '../../../../tensor/tensor.ts';
import { NODES } from '../../../index.ts';

const folder = mkdtempSync(join(tmpdir(), 'darkroom-flow-merges-'));
const runtime = createModelRuntime({ threads: 1 });
afterAll(async () => {
  await runtime.close();
  rmSync(folder, { recursive: true });
});

const g = golden('merge', 'encoders');
const ENCODERS = ['clip_l', 'clip_g', 't5xxl', 'qwen3_4b', 'gemma2_2b'].map((one) => `tiny_${one}`);
const PROMPT = 'a red fox in the snow';

/** varied() of make_encoders.py */
async function writeVaried(name: string): Promise<string> {
  const tensors = await tensorsOf(fixtureModel(name));
  for (const [i, key] of Object.keys(tensors).sort().entries()) {
    const { shape, data, dtype } = tensors[key];
    if (!/^(BF16|F16|F32)$/.test(dtype)) continue;
    const type = dtype as DTypeName;
    const factors = noise(sizeOf(shape), i + 1, 0.5);
    const values = decodeFloat32(type, data as Uint8Array).map(
      (v, j) => v * Math.fround(1 + factors[j]),
    );
    tensors[key] = { dtype: type, shape, data: encodeFloat32(type, values) };
  }
  return writeRenamed(join(folder, `varied_${name}.safetensors`), tensors, (key) => key);
}

const files: Record<string, string> = {};
for (const name of ENCODERS) {
  files[name] = fixtureModel(name);
  files[`varied_${name}`] = await writeVaried(name);
}
const c = {
  ...testContext({
    text_encoders: files,
    diffusion_models: {
      flux: fixtureModel('tiny_flux_dev'),
      sd3: fixtureModel('tiny_sd3_medium'),
      chroma: fixtureModel('tiny_chroma'),
      'z-image': fixtureModel('tiny_z_image'),
      lumina2: fixtureModel('tiny_lumina2'),
    },
    vae: { ae: fixtureModel('tiny_ae') },
  }),
  runtime,
};

const TYPES: Readonly<Record<string, string>> = { 'z-image': 'lumina2' };

async function loaded({ family, files: names }: GoldenCase['params'], prefix = ''): Promise<Clip> {
  const named = names.map((name: string, i: number) => [
    names.length === 1 ? 'clip_name' : `clip_name${i + 1}`,
    prefix + name,
  ]);
  const loader = ['CLIPLoader', 'DualCLIPLoader', 'TripleCLIPLoader'][names.length - 1];
  const type = names.length < 3 && { type: TYPES[family] ?? family };
  return (await runNode<[Clip]>(loader, { ...Object.fromEntries(named), ...type }, c))[0];
}

/** The inputs of the nodes beside the text encoders. */
const INPUTS: Readonly<Record<string, object>> = {
  CLIPMergeSimple: { ratio: 0.3 },
  CLIPMergeAdd: {},
  CLIPMergeSubtract: { multiplier: 0.5 },
};

async function changed({ params }: GoldenCase): Promise<Clip> {
  const clip1 = await loaded(params);
  if (params.node === 'none') return clip1;
  if (params.node === 'CLIPAttentionMultiply') {
    const factors = { q: 1.2, k: 0.8, v: 1.1, out: 0.9 };
    return (await runNode<[Clip]>(params.node, { clip: clip1, ...factors }, c))[0];
  }
  const clip2 = await loaded(params, 'varied_');
  return (await runNode<[Clip]>(params.node, { clip1, clip2, ...INPUTS[params.node] }, c))[0];
}

const prompts = g.cases.filter(({ outputs }) => outputs.cond);
it.each(prompts)('$id encodes a prompt', async (one) => {
  const { id, outputs } = one;
  const { cond, pooled } = await (await changed(one)).encode(PROMPT);
  const { shape } = g.tensor(outputs.cond);
  expectGolden(g, id, outputs.cond, { shape, data: cond.data.subarray(0, sizeOf(shape)) });
  if (outputs.pooled) expectGolden(g, id, outputs.pooled, pooled!);
});

/** ComfyUI writes the memory that it has for a projection which the file of CLIP-L or G lacks. */
const PROJECTION = /text_projection\.weight$/;

const TORCH: Readonly<Record<string, string>> = {
  F32: 'float32',
  F16: 'float16',
  BF16: 'bfloat16',
  U8: 'uint8',
};

/**
 * The tensors of a file as make_encoders.py describes them; of changed ones the hash is left out.
 */
async function described(file: string, prefix = '', hashes = true) {
  const tensors = Object.entries(await tensorsOf(file)).filter(
    ([name]) => name.startsWith(prefix) && !PROJECTION.test(name),
  );
  return Object.fromEntries(
    tensors.map(([name, { dtype, shape, data }]) => {
      const hash = createHash('sha256')
        .update(data as Uint8Array)
        .digest('hex')
        .slice(0, 16);
      return [name, [TORCH[dtype], shape, ...(hashes ? [hash] : [])]];
    }),
  );
}

type Described = Record<string, [string, number[], string]>;
const expected = (tensors: Described, hashes: boolean) =>
  Object.fromEntries(
    Object.entries(tensors).flatMap(([name, one]) =>
      PROJECTION.test(name) ? [] : [[name, hashes ? one : one.slice(0, 2)]],
    ),
  );

async function saved(type: string, inputs: Record<string, unknown>): Promise<string[]> {
  const result = await NODES.get(type)!.run(inputs as never, c);
  return result.ui!.models.map((file) => (file as { path: string }).path);
}

const saves = g.cases.filter(
  ({ id, params }) => params.node === 'none' || id === 'lumina2 CLIPMergeSimple',
);
it.each(saves)('$id is saved', async (one) => {
  const { scalars, params } = one;
  const clip = await changed(one);
  const isCopied = params.node === 'none';
  const written = await saved('CLIPSave', { clip, filename_prefix: 'x' });
  const own = await Promise.all(
    written.map(async (file) => [
      basename(file).replace(/\d{5}/, '00001'),
      await described(file, '', isCopied),
    ]),
  );
  expect(Object.fromEntries(own)).toEqual(
    Object.fromEntries(
      Object.entries(scalars!.files as Record<string, Described>).map(([name, tensors]) => [
        name,
        expected(tensors, isCopied),
      ]),
    ),
  );
  const unet = { unet_name: params.family, weight_dtype: 'default' };
  const [model] = await runNode<[Model]>('UNETLoader', unet, c);
  const [vae] = await runNode<[Autoencoder]>('VAELoader', { vae_name: 'ae' }, c);
  const inputs = { model, clip, vae, filename_prefix: 'y' };
  const [checkpoint] = await saved('CheckpointSave', inputs);
  const encoders = Object.keys(scalars!.checkpoint as Described)[0].replace(/\..*/, '.');
  expect(await described(checkpoint, encoders, isCopied)).toEqual(
    expected(scalars!.checkpoint as Described, isCopied),
  );
  const parts = Object.keys(await tensorsOf(checkpoint)).map((name) => name.replace(/\..*/, '.'));
  expect(new Set(parts)).toEqual(new Set(['model.', encoders, scalars!.vae]));
});
