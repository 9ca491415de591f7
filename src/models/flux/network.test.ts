// FLUX.1 against ComfyUI: predictions of dev, schnell and Fill, and values inside.
import { afterAll, describe, expect, it } from 'vitest';
import { expectBlockStates } from '../../../test/support/dit.ts';
import {
  caseInputs,
  denoisedBy,
  fixtureWeights,
  fluxLatent,
} from '../../../test/support/dit-cases.ts';
import {
  expectGolden,
  type Golden,
  type GoldenCase,
  golden,
} from '../../../test/support/golden.ts';
import { commonUpscale } from '../../image/resize/common-upscale.ts';
import { createRuntime } from '../../runtime/runtime.ts';
import { full, reshape, type Tensor, tensor, zeros } from '../../tensor/tensor.ts';
import type { DenoiserInputs } from '../denoiser.ts';
import { fluxFromDiffusers, fluxTensors } from './layout.ts';
import { createFlux, FLUX } from './network.ts';

const runtime = createRuntime({ threads: 1 });
afterAll(() => runtime.close());

const GROUPS = ['flux_dev', 'flux_schnell', 'flux_fill'] as const;

describe.each(GROUPS)('golden dit/%s', (group) => {
  const g = golden('dit', group);
  const inputsOf = (goldenCase: GoldenCase): DenoiserInputs => {
    const inputs = caseInputs(g, goldenCase);
    return group === 'flux_fill' ? { ...inputs, x: withFill(g, goldenCase, inputs.x) } : inputs;
  };

  it.each(g.cases.filter(({ outputs }) => outputs.v))('$id', async (goldenCase) => {
    const { id, params, outputs } = goldenCase;
    const denoiser = createFlux(runtime, await fixtureWeights(params.model));
    const v = await denoiser.evaluate(inputsOf(goldenCase));
    expectGolden(g, id, outputs.v, v);
    expectGolden(g, id, outputs.denoised, denoisedBy(v, caseInputs(g, goldenCase)));
  });

  it('computes the states of each block', () => expectBlockStates(g, FLUX, inputsOf(g.cases[0])));
});

/** x with the image and the mask that Fill's input has (comfy.model_base.Flux concat_cond). */
function withFill(g: Golden, { inputs }: GoldenCase, x: Tensor): Tensor {
  const [batch, channels, height, width] = x.shape;
  const image = inputs.concat_latent_image
    ? g.float(inputs.concat_latent_image)
    : zeros([batch, channels, height, width]);
  const mask = inputs.concat_mask ? g.float(inputs.concat_mask) : full([1, height, width], 1);
  const fitted = commonUpscale(image, { width, height }, 'bilinear', 'center');
  const pixels = commonUpscale(
    reshape(mask, [
      mask.data.length / (mask.shape.at(-1)! * mask.shape.at(-2)!),
      1,
      ...mask.shape.slice(-2),
    ]),
    { width: 8 * width, height: 8 * height },
    'bilinear',
    'center',
  );
  const cells = full([batch, 64, height, width], 0);
  for (let i = 0; i < cells.data.length; i++) {
    const [column, row] = [i % width, Math.floor(i / width) % height];
    const place = Math.floor(i / (width * height)) % 64;
    const y = 8 * row + Math.floor(place / 8);
    cells.data[i] = pixels.data[y * 8 * width + 8 * column + (place % 8)];
  }
  const parts = [x, fluxLatent(fitted), cells];
  const rows = Array.from({ length: batch }, (_, b) =>
    parts.map(({ shape, data }) => {
      const size = data.length / shape[0];
      const at = (b % shape[0]) * size;
      return [...data.subarray(at, at + size)];
    }),
  );
  return tensor([batch, 2 * channels + 64, height, width], Float32Array.from(rows.flat(2)));
}

describe('golden dit/flux_dev', () => {
  const g = golden('dit', 'flux_dev');
  it.each(g.cases.filter(({ note }) => note?.startsWith('raises')))(
    '$id is refused',
    async (goldenCase) => {
      const denoiser = createFlux(runtime, await fixtureWeights('tiny_flux_dev'));
      await expect(denoiser.evaluate(caseInputs(g, goldenCase))).rejects.toThrow(
        'FLUX.1 cannot place reference images by the method index_timestep_zero',
      );
    },
  );
});

describe('golden weights/models', () => {
  const g = golden('weights', 'models');
  const layouts = {
    tiny_flux_schnell_diffusers: fluxFromDiffusers,
    tiny_flux_schnell: fluxTensors,
    tiny_flux_dev: fluxTensors,
  };
  const cases = g.cases.filter(({ params }) => params.model in layouts);
  it.each(cases)('$id', async (goldenCase) => {
    const { id, params, outputs } = goldenCase;
    const layout = layouts[params.model as keyof typeof layouts];
    const denoiser = createFlux(runtime, await fixtureWeights(params.model, layout));
    const inputs = caseInputs(g, goldenCase);
    const v = await denoiser.evaluate(inputs);
    expectGolden(g, id, outputs.denoised, denoisedBy(v, inputs));
  });
});
