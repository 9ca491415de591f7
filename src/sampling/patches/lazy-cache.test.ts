// LazyCache around an analytic prediction, against ComfyUI's own
// (test/golden/core_nodes/make_cache.py).
import { expect, it } from 'vitest';
import { expectGolden, golden } from '../../../test/support/golden.ts';
import { tensor } from '../../tensor/tensor.ts';
import { f32 } from '../float32.ts';
import type { Model, Predict } from '../sampling-types.ts';
import { withLazyCache } from './lazy-cache.ts';

const g = golden('core_nodes', 'cache');
const sampling = { percentToSigma: (percent: number) => 14 * (1 - percent) ** 2 };

it.each(g.cases)('$id', async ({ id, params, outputs }) => {
  const target = g.float('target');
  const calls: number[] = [];
  const predict: Predict = async (x, sigma) => {
    calls.push(f32(sigma));
    const [s, t] = [f32(f32(f32(sigma) / 40)), f32(1 - f32(f32(sigma) / 20))];
    const denoised = x.data.map(
      (value, i) => f32(target.data[i] * t) + f32(f32(value * s) / f32(1 + f32(sigma))),
    );
    return { denoised: tensor(x.shape, denoised), uncond: x };
  };
  const lines: string[] = [];
  const options = {
    threshold: params.threshold,
    startPercent: params.start,
    endPercent: params.end,
    log: (text: string) => lines.push(text),
  };
  const model = withLazyCache({ sampling } as unknown as Model, options);
  // Each run starts afresh.
  for (let run = 0; run < 2; run++) {
    calls.length = 0;
    const cached = model.patches!.predict!.reduce((inner, wrap) => wrap(inner), predict);
    let x = g.float('start').data.map((value) => value * 14);
    const { sigmas } = params;
    for (let i = 0; i + 1 < sigmas.length; i++) {
      const { denoised } = await cached(tensor(params.shape, x), sigmas[i]);
      const [from, step] = [f32(sigmas[i]), f32(sigmas[i + 1] - sigmas[i])];
      x = x.map((value, at) => value + f32(f32(f32(value - denoised.data[at]) / from) * step));
    }
    expect(calls).toEqual(params.calls);
    const [height, width] = params.shape.slice(2);
    const subsample = x.filter(
      (_, i) => (i % width) % 3 === 0 && (Math.floor(i / width) % height) % 3 === 0,
    );
    expectGolden(g, id, outputs.x, subsample);
  }
  expect(lines.length).toBeGreaterThan(0);
});
