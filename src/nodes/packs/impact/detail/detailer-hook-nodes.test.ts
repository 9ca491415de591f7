// Hooks of detailers as nodes, with a fixture model and a small detector.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type Detailing,
  guide,
  image,
  masks,
  openDetailing,
  sampling,
} from '../../../../../test/support/detailing.ts';
import type { DetailerHook } from '../../../../segs/hooks.ts';
import type { Tensor } from '../../../../tensor/tensor.ts';

let context: Detailing['context'];
let pipe: Detailing['pipe'];
let run: Detailing['run'];
let detect: Detailing['detect'];
beforeAll(async () => {
  ({ context, pipe, run, detect } = await openDetailing());
});
afterAll(() => context.runtime.close());

describe('hooks', () => {
  const detail = async (hook: unknown, cycle = 2): Promise<Tensor> => {
    const segs = await detect({ threshold: 0.8 });
    const inputs = {
      image,
      segs,
      ...guide,
      ...sampling,
      ...masks,
      wildcard: '',
      cycle,
      detailer_hook: hook,
    };
    return (await run('DetailerForEach', { ...inputs, ...pipe }))[0] as Tensor;
  };

  it('change the result of each cycle', async () => {
    const plain = await detail(undefined);
    const [noise] = await run('NoiseInjectionDetailerHookProvider', {
      schedule_for_cycle: 'skip_start',
      source: 'CPU',
      seed: 5n,
      start_strength: 1,
      end_strength: 0.5,
    });
    const [denoise] = await run('DenoiseSchedulerDetailerHookProvider', {
      schedule_for_cycle: 'simple',
      target_denoise: 0.9,
    });
    const [variation] = await run('VariationNoiseDetailerHookProvider', {
      seed: 5n,
      strength: 0.5,
    });
    const [unsampler] = await run('UnsamplerDetailerHookProvider', {
      model: pipe.model,
      positive: pipe.positive,
      negative: pipe.negative,
      steps: 4,
      start_end_at_step: 1,
      end_end_at_step: 2,
      cfg: 1,
      sampler_name: 'euler',
      scheduler: 'normal',
      normalize: 'disable',
      schedule_for_cycle: 'from_start',
    });
    for (const hook of [noise, denoise, variation, unsampler])
      expect((await detail(hook)).data).not.toEqual(plain.data);
    // skip_start does not change a single cycle, and neither does a schedule over one cycle
    for (const hook of [noise, denoise])
      expect((await detail(hook, 1)).data).toEqual((await detail(undefined, 1)).data);
  });

  it('show the image after each segment', async () => {
    const [preview] = await run('PreviewDetailerHookProvider', { quality: 80 });
    await detail(preview, 1);
    expect(context.messages.at(-1)).toMatchObject({
      event: 'impact-preview',
      data: { node_id: '1', item: { type: 'temp' } },
    });
  });

  it('warn that a combination has no noise', async () => {
    const [preview] = await run('PreviewDetailerHookProvider', { quality: 80 });
    const [variation] = await run('VariationNoiseDetailerHookProvider', {
      seed: 5n,
      strength: 0.5,
    });
    const [both] = await run('DetailerHookCombine', { hook1: variation, hook2: preview });
    expect(context.warnings.at(-1)).toContain('without noise');
    expect((both as DetailerHook).customNoise!(1n, [1, 4, 2, 2])!.data.every((v) => v === 0)).toBe(
      true,
    );
  });
});
