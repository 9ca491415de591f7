// Anima against ComfyUI: predictions and values inside.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { expectBlockStates } from '../../../test/support/dit.ts';
import { caseInputs, denoisedBy, fixtureWeights } from '../../../test/support/dit-cases.ts';
import { tensorsOf } from '../../../test/support/files/rewrite.ts';
import {
  expectGolden,
  fixtureModel,
  type GoldenCase,
  golden,
} from '../../../test/support/golden.ts';
import { writeSafetensors } from '../../formats/safetensors/safetensors-write.ts';
import { createRuntime } from '../../runtime/runtime.ts';
import { loadDiffusionModel } from '../checkpoint/load.ts';
import type { DenoiserInputs } from '../denoiser.ts';
import { createModelRuntime } from '../model-runtime.ts';
import { anima, createAnima } from './anima.ts';

const runtime = createRuntime({ threads: 1 });
afterAll(() => runtime.close());

const MODEL = 'tiny_anima';
const g = golden('dit', 'anima');
const inputsOf = (one: GoldenCase): DenoiserInputs => caseInputs(g, one);

describe('golden dit/anima', () => {
  it.each(g.cases)('$id', async (goldenCase) => {
    const { id, outputs } = goldenCase;
    const denoiser = createAnima(runtime, await fixtureWeights(MODEL));
    const inputs = inputsOf(goldenCase);
    const v = await denoiser.evaluate(inputs);
    expectGolden(g, id, outputs.v, v);
    expectGolden(g, id, outputs.denoised, denoisedBy(v, inputs));
  });

  it('computes the states of each block', () => expectBlockStates(g, anima, inputsOf(g.cases[0])));
});

describe('Anima', () => {
  const folder = mkdtempSync(join(tmpdir(), 'darkroom-anima-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const written = async (
    name: string,
    change: (tensors: Awaited<ReturnType<typeof tensorsOf>>) => object,
  ) => {
    const file = join(folder, `${name}.safetensors`);
    const tensors = change(await tensorsOf(fixtureModel(MODEL)));
    await writeSafetensors(file, tensors as Awaited<ReturnType<typeof tensorsOf>>);
    return file;
  };

  it('is recognised below the prefix that it is trained with', async () => {
    const file = await written('net', (tensors) =>
      Object.fromEntries(Object.entries(tensors).map(([name, one]) => [`net.${name}`, one])),
    );
    const loaded = await loadDiffusionModel(file, createModelRuntime({ threads: 1 }));
    expect(loaded.family).toBe('anima');
  });

  it('refuses models that go on with images', async () => {
    const name = 'x_embedder.proj.1.weight';
    const file = await written('wider', (tensors) => ({
      ...tensors,
      [name]: { dtype: 'BF16', shape: [48, 72], data: new Uint8Array(2 * 48 * 72) },
    }));
    await expect(
      loadDiffusionModel(file, createModelRuntime({ threads: 1 })),
    ).rejects.toMatchObject({
      code: 'DR_MODEL_UNSUPPORTED',
      message: expect.stringContaining('takes latents of 17 channels, where Anima takes 16'),
    });
  });
});
