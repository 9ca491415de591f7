// Every kind of change on transformers, in float32, merged into Darkroom's int8 weights and beside
// ComfyUI's, against ComfyUI (test/golden/lora/make_transformer_kinds.py).
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { seededTensors } from '../../../test/support/files/rewrite.ts';
import {
  expectGolden,
  fixtureModel,
  type GoldenCase,
  golden,
} from '../../../test/support/golden.ts';
import { withModelFile } from '../../formats/model-file.ts';
import { writeSafetensors } from '../../formats/safetensors/safetensors-write.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { fluxTensors } from '../flux/layout.ts';
import { createFlux } from '../flux/network.ts';
import { createModelRuntime } from '../model-runtime.ts';
import { createNextDit } from '../nextdit/nextdit.ts';
import { createPrepackedStore } from '../weights/prepacked-store.ts';
import { weightsOf } from '../weights/tensors.ts';
import { applyLora } from './apply.ts';
import { openLora } from './file.ts';

const g = golden('lora', 'transformer_kinds');
const folder = mkdtempSync(join(tmpdir(), 'darkroom-kinds-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** A prediction with merged tensors that are computed into a file, whatever their size is. */
async function predicted(
  { id, params }: GoldenCase,
  precision: 'fp32' | 'int8' = 'fp32',
): Promise<Tensor> {
  const file = join(folder, `${id}.safetensors`);
  await writeSafetensors(file, seededTensors(params.weights));
  const int8Weights = createPrepackedStore({ folder: join(folder, 'derived') });
  const plain = createModelRuntime({ threads: 1, precision, int8Weights });
  const runtime = { ...plain, inSession: 0, folder: join(folder, 'merged') };
  const isFlux = params.model === 'tiny_flux_dev';
  const fixture = fixtureModel(params.model);
  const tensors = await withModelFile(fixture, (opened) => opened.tensors);
  const model = isFlux
    ? createFlux(runtime, weightsOf(fixture, fluxTensors(tensors), ''))
    : createNextDit(runtime, weightsOf(fixture, tensors, ''));
  const strengths = { unet: params.strength, clip: 0 };
  const applied = applyLora({ unet: model }, await openLora(file), strengths);
  expect(applied).toMatchObject({ unmatched: [], shapeMismatches: [] });
  const v = await applied.unet!.evaluate({
    x: g.float('x'),
    timesteps: g.float('sigma').data,
    context: g.float(isFlux ? 'flux/context' : 'z/context'),
    ...(isFlux && { y: g.float('y'), guidance: Float32Array.of(3.5) }),
  });
  await plain.close();
  return v;
}

function distance(a: Tensor, b: Tensor): number {
  const difference = a.data.map((value, i) => value - b.data[i]);
  return Math.hypot(...difference) / Math.hypot(...b.data);
}

describe.each(g.cases)('golden lora/transformer_kinds $id', (one) => {
  const { id, outputs } = one;

  const exact = g.float(outputs.v);

  it.runIf(!outputs.int8)('in float32', async () => {
    expectGolden(g, id, outputs.v, await predicted(one));
  });

  it.runIf(!outputs.int8)("merged into Darkroom's int8 weights", async () => {
    const error = distance(await predicted(one, 'int8'), exact);
    expect(error).toBeGreaterThan(1e-4);
    expect(error).toBeLessThan(3e-2);
    expect(readdirSync(join(folder, 'merged'))).toEqual([]);
  });

  // ComfyUI quantises the merged weights again; Darkroom computes their layers in float32
  it.runIf(outputs.int8)("beside ComfyUI's int8 weights", async () => {
    const v = await predicted(one);
    const original = g.float(outputs.int8);
    expect(distance(v, original)).toBeLessThan(3e-2);
    expect(distance(v, exact)).toBeLessThan(1.1 * distance(original, exact));
  });
});
