// The fixture ControlNet against the original's residuals, alone and inside the UNet; and its diffusers layout.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { expectGolden, fixtureModel, golden } from '../../test/support/golden.ts';
import { loadCheckpoint } from './checkpoint.ts';
import { loadControlNet } from './controlnet.ts';
import { createRuntime } from './runtime.ts';

const runtime = createRuntime({ threads: 1 });
const folder = mkdtempSync(join(tmpdir(), 'darkroom-controlnet-'));
afterAll(async () => {
  await runtime.close();
  rmSync(folder, { recursive: true });
});

const g = golden('networks', 'controlnet');
const file = fixtureModel('tiny_controlnet_sdxl');

describe('ControlNet', () => {
  it.each(g.cases)('$id gives the residuals of the original, and the UNet what it gives with them', async ({ id, inputs, outputs }) => {
    const net = await loadControlNet(file, runtime);
    const { unet } = await loadCheckpoint(fixtureModel('tiny_sdxl_base'), runtime);
    const [x, context, y, pixels] = ['x', 'context', 'y', 'hint'].map((name) => g.float(inputs[name]));
    const common = { x, timesteps: g.float(inputs.t).data, context, y };
    const hint = await net.prepareHint(pixels);
    const { output, middle } = await net.evaluate({ ...common, hint, strength: 1 });
    expectGolden(g, id, outputs.middle_0, middle!);
    output.toReversed().forEach((residual, i) => {
      expectGolden(g, id, outputs[`output_${i}`], residual!);
    });
    expect(output.length).toBe(9);
    for (const strength of [1, 0.35]) {
      const control = await net.evaluate({ ...common, hint, strength });
      const wanted = outputs[`unet_${strength === 1 ? '1.0' : strength}`];
      expectGolden(g, id, wanted, await unet.evaluate({ ...common, control }));
    }
  });
});
