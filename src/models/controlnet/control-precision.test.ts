// ControlNets of transformers compute in the precision of their model, and `auto` counts both.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { fixtureWeights } from '../../../test/support/dit-cases.ts';
import { noiseTensor, seededTensors } from '../../../test/support/files/rewrite.ts';
import { type GoldenCase, golden } from '../../../test/support/golden.ts';
import { writeSafetensors } from '../../formats/safetensors/safetensors-write.ts';
import type { Memory } from '../../runtime/memory.ts';
import type { Precision } from '../../runtime/precision.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { createDit } from '../dit/network.ts';
import { createFlux } from '../flux/network.ts';
import { mmdit } from '../mmdit/mmdit.ts';
import { createModelRuntime } from '../model-runtime.ts';
import { createPrepackedStore } from '../weights/prepacked-store.ts';
import { loadControlNet } from './load.ts';

const folder = mkdtempSync(join(tmpdir(), 'darkroom-control-precision-'));
afterAll(() => rmSync(folder, { recursive: true }));

const { cases } = golden('control_dit', 'flux');
const one: GoldenCase = cases.find(
  ({ params }) => params.model === 'tiny_flux_dev' && params.nets[0].kind === null,
)!;
const file = join(folder, 'control.safetensors');

interface Machine {
  readonly precision?: Precision;
  /** Bytes of memory that the machine has, and bytes that are free. */
  readonly limit?: number;
  readonly available?: number;
}

/** The residuals of a ControlNet for a model on a machine, its networks and the notes. */
async function evaluate({ precision, limit = 24e9, available = 8e9 }: Machine) {
  await writeSafetensors(file, seededTensors(one.params.nets[0].weights));
  const notes: string[] = [];
  const memory: Memory = { limit: () => limit, available: () => available };
  const runtime = createModelRuntime({
    ...{ threads: 1, memory, precision },
    int8Weights: createPrepackedStore({ folder: join(folder, 'derived') }),
    onNote: (note) => notes.push(note),
  });
  const model = createFlux(runtime, await fixtureWeights('tiny_flux_dev'));
  const net = (await loadControlNet(file, runtime)).withBase!(model);
  const channels = net.latentHint!.hasMask ? 17 : 16;
  const { output, input } = await net.evaluate({
    x: noiseTensor([1, 16, 8, 8], 1, 3),
    timesteps: Float32Array.of(0.5),
    context: noiseTensor([1, 5, 80], 2, 3),
    y: noiseTensor([1, 32], 3, 3),
    guidance: Float32Array.of(3.5),
    hint: await net.prepareHint(noiseTensor([1, channels, 8, 8], 4, 1)),
    strength: 1,
  });
  const networks = runtime.openNetworks();
  await runtime.close();
  return { residuals: [...(input ?? []), ...output] as Tensor[], networks, notes };
}

const isInt8 = ({ networks }: { readonly networks: readonly string[] }): boolean =>
  networks.some((name) => name.includes('control.safetensors') && name.includes('int8'));

const norm = (values: Float32Array): number => Math.hypot(...values);
function distance(a: readonly Tensor[], b: readonly Tensor[]): number {
  const difference = a.map(({ data }, i) => norm(data.map((v, at) => v - b[i].data[at])));
  return Math.hypot(...difference) / Math.hypot(...b.map(({ data }) => norm(data)));
}

/** A ControlNet of SD3.5, which has an embedder of its model. */
async function evaluateBorrowing(precision: Precision) {
  const { params } = golden('control_dit', 'sd3').cases.find(
    ({ id }) => id === 'Stability, large',
  )!;
  const runtime = createModelRuntime({
    ...{ threads: 1, precision },
    int8Weights: createPrepackedStore({ folder: join(folder, 'derived') }),
  });
  await writeSafetensors(file, seededTensors(params.weights));
  const model = createDit(runtime, await fixtureWeights(params.model), mmdit);
  const net = (await loadControlNet(file, runtime)).withBase!(model);
  const { output } = await net.evaluate({
    x: noiseTensor([1, 16, 8, 8], 1, 3),
    timesteps: Float32Array.of(500),
    context: noiseTensor([1, 20, 80], 2, 3),
    y: noiseTensor([1, 64], 3, 3),
    hint: await net.prepareHint(noiseTensor([1, 16, 8, 8], 4, 1)),
    strength: 1,
  });
  const networks = runtime.openNetworks();
  await runtime.close();
  return { residuals: output as Tensor[], networks };
}

it('a ControlNet with layers of its model computes in int8 too', async () => {
  const [exact, int8] = [await evaluateBorrowing('fp32'), await evaluateBorrowing('int8')];
  expect([isInt8(exact), isInt8(int8)]).toEqual([false, true]);
  expect(distance(int8.residuals, exact.residuals)).toBeGreaterThan(0);
  expect(distance(int8.residuals, exact.residuals)).toBeLessThan(0.05);
});

describe('a ControlNet of FLUX.1', () => {
  it('computes in int8 where that is asked for, with nearly the same residuals', async () => {
    const [exact, int8] = [
      await evaluate({ precision: 'fp32' }),
      await evaluate({ precision: 'int8' }),
    ];
    expect([isInt8(exact), isInt8(int8)]).toEqual([false, true]);
    expect(distance(int8.residuals, exact.residuals)).toBeGreaterThan(0);
    expect(distance(int8.residuals, exact.residuals)).toBeLessThan(0.05);
  });

  it('computes in float32 where both fit, and in int8 beside a model in int8', async () => {
    const large = await evaluate({});
    expect([isInt8(large), large.notes]).toEqual([false, []]);
    const small = await evaluate({ limit: 1e6 });
    expect(isInt8(small)).toBe(true);
    expect(small.notes).toHaveLength(2);
    expect(small.notes.at(-1)).toMatch(
      /^control\.safetensors computes in int8: as the model does$/,
    );
  });

  it('computes in int8 where the model fits in float32 and both do not', async () => {
    const bytes = (await fixtureWeights('tiny_flux_dev')).names();
    const weights = await fixtureWeights('tiny_flux_dev');
    const size = [...bytes].reduce(
      (sum, name) => sum + 4 * weights.shape(name).reduce((n, d) => n * d, 1),
      0,
    );
    const both = await evaluate({ limit: (size * 1.01) / 0.7 });
    expect(isInt8(both)).toBe(true);
    expect(both.notes).toEqual([
      expect.stringMatching(/^control\.safetensors computes in int8: in float32 .* of the model, /),
    ]);
  });
});
