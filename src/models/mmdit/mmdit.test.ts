// The small SD3 and SD3.5 medium against the original: predictions, the streams after each block,
// and positions.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import {
  noiseTensor,
  seededTensors,
  type TensorsToWrite,
} from '../../../test/support/files/rewrite.ts';
import { expectGolden, fixtureModel, type Golden, golden } from '../../../test/support/golden.ts';
import { openSource } from '../../formats/byte-source.ts';
import { openSafetensors } from '../../formats/safetensors/safetensors.ts';
import {
  type TensorToWrite,
  writeSafetensors,
} from '../../formats/safetensors/safetensors-write.ts';
import { type TensorFile, tensorReader } from '../../formats/tensor-file.ts';
import { createRuntime } from '../../runtime/runtime.ts';
import { map, repeatToBatch, type Tensor, tensor } from '../../tensor/tensor.ts';
import type { Denoiser, DenoiserInputs } from '../denoiser.ts';
import { createDit } from '../dit/network.ts';
import { applyLora } from '../lora/apply.ts';
import { openLora } from '../lora/file.ts';
import { createModelRuntime } from '../model-runtime.ts';
import { createPrepackedStore } from '../weights/prepacked-store.ts';
import { type Weights, weightsOf } from '../weights/tensors.ts';
import { mmditConfig } from './config.ts';
import { mmditFromDiffusers } from './layout.ts';
import { mmdit } from './mmdit.ts';
import { sincosPositions } from './positions.ts';

const runtime = createRuntime({ threads: 1 });
const folder = mkdtempSync(join(tmpdir(), 'darkroom-mmdit-'));
afterAll(async () => {
  await runtime.close();
  rmSync(folder, { recursive: true });
});

async function weightsIn(path: string): Promise<Weights> {
  const { tensors, close } = await openSafetensors(path);
  await close();
  return weightsOf(path, tensors, '');
}

async function written(name: string, tensors: TensorsToWrite): Promise<string> {
  const file = join(folder, `${name}.safetensors`);
  await writeSafetensors(file, tensors);
  return file;
}

/** The inputs of a case: the conditioning of one row is repeated for the others. */
function inputsOf(g: Golden, inputs: Record<string, string>): DenoiserInputs {
  const x = g.float(inputs.x);
  const rows = (name: string): Tensor => repeatToBatch(g.float(name), x.shape[0]);
  const sigmas = g.float(inputs.sigma).data;
  const timesteps = Float32Array.from({ length: x.shape[0] }, (_, i) =>
    Math.fround((sigmas[i] ?? sigmas[0]) * 1000),
  );
  return { x, timesteps, context: rows(inputs.context), y: rows(inputs.y) };
}

describe.each(['sd3', 'sd35'])('%s', (group) => {
  const g = golden('dit', group);
  const [{ params }] = g.cases;
  let denoiser: Denoiser | undefined;
  const network = async (): Promise<Denoiser> => {
    denoiser ??= createDit(runtime, await weightsIn(fixtureModel(params.model)), mmdit);
    return denoiser;
  };

  it.each(g.cases.filter(({ outputs }) => outputs.v))(
    '$id predicts what the original predicts',
    async ({ id, inputs, outputs }) => {
      const given = inputsOf(g, inputs);
      expectGolden(g, id, outputs.v, await (await network()).evaluate(given));
    },
  );

  it('has the streams of the original after each block', async () => {
    const { id, inputs, outputs } = g.cases[0];
    const weights = await weightsIn(fixtureModel(params.model));
    const config = mmditConfig(weights);
    const names = Object.keys(outputs).filter((name) => /joint_blocks/.test(name));
    expect(names.length).toBe(3);
    const seen = runtime.network({
      file: weights.file,
      part: 'states',
      outputs: names,
      build: () =>
        mmdit.graph(weights, config, {
          observe: (graph, name, value) => {
            if (outputs[`in_${name}`]) graph.output(`in_${name}`, value, ['b', name, 'c']);
          },
        }),
    });
    const result = await seen.run({
      ...mmdit.inputs(config, inputsOf(g, inputs)),
      skipped: tensor([2], new Float32Array(2)),
    });
    for (const name of names) expectGolden(g, id, outputs[name], result[name]);
  });

  it('refuses a latent that is larger than the table of positions', async () => {
    const { inputs } = g.cases.find(({ id }) => id === 'too_large')!;
    await expect((await network()).evaluate(inputsOf(g, inputs))).rejects.toMatchObject({
      code: 'DR_INPUT_INVALID',
      message: 'SD3 supports images of up to 160 pixels a side, got 64 x 192',
    });
  });
});

