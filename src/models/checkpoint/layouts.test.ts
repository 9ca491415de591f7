// Files in the layouts of other projects against the same weights in the original one. The names
// are those of ComfyUI's conversions (test/golden/layouts).
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import {
  noise,
  seededTensors,
  type TensorsToWrite,
  tensorsOf,
  writeRenamed,
} from '../../../test/support/files/rewrite.ts';
import { expectGolden, fixtureModel, golden } from '../../../test/support/golden.ts';
import { UNET_PREFIX } from '../../formats/identify/identify.ts';
import { writeSafetensors } from '../../formats/safetensors/safetensors-write.ts';
import type { TensorInfo } from '../../formats/tensor-file.ts';
import { createRuntime } from '../../runtime/runtime.ts';
import { type Tensor, tensor } from '../../tensor/tensor.ts';
import { loadTextEncoder } from '../clip/load.ts';
import type { TextEncoder } from '../clip/text-encoder.ts';
import { loadControlNet } from '../controlnet/load.ts';
import type { Denoiser } from '../denoiser.ts';
import { fromDiffusers } from '../unet/diffusers-unet.ts';
import { loadVae } from '../vae/load.ts';
import { loadCheckpoint, loadDiffusionModel } from './load.ts';

type Names = Readonly<Record<string, Readonly<Record<string, string>>>>;
const NAMES: { unets: Names; vaes: Names } = JSON.parse(
  gunzipSync(
    readFileSync(
      fileURLToPath(new URL('../../../test/golden/layouts/names.json.gz', import.meta.url)),
    ),
  ).toString('utf8'),
);

const folder = mkdtempSync(join(tmpdir(), 'darkroom-layouts-'));
const runtime = createRuntime({ threads: 2 });
afterAll(async () => {
  await runtime.close();
  rmSync(folder, { recursive: true, force: true });
});

const random = (shape: readonly number[], seed: number): Tensor =>
  tensor(
    shape,
    noise(
      shape.reduce((n, d) => n * d, 1),
      seed,
      2,
    ),
  );

function evaluate({ inChannels, contextDim, admChannels, evaluate }: Denoiser): Promise<Tensor> {
  const y = admChannels > 0 ? random([1, admChannels], 3) : undefined;
  return evaluate({
    x: random([1, inChannels, 8, 12], 1),
    timesteps: Float32Array.of(500),
    context: random([1, 77, contextDim], 2),
    y,
  });
}

const inverse = (names: Readonly<Record<string, string>>): Map<string, string> =>
  new Map(Object.entries(names).map(([other, original]) => [original, other]));

describe('UNets', () => {
  it.each(['tiny_sdxl_base', 'tiny_sdxl_refiner', 'tiny_sd1'])(
    '%s predicts the same with diffusers names, and alone',
    async (name) => {
      const tensors = await tensorsOf(fixtureModel(name));
      const whole = await loadCheckpoint(fixtureModel(name), runtime);
      const expected = await evaluate(whole.denoiser);
      const names = inverse(NAMES.unets[name]);
      const inner = (tensor: string) =>
        tensor.startsWith(UNET_PREFIX) ? tensor.slice(UNET_PREFIX.length) : undefined;
      const diffusers = await writeRenamed(
        join(folder, `${name}-d.safetensors`),
        tensors,
        (tensor) => names.get(inner(tensor) ?? ''),
      );
      const alone = await writeRenamed(join(folder, `${name}-a.safetensors`), tensors, inner);
      for (const file of [diffusers, alone, fixtureModel(name)]) {
        const loaded = await loadDiffusionModel(file, runtime);
        expect(loaded).toMatchObject({ family: whole.family, prediction: { kind: 'eps' } });
        expect((await evaluate(loaded.denoiser)).data, file).toEqual(expected.data);
      }
      const withoutParts = await loadCheckpoint(alone, runtime);
      expect(withoutParts).toMatchObject({ family: whole.family, encoders: [], vae: undefined });
      await runtime.close();
    },
  );

  it.each(['SSD-1B', 'KOALA-700M'])('translates the tensor names of %s', (name) => {
    const info = { dtype: 'F16', shape: [1], offset: 0, byteLength: 2 } as TensorInfo;
    const names = NAMES.unets[name];
    const renamed = new Set(
      fromDiffusers(new Map(Object.keys(names).map((key) => [key, info]))).keys(),
    );
    expect(renamed).toEqual(new Set(Object.values(names)));
  });
});

