// Changes of full rank on networks in int8, on networks that read their weights in each evaluation,
// and on quantised files: they take no memory for weights in float32.
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { caseInputs, denoisedBy, fixtureWeights } from '../../../test/support/dit-cases.ts';
import { expectGolden, fixtureModel, golden } from '../../../test/support/golden.ts';
import type { Network, NetworkSpec } from '../../runtime/network.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { createFlux, FLUX } from '../flux/network.ts';
import { applyLora } from '../lora/apply.ts';
import { openLora } from '../lora/file.ts';
import { createModelRuntime, type ModelRuntime } from '../model-runtime.ts';
import { changedGraph, type MergeOptions } from './merged.ts';
import { createPrepackedStore } from './prepacked-store.ts';
import type { Weights } from './tensors.ts';

const folder = mkdtempSync(join(tmpdir(), 'darkroom-merged-'));
afterAll(() => rmSync(folder, { recursive: true }));

const g = golden('weights', 'lora');
const { id, params, inputs, outputs } = g.cases.find(
  (one) => one.params.lora === 'lora_flux_dev_lokr' && one.params.strength === 1,
)!;

/** A runtime whose merged tensors are computed into a file, whatever their size is. */
function runtimeWith(options: Partial<MergeOptions>, precision: 'fp32' | 'int8' = 'fp32') {
  const int8Weights = createPrepackedStore({ folder: join(folder, 'derived') });
  const runtime = createModelRuntime({ threads: 1, precision, int8Weights });
  return { ...runtime, inSession: 0, folder: join(folder, 'merged'), ...options };
}

async function withLokr(runtime: ModelRuntime, model = params.model) {
  const plain = createFlux(runtime, await fixtureWeights(model));
  const lora = await openLora(fixtureModel(params.lora));
  return applyLora({ unet: plain }, lora, { unet: params.strength, clip: 0 }).unet!;
}

async function denoised(runtime: ModelRuntime, model?: string): Promise<Tensor> {
  const unet = await withLokr(runtime, model);
  const own = caseInputs(g, { id, params, inputs, outputs });
  const result = denoisedBy(await unet.evaluate({ ...own, guidance: Float32Array.of(3.5) }), own);
  await runtime.close();
  return result;
}

function distance(a: Tensor, b: Tensor): number {
  const difference = a.data.map((value, i) => value - b.data[i]);
  return Math.hypot(...difference) / Math.hypot(...b.data);
}

describe('a LoKr', () => {
  it('in int8 is merged into int8 weights, without float32 ones', async () => {
    const runtime = runtimeWith({}, 'int8');
    const { base } = await withLokr(runtime);
    const size = async (prepacks: boolean) => {
      const { int8 } = FLUX;
      const make = (weights: Weights) => FLUX.graph(weights, FLUX.config(weights), { int8 });
      const graph = await changedGraph(base!.plan!, make, { ...runtime, prepacks });
      graph.onOpened?.();
      return graph.weightBytes();
    };
    const merged = [...base!.plan!.merged.shapes.values()].reduce((n, [a, b]) => n + a * b, 0);
    // one byte for each number in place of four, and a scale for each row
    const saved = (await size(false)) - (await size(true));
    expect(saved / merged).toBeGreaterThan(2.9);
    const exact = g.float(outputs.denoised);
    const got = await denoised(runtime);
    expect(distance(got, exact)).toBeGreaterThan(1e-4);
    expect(distance(got, exact)).toBeLessThan(3e-2);
    expect(readdirSync(join(folder, 'merged'))).toEqual([]);
  });

  it('on weights that are read in each evaluation is computed there', async () => {
    const runtime = runtimeWith({});
    const network = ({ buildStreamed, ...spec }: NetworkSpec): Network =>
      runtime.network({ ...spec, build: buildStreamed! });
    expectGolden(g, id, outputs.denoised, await denoised({ ...runtime, network }));
  });

  it('on a quantised file is computed in each evaluation where it is too large', async () => {
    const model = 'tiny_flux_dev_fp8_scaled_old';
    const written = await denoised(runtimeWith({}), model);
    const each = await denoised(runtimeWith({ memoryLimit: 1 }), model);
    expect(distance(each, written)).toBeLessThan(1e-5);
  });
});