describe('parts that the cases above lack', () => {
  const g = golden('mmdit', 'cases');

  it.each(g.cases.filter(({ outputs }) => outputs.v))('$id', async ({ id, params, outputs }) => {
    const weights = params.model
      ? await weightsIn(fixtureModel(params.model))
      : await weightsIn(await written(id, seededTensors(params.weights)));
    const denoiser = createDit(runtime, weights, mmdit).variant({
      skippedBlocks: { double: params.skipped, single: [0] },
    });
    const prediction = await denoiser.evaluate({
      x: noiseTensor(params.sizes.x, 1, 3),
      timesteps: Float32Array.from(params.timesteps),
      context: noiseTensor(params.sizes.context, 2, 3),
      y: noiseTensor(params.sizes.y, 3, 3),
    });
    expectGolden(g, id, outputs.v, prediction);
  });

  it("reads diffusers' layout as the original tensors", async () => {
    const original = await openSafetensors(fixtureModel('tiny_sd35_medium'));
    const { params: names } = g.cases.find(({ id }) => id === 'names')!;
    const file = await written('diffusers', await inDiffusersLayout(original, names));
    const renamed = await openSafetensors(file);
    const tensors = mmditFromDiffusers(renamed.tensors);
    expect([...tensors.keys()].sort()).toEqual([...original.tensors.keys()].sort());
    const reader = tensorReader(await openSource(file), { tensors, metadata: {} });
    for (const name of original.tensors.keys())
      expect(sameTensor(await reader.read(name), await original.read(name)), name).toBe(true);
    await Promise.all([original.close(), renamed.close(), reader.close()]);
  });
});

const sameTensor = (a: Tensor, b: Tensor): boolean =>
  `${a.shape}` === `${b.shape}` && a.data.every((value, i) => value === b.data[i]);

describe('LoRAs', () => {
  const g = golden('weights', 'lora');
  it.each(g.cases.filter(({ params }) => params.lora === 'lora_sd35_kohya'))('$id', async (one) => {
    const { id, params, inputs, outputs } = one;
    const weights = await weightsIn(fixtureModel(params.model));
    const lora = await openLora(fixtureModel(params.lora));
    const strengths = { unet: params.strength, clip: 0 };
    const { unet } = applyLora({ unet: createDit(runtime, weights, mmdit) }, lora, strengths);
    const given = inputsOf(g, inputs);
    const { data } = await unet!.evaluate(given);
    const sigma = Math.fround(params.sigma);
    const denoised = map(given.x, (value, i) => value - Math.fround(data[i] * sigma));
    expectGolden(g, id, outputs.denoised, denoised);
  });
});

it('computes nearly the same in int8', async () => {
  const g = golden('dit', 'sd35');
  const [{ params, inputs, outputs }] = g.cases;
  const int8Runtime = createModelRuntime({
    threads: 1,
    precision: 'int8',
    int8Weights: createPrepackedStore({ folder: join(folder, 'int8') }),
  });
  const denoiser = createDit(int8Runtime, await weightsIn(fixtureModel(params.model)), mmdit);
  const { data } = await denoiser.evaluate(inputsOf(g, inputs));
  await int8Runtime.close();
  const exact = g.float(outputs.v).data;
  const error = data.map((value, i) => value - exact[i]);
  const relative = Math.sqrt(squares(error) / squares(exact));
  expect(relative).toBeGreaterThan(1e-4);
  expect(relative).toBeLessThan(3e-2);
});

const squares = (data: Float32Array): number => data.reduce((sum, value) => sum + value ** 2, 0);

/** Where ComfyUI puts a tensor of diffusers' layout. */
interface Target {
  readonly name: string;
  readonly rows: readonly [number, number] | null;
  readonly swapped: boolean;
}

/** Returns a model's tensors as diffusers stores them. */
async function inDiffusersLayout(
  original: TensorFile,
  targets: Readonly<Record<string, Target>>,
): Promise<TensorsToWrite> {
  const out: Record<string, TensorToWrite> = {};
  for (const [name, { name: from, rows, swapped }] of Object.entries(targets)) {
    if (!original.tensors.has(from)) continue;
    const { shape, data } = await original.read(from);
    const size = data.length / shape[0];
    const part = (a: number, b: number): Float32Array => data.slice(a * size, b * size);
    const [first, end] = rows ?? [0, shape[0]];
    const half = shape[0] / 2;
    out[name] = {
      dtype: 'F32',
      shape: [end - first, ...shape.slice(1)],
      data: swapped
        ? Float32Array.from([...part(half, shape[0]), ...part(0, half)])
        : part(first, end),
    };
  }
  return out;
}

it('computes positions for networks without a table', () => {
  const g = golden('dit', 'parts');
  const cases = g.cases.filter(({ id }) => id.startsWith('sincos_'));
  expect(cases.length).toBe(3);
  for (const { id, outputs } of cases) {
    const [rows, columns] = id.split('_').slice(1).map(Number);
    expectGolden(g, id, outputs.out, sincosPositions({ rows, columns }, 32).data);
  }
});