describe('golden layouts/cut', () => {
  const g = golden('layouts', 'cut');
  const write = async (
    id: string,
    weights: Parameters<typeof seededTensors>[0],
  ): Promise<string> => {
    const file = join(folder, `${id}.safetensors`);
    await writeSafetensors(file, seededTensors(weights));
    return file;
  };
  const inputs = (adm?: number) => ({
    x: tensor([1, 4, 8, 12], noise(384, 1, 3)),
    timesteps: Float32Array.of(600),
    context: tensor([1, 77, 24], noise(77 * 24, 2, 3)),
    ...(adm && { y: tensor([1, adm], noise(adm, 3, 3)) }),
  });

  it.each(g.cases.filter(({ params }) => !params.control))(
    '$id',
    async ({ id, params, outputs }) => {
      const { family, denoiser: unet } = await loadDiffusionModel(
        await write(id, params.weights),
        runtime,
      );
      expect({ family, admChannels: unet.admChannels }).toEqual({
        family: id.startsWith('SD2') ? 'sd2' : 'sdxl',
        admChannels: params.adm ?? 0,
      });
      expectGolden(g, id, outputs.out, await unet.evaluate(inputs(params.adm)));
      // skips and the end of the first half exist without a middle block too
      const control = { input: [], output: [], middle: null };
      expectGolden(g, id, outputs.out, await unet.evaluate({ ...inputs(params.adm), control }));
      await runtime.close();
    },
  );

  it('ControlNet small', async () => {
    const { id, params, outputs } = g.cases.find((c) => c.params.control)!;
    const net = await loadControlNet(await write(id, params.weights), runtime);
    expect(net.fits({ contextDim: 2048, admChannels: 40 })).toBe(true);
    const hint = await net.prepareHint(tensor([1, 3, 64, 96], noise(3 * 64 * 96, 4, 3)));
    const { output, middle } = await net.evaluate({ ...inputs(40), hint, strength: 1 });
    expectGolden(g, id, outputs.middle_0, middle!);
    for (const [i, residual] of output.entries())
      expectGolden(g, id, outputs[`output_${i}`], residual!);
  });
});

it('a VAE in the diffusers layout encodes and decodes the same', async () => {
  const tensors = await tensorsOf(fixtureModel('tiny_vae'));
  // its attention uses linear layers
  for (const [name, t] of Object.entries(tensors))
    if (/mid\.attn_1\.(q|k|v|proj_out)\.weight$/.test(name))
      tensors[name] = { ...t, shape: t.shape.slice(0, 2) };
  const names = inverse(NAMES.vaes.tiny_vae);
  const earlierName = (name: string | undefined) =>
    name
      ?.replace('to_out.0', 'proj_attn')
      .replace(
        /to_(q|k|v)\./,
        (_, part) => `${{ q: 'query', k: 'key', v: 'value' }[part as 'q']}.`,
      );
  const expected = await loadVae(fixtureModel('tiny_vae'), runtime);
  const [pixels, latents] = [random([1, 32, 48, 3], 5), random([1, 4, 4, 6], 6)];
  for (const [file, rename] of [
    ['vae-d', (name: string) => names.get(name)],
    ['vae-o', (name: string) => earlierName(names.get(name))],
  ] as const) {
    const vae = await loadVae(
      await writeRenamed(join(folder, `${file}.safetensors`), tensors, rename),
      runtime,
    );
    expect((await vae.encode(pixels)).data).toEqual((await expected.encode(pixels)).data);
    expect((await vae.decode(latents)).data).toEqual((await expected.decode(latents)).data);
  }
});

