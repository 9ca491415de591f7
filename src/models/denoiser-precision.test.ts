// `--precision auto`: float32 where the weights fit, else int8, with one note.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { fixtureModel } from '../../test/support/golden.ts';
import type { Memory } from '../runtime/memory.ts';
import { zeros } from '../tensor/tensor.ts';
import { loadDiffusionModel } from './checkpoint/load.ts';
import { createModelRuntime } from './model-runtime.ts';
import { createPrepackedStore } from './weights/prepacked-store.ts';

const folder = mkdtempSync(join(tmpdir(), 'darkroom-auto-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Evaluates a denoiser twice, the second time as a variant, where this much memory is installed. */
async function evaluate(limit: number, precision?: 'fp32' | 'int8') {
  const notes: string[] = [];
  const memory: Memory = { limit: () => limit, available: () => 8e9 };
  const runtime = createModelRuntime({
    threads: 1,
    memory,
    precision,
    int8Weights: createPrepackedStore({ folder }),
    onNote: (note) => notes.push(note),
  });
  const { denoiser } = await loadDiffusionModel(fixtureModel('tiny_sd1'), runtime);
  const { contextDim } = denoiser;
  const inputs = {
    x: zeros([1, 4, 8, 8]),
    timesteps: Float32Array.of(500),
    context: zeros([1, 77, contextDim]),
  };
  await denoiser.evaluate(inputs);
  await denoiser.variant({ perturbedMiddle: false }).evaluate(inputs);
  const networks = runtime.openNetworks();
  await runtime.close();
  return { notes, int8: networks.map((name) => name.includes(' int8')) };
}

it('computes in float32 if the weights take at most 70 % of the memory', async () => {
  expect(await evaluate(24e9)).toEqual({ notes: [], int8: [false, false] });
});

it('computes in int8 otherwise, and says so once', async () => {
  const { notes, int8 } = await evaluate(1e6);
  expect(int8).toEqual([true, true]);
  expect(notes).toEqual([
    expect.stringMatching(
      /^tiny_sd1\.safetensors computes in int8: in float32 its weights take [\d.]+ MB, and this machine has 1 MB of memory \(--precision fp32 reads them from the file in each step\)$/,
    ),
  ]);
});

it('computes in the precision that is asked for', async () => {
  expect((await evaluate(1e6, 'fp32')).int8).toEqual([false, false]);
  expect((await evaluate(24e9, 'int8')).int8).toEqual([true, true]);
});
