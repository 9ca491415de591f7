// FreeU, FreeU_V2 and PAG inside the fixture UNets, against the original UNet with the patches of
// comfy_extras/nodes_freelunch.py and nodes_pag.py: FreeU().patch(model, b1, b2, s1, s2);
// set_model_options_patch_replace(options, lambda q, k, v, e: v, 'attn1', 'middle', 0).
import { afterAll, describe, expect, it } from 'vitest';
import { expectGolden, fixtureModel, golden, type Params } from '../../../test/support/golden.ts';
import { createRuntime } from '../../runtime/runtime.ts';
import { type Tensor, tensor } from '../../tensor/tensor.ts';
import { loadCheckpoint } from '../checkpoint/load.ts';
import type { DenoiserVariant } from '../denoiser.ts';

const runtime = createRuntime({ threads: 1 });
afterAll(() => runtime.close());

const g = golden('networks', 'unet_patches');
const FILES: Readonly<Record<string, string>> = { base: 'tiny_sdxl_base', sd1: 'tiny_sd1' };

function changeOf({ patch, scales }: Params): DenoiserVariant {
  if (patch === 'pag') return { perturbedMiddle: true };
  const [b1, b2, s1, s2] = scales;
  return { patches: [{ kind: 'freeU', version: patch === 'freeu' ? 1 : 2, b1, b2, s1, s2 }] };
}

const evaluations = g.cases.filter(({ params }) => params.patch);

describe('UNet variants', () => {
  it.each(Object.keys(FILES))(
    '%s with FreeU or PAG predicts as the original does',
    async (model) => {
      const { denoiser: unet } = await loadCheckpoint(fixtureModel(FILES[model]), runtime);
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
    },
  );

  describe('that change nothing', () => {
    const { inputs } = evaluations[0];
    const common = {
      x: g.float(inputs.x),
      timesteps: g.float(inputs.t).data,
      context: g.float(inputs.context),
      y: g.float(inputs.y),
    };
    const neutral = { kind: 'freeU', version: 1, b1: 1, b2: 1, s1: 1, s2: 1 } as const;
    const load = async () =>
      (await loadCheckpoint(fixtureModel('tiny_sdxl_base'), runtime)).denoiser;

    it('predict the same with perturbed attention switched off', async () => {
      const unet = await load();
      const plain = await unet.evaluate(common);
      expect(await unet.variant({ perturbedMiddle: false }).evaluate(common)).toEqual(plain);
    });

    it('predict the same without residuals', async () => {
      const unet = await load();
      const plain = await unet.evaluate(common);
      const control = { output: [], middle: null };
      expect(await unet.evaluate({ ...common, control })).toEqual(plain);
    });

    it('predict nearly the same with FreeU factors of 1', async () => {
      const unet = await load();
      const plain = await unet.evaluate(common);
      const scaled = await unet.variant({ patches: [neutral] }).evaluate(common);
      const differences = scaled.data.map((value, i) => Math.abs(value - plain.data[i]));
      expect(Math.max(...differences)).toBeLessThan(1e-5);
    });

    it('open one session for each kind of variant, whatever its numbers', async () => {
      const ownRuntime = createRuntime({ threads: 1 });
      const { denoiser: unet } = await loadCheckpoint(fixtureModel('tiny_sdxl_base'), ownRuntime);
      const variants: DenoiserVariant[] = [
        {},
        { perturbedMiddle: true },
        { perturbedMiddle: false },
        { patches: [neutral] },
        { patches: [{ ...neutral, b1: 2 }] },
        { patches: [{ ...neutral, version: 2 }] },
      ];
      for (const variant of variants) await unet.variant(variant).evaluate(common);
      await unet.evaluate({ ...common, control: { output: [], middle: null } });
      // plain, perturbed attention, both versions of FreeU, residuals
      expect(ownRuntime.openNetworks()).toHaveLength(5);
      await ownRuntime.close();
    });
  });

  it('broadcasts a residual of one value per plane', async () => {
    const { denoiser: unet } = await loadCheckpoint(fixtureModel('tiny_sdxl_base'), runtime);
    const { inputs } = evaluations[0];
    const common = {
      x: g.float(inputs.x),
      timesteps: g.float(inputs.t).data,
      context: g.float(inputs.context),
      y: g.float(inputs.y),
    };
    const means = Float32Array.from({ length: 2 * 128 }, (_, i) => Math.sin(i));
    const repeated = Float32Array.from({ length: 2 * 128 * 4 }, (_, i) => means[i >> 2]);
    const withMiddle = (middle: Tensor) =>
      unet.evaluate({ ...common, control: { output: [], middle } });
    const broadcast = await withMiddle(tensor([2, 128, 1, 1], means));
    expect(broadcast).toEqual(await withMiddle(tensor([2, 128, 2, 2], repeated)));
  });
});
