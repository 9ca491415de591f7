// LoRAs of FLUX.1 under names of their own against ComfyUI (test/golden/lora/make_converted.py).
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { caseInputs, fixtureWeights } from '../../../test/support/dit-cases.ts';
import { seededTensors } from '../../../test/support/files/rewrite.ts';
import { expectGolden, golden } from '../../../test/support/golden.ts';
import { writeSafetensors } from '../../formats/safetensors/safetensors-write.ts';
import { createRuntime } from '../../runtime/runtime.ts';
import type { Denoiser } from '../denoiser.ts';
import { createFlux } from '../flux/network.ts';
import { applyLora, type LoraResult } from './apply.ts';
import { openLora } from './file.ts';

type Specs = Parameters<typeof seededTensors>[0];

const g = golden('lora', 'converted');
const folder = mkdtempSync(join(tmpdir(), 'darkroom-names-'));
const fileOf = (name: string): string => join(folder, `${name}.safetensors`);
const runtime = createRuntime({ threads: 1 });
beforeAll(async () => {
  for (const [name, specs] of Object.entries<Specs>(g.cases[0].params.files))
    await writeSafetensors(fileOf(name), seededTensors(specs));
});
afterAll(async () => {
  await runtime.close();
  rmSync(folder, { recursive: true });
});

const model = async (): Promise<Denoiser> =>
  createFlux(runtime, await fixtureWeights('tiny_flux_dev'));

async function applied(
  loras: readonly { readonly file: string; readonly strength: number }[],
): Promise<LoraResult & { readonly unet: Denoiser }> {
  let unet = await model();
  let result: LoraResult | undefined;
  for (const { file, strength } of loras) {
    result = applyLora({ unet }, await openLora(fileOf(file)), { unet: strength, clip: 0 });
    unet = result.unet!;
  }
  return { ...result!, unet };
}

describe('LoRAs of FLUX.1 under names of their own', () => {
  it.each(g.cases)('$id', async (one) => {
    const { unet } = await applied(one.params.loras);
    expectGolden(g, one.id, one.outputs.v, await unet.evaluate(caseInputs(g, one)));
  });

  it('of Black Forest Labs make the input of the model wider', async () => {
    const { unet, unmatched } = await applied([{ file: 'control', strength: 1 }]);
    expect(unmatched).toEqual([]);
    expect([(await model()).inChannels, unet.inChannels]).toEqual([16, 32]);
    expect(unet.patchable!.get('img_in.weight')).toEqual({
      tensor: 'img_in.weight',
      shape: [64, 128],
      storedShape: [64, 64],
    });
  });

  it('have their strength as an input, those of biases and of the wider layer too', async () => {
    const planAt = async (strength: number) =>
      (await applied([{ file: 'control', strength }])).unet.base!.plan!;
    const [plan, other] = [await planAt(1), await planAt(0.5)];
    expect(plan.key).toBe(other.key);
    expect(plan.merged.shapes.size).toBe(0);
  });

  it('do not change a layer that another one has made wider', async () => {
    const { shapeMismatches } = await applied([
      { file: 'control', strength: 1 },
      { file: 'plain', strength: 1 },
    ]);
    expect(shapeMismatches).toEqual(['img_in.weight']);
  });
});
