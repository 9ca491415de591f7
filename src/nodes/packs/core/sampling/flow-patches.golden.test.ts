// Guidance of flow models with nodes that skip layers, rescale or perturb, and masks of
// differential diffusion, against ComfyUI 0.33.0, and where it differs against 0.3.64
// (test/golden/flow/make_patches.py).
import { describe, expect, it } from 'vitest';
import { expectGolden, golden } from '../../../../../test/support/golden.ts';
import { runNode, testContext } from '../../../../../test/support/run-node.ts';
import type { Denoiser, DenoiserVariant } from '../../../../models/denoiser.ts';
import { cfgGuider } from '../../../../sampling/guiders/guider.ts';
import { flowSampling, fluxSampling } from '../../../../sampling/model/flow-sampling.ts';
import type { ModelSampling } from '../../../../sampling/model/model-sampling.ts';
import type { Conditioning, Model } from '../../../../sampling/sampling-types.ts';
import { tensor } from '../../../../tensor/tensor.ts';
import { behaviourOf } from '../../../versions/behaviour-changes.ts';

const g = golden('flow', 'patches');
const f32 = Math.fround;
const samplingOf = ([kind, shift, multiplier]: [string, number, number]): ModelSampling =>
  kind === 'flux' ? fluxSampling({ shift }) : flowSampling({ shift, multiplier });

/** What the reference's network was asked for in one prediction: rows and skipped blocks. */
type Calls = (number | string)[][];

/**
 * The formula that stands for the network, which records its evaluations. `spread` makes prompts
 * differ in deviation.
 */
function formula(
  sampling: ModelSampling,
  calls: Calls,
  spread: number,
  change: DenoiserVariant = {},
): Denoiser {
  const { double = [], single = [] } = change.skippedBlocks ?? {};
  return {
    inChannels: 4,
    outChannels: 4,
    contextDim: 3,
    admChannels: 0,
    variant: (more) => formula(sampling, calls, spread, { ...change, ...more }),
    async evaluate({ x, timesteps, context }) {
      const rows = x.shape[0];
      calls.push([rows, ...double.map((i) => `d${i}`), ...single.map((i) => `s${i}`)]);
      const total =
        double.reduce((sum, i) => sum + 0.5 * i, 0) + single.reduce((sum, i) => sum + 0.1 * i, 0);
      const part = (values: Float32Array, row: number) =>
        values.subarray((row * values.length) / rows, ((row + 1) * values.length) / rows);
      const data = Float32Array.from(x.data, (value, i) => {
        const row = Math.floor((i * rows) / x.data.length);
        const tokens = part(context.data, row);
        const mean = f32(tokens.reduce((sum, one) => sum + one, 0) / tokens.length);
        const time = f32(f32(f32(0.2) * timesteps[row]) / sampling.timestep(1));
        const v = f32(f32(f32(f32(0.3) * value) + time) + f32(mean * f32(1 + total)));
        return v + f32(f32(f32(spread) * mean) * value);
      });
      return tensor(x.shape, data);
    },
  };
}

const prompt = (name: string): Conditioning => [{ cond: g.float(name) }];

describe.each([
  ['0.33.0', g],
  ['0.3.64', golden('flow', 'patches_0.3.64')],
] as const)('ComfyUI %s', (release, g) => {
  const context = { ...testContext(), behaviour: behaviourOf(release) };

  it.each(g.cases.filter(({ params }) => params.nodes).map((one) => [one.id, one] as const))(
    '%s',
    async (id, { params, inputs, outputs }) => {
      const sampling = samplingOf(params.kind);
      const calls: Calls = [];
      const denoiser = formula(sampling, calls, params.spread ?? 0);
      let model = {
        family: 'sd3',
        denoiser,
        sampling,
        latentFormat: { channels: 4, downscaleRatio: 8, scale: 1 },
      } as unknown as Model;
      for (const [type, options] of params.nodes)
        [model] = await runNode<[Model]>(type, { model, ...options }, context);
      const x = g.float('x');
      const sigmas = g.float(inputs.sigmas).data;
      const guider = cfgGuider(model, prompt('positive'), prompt('negative'), params.cfg);
      const predict = guider.prepare({ shape: x.shape, sigmas });
      for (const [i, sigma] of sigmas.entries()) {
        calls.length = 0;
        const { denoised } = await predict(x, sigma);
        expect(calls).toEqual(params.calls[i]);
        expectGolden(g, id, outputs[i], denoised);
      }
    },
  );
});

it.each(g.cases.filter(({ params }) => params.mask).map((one) => [one.id, one] as const))(
  '%s',
  async (id, { params: { kind, strength }, inputs, outputs }) => {
    const [{ patches }] = await runNode<[Model]>('DifferentialDiffusion', {
      model: {} as Model,
      strength,
    });
    const sigmas = g.float(inputs.sigmas).data;
    for (const [i, sigma] of sigmas.subarray(0, -1).entries()) {
      const run = { sigmas, sampling: samplingOf(kind) };
      const mask = patches!.denoiseMask!(sigma, g.float(inputs.mask), run);
      expectGolden(g, id, outputs[i], mask);
    }
  },
);
