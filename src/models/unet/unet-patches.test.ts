// FreeU, FreeU_V2 and PAG inside the fixture UNets, against the original UNet with the patches of
// comfy_extras/nodes_freelunch.py and nodes_pag.py: FreeU().patch(model, b1, b2, s1, s2);
// set_model_options_patch_replace(options, lambda q, k, v, e: v, 'attn1', 'middle', 0).
import { afterAll, describe, expect, it } from 'vitest';
import { expectGolden, fixtureModel, golden, type Params } from '../../../test/support/golden.ts';
import { createRuntime } from '../../runtime/runtime.ts';
import { tensor } from '../../tensor/tensor.ts';
import { loadCheckpoint } from '../checkpoint/load.ts';
import type { UNetVariant } from './unet.ts';

const runtime = createRuntime({ threads: 1 });
afterAll(() => runtime.close());

const g = golden('networks', 'unet_patches');
const FILES: Readonly<Record<string, string>> = { base: 'tiny_sdxl_base', sd1: 'tiny_sd1' };

function changeOf({ patch, scales }: Params): UNetVariant {
  if (patch === 'pag') return { perturbedMiddle: true };
  const [b1, b2, s1, s2] = scales;
  return { freeU: { version: patch === 'freeu' ? 1 : 2, b1, b2, s1, s2 } };
}

const evaluations = g.cases.filter(({ params }) => params.patch);

describe('UNet variants', () => {
  it.each(Object.keys(FILES))('%s', async (model) => {
    const { unet } = await loadCheckpoint(fixtureModel(FILES[model]), runtime);
    const cases = evaluations.filter(({ params }) => params.model === model);
    expect(cases.length).toBe(6);
    for (const { id, params, inputs, outputs } of cases) {
      const [x, context] = [g.float(inputs.x), g.float(inputs.context)];
      const y = inputs.y ? g.float(inputs.y) : undefined;
      const out = await unet
        .variant(changeOf(params))
        .evaluate({ x, timesteps: g.float(inputs.t).data, context, y });
      expectGolden(g, id, outputs.out, out);
    }
  });

  it('gives the plain prediction with the switch off or without control, in one session each', async () => {
    const { unet } = await loadCheckpoint(fixtureModel('tiny_sdxl_base'), runtime);
    const { inputs } = evaluations[0];
    const common = {
      x: g.float(inputs.x),
      timesteps: g.float(inputs.t).data,
      context: g.float(inputs.context),
      y: g.float(inputs.y),
    };
    const plain = await unet.evaluate(common);
    expect(await unet.variant({ perturbedMiddle: false }).evaluate(common)).toEqual(plain);
    expect(await unet.evaluate({ ...common, control: { output: [], middle: null } })).toEqual(
      plain,
    );
    const other = { version: 1, b1: 1, b2: 1, s1: 1, s2: 1 } as const;
    const neutral = await unet.variant({ freeU: other }).evaluate(common);
    expect(
      Math.max(...neutral.data.map((value, i) => Math.abs(value - plain.data[i]))),
    ).toBeLessThan(1e-5);
    await unet.variant({ freeU: { ...other, b1: 2 } }).evaluate(common);
    expect(runtime.openNetworks().filter((name) => name.includes('tiny_sdxl_base')).length).toBe(5);
  });

  it('takes a residual of one value per plane', async () => {
    const { unet } = await loadCheckpoint(fixtureModel('tiny_sdxl_base'), runtime);
    const { inputs } = evaluations[0];
    const common = {
      x: g.float(inputs.x),
      timesteps: g.float(inputs.t).data,
      context: g.float(inputs.context),
      y: g.float(inputs.y),
    };
    const means = Float32Array.from({ length: 2 * 128 }, (_, i) => Math.sin(i));
    const repeated = Float32Array.from({ length: 2 * 128 * 4 }, (_, i) => means[i >> 2]);
    const [a, b] = [tensor([2, 128, 1, 1], means), tensor([2, 128, 2, 2], repeated)];
    const outs = await Promise.all(
      [a, b].map((middle) => unet.evaluate({ ...common, control: { output: [], middle } })),
    );
    expect(outs[0]).toEqual(outs[1]);
  });
});