describe('text encoders', () => {
  const WIDTH = 64;

  /** The same encoder in open_clip's layout and in Hugging Face's. */
  function encoder(layers: number): { open: TensorsToWrite; huggingFace: TensorsToWrite } {
    const open: TensorsToWrite = {};
    const huggingFace: TensorsToWrite = {};
    let seed = 1;
    const addTensor = (
      names: readonly [string | null, string | null],
      shape: readonly number[],
      data?: Float32Array,
      mean = 0,
    ): Float32Array => {
      const values =
        data ??
        noise(
          shape.reduce((n, d) => n * d, 1),
          seed++,
          0.2,
        ).map((v) => v + mean);
      if (names[0] !== null) open[names[0]] = { dtype: 'F32', shape, data: values };
      if (names[1] !== null) huggingFace[names[1]] = { dtype: 'F32', shape, data: values };
      return values;
    };
    const layer = (names: readonly [string, string], shape: readonly number[], mean = 0) => {
      addTensor([`${names[0]}.weight`, `${names[1]}.weight`], shape, undefined, mean);
      addTensor([`${names[0]}.bias`, `${names[1]}.bias`], shape.slice(0, 1));
    };
    addTensor(
      ['token_embedding.weight', 'text_model.embeddings.token_embedding.weight'],
      [500, WIDTH],
    );
    addTensor(
      ['positional_embedding', 'text_model.embeddings.position_embedding.weight'],
      [77, WIDTH],
    );
    layer(['ln_final', 'text_model.final_layer_norm'], [WIDTH], 1);
    for (let i = 0; i < layers; i++) {
      const [a, b] = [`transformer.resblocks.${i}`, `text_model.encoder.layers.${i}`];
      layer([`${a}.ln_1`, `${b}.layer_norm1`], [WIDTH], 1);
      layer([`${a}.ln_2`, `${b}.layer_norm2`], [WIDTH], 1);
      for (const [end, rest] of [
        ['weight', [WIDTH]],
        ['bias', []],
      ] as const) {
        const each = rest.length ? WIDTH * WIDTH : WIDTH;
        const all = addTensor([`${a}.attn.in_proj_${end}`, null], [3 * WIDTH, ...rest]);
        for (const [at, part] of ['q', 'k', 'v'].entries())
          addTensor(
            [null, `${b}.self_attn.${part}_proj.${end}`],
            [WIDTH, ...rest],
            all.slice(at * each, (at + 1) * each),
          );
      }
      layer([`${a}.attn.out_proj`, `${b}.self_attn.out_proj`], [WIDTH, WIDTH]);
      layer([`${a}.mlp.c_fc`, `${b}.mlp.fc1`], [4 * WIDTH, WIDTH]);
      layer([`${a}.mlp.c_proj`, `${b}.mlp.fc2`], [WIDTH, 4 * WIDTH]);
    }
    const projection = addTensor(['text_projection', null], [WIDTH, WIDTH]);
    const transposed = Float32Array.from(
      projection,
      (_, i) => projection[(i % WIDTH) * WIDTH + Math.floor(i / WIDTH)],
    );
    addTensor([null, 'text_projection.weight'], [WIDTH, WIDTH], transposed);
    return { open, huggingFace };
  }

  it.each([
    ['clip_l', 1],
    ['clip_h', 23],
    ['clip_g', 31],
  ] as const)('%s encodes the same in three layouts', async (kind, layers) => {
    const { open, huggingFace } = encoder(layers);
    const { 'text_projection.weight': _, ...rest } = huggingFace;
    const legacySave = { ...rest, text_projection: open.text_projection };
    const chunk = Array.from({ length: 77 }, (_, i) => (i > 5 ? 0 : 300 + i));
    const results: Awaited<ReturnType<TextEncoder['encode']>>[] = [];
    for (const [i, tensors] of [open, huggingFace, legacySave].entries()) {
      const file = join(folder, `${kind}-${i}.safetensors`);
      await writeSafetensors(file, tensors);
      const loaded = await loadTextEncoder(file, runtime);
      expect(loaded).toMatchObject({ kind, width: WIDTH, layers });
      results.push(await loaded.encode([chunk], { layer: 'last', finalNorm: true, project: true }));
    }
    for (const other of results.slice(1))
      for (const part of ['hidden', 'pooled'] as const) {
        const worst = Math.max(
          ...other[part]!.data.map((v, i) => Math.abs(v - results[0][part]!.data[i])),
        );
        expect(worst, part).toBeLessThan(1e-5);
      }
    await runtime.close();
  });
});

it('refuses fp8 weights with scales', async () => {
  const tensors = await tensorsOf(fixtureModel('tiny_sd1'));
  const scaled = {
    ...tensors,
    [`${UNET_PREFIX}time_embed.0.weight_scale_inv`]: {
      dtype: 'F32',
      shape: [1],
      data: Float32Array.of(1),
    },
  } as TensorsToWrite;
  const file = await writeRenamed(join(folder, 'scaled.safetensors'), scaled, (n) => n);
  await expect(loadCheckpoint(file, runtime)).rejects.toMatchObject({
    code: 'DR_MODEL_UNSUPPORTED',
    message: expect.stringContaining('scaled fp8'),
  });
});

it('rounds weights to fp8 on request', async () => {
  const plain = await evaluate(
    (await loadDiffusionModel(fixtureModel('tiny_sd1'), runtime)).denoiser,
  );
  for (const rounding of ['f8e4m3', 'f8e5m2'] as const) {
    const rounded = await evaluate(
      (await loadDiffusionModel(fixtureModel('tiny_sd1'), runtime, { rounding })).denoiser,
    );
    expect(rounded.data.every(Number.isFinite)).toBe(true);
    expect(rounded.data).not.toEqual(plain.data);
  }
  await runtime.close();
});
