// Pipes, and the nodes for conditionings and schedules.
import { describe, expect, it } from 'vitest';
import { RULES } from '../../../../../test/support/rules.ts';
import { runNode, testContext } from '../../../../../test/support/run-node.ts';
import { NO_NEGATIVE, sampleDenoise } from '../../../../sampling/runs/step-range.ts';
import { NODES } from '../../../index.ts';
import { isBlocker } from '../../../socket-values.ts';

const basicValues = { model: 'M', clip: 'C', vae: 'V', positive: 'P', negative: 'N' };
const refinerValues = {
  refiner_model: 'rM',
  refiner_clip: 'rC',
  refiner_positive: 'rP',
  refiner_negative: 'rN',
};
const detectorValues = {
  bbox_detector: 'B',
  sam_model_opt: 'S',
  segm_detector_opt: 'G',
  detailer_hook: 'H',
};
const run = (type: string, inputs: object): Promise<readonly unknown[]> =>
  runNode(type, inputs as Record<string, unknown>);

describe('basic pipes', () => {
  it('are made, separated and edited', async () => {
    const [pipe] = await run('ToBasicPipe', basicValues);
    expect(await run('FromBasicPipe', { basic_pipe: pipe })).toEqual(['M', 'C', 'V', 'P', 'N']);
    expect(await run('FromBasicPipe_v2', { basic_pipe: pipe })).toEqual([
      pipe,
      'M',
      'C',
      'V',
      'P',
      'N',
    ]);
    const [changed] = await run('EditBasicPipe', {
      basic_pipe: pipe,
      positive: 'other',
      vae: undefined,
    });
    expect(changed).toEqual({ ...basicValues, positive: 'other' });
    expect(pipe).toEqual(basicValues);
  });

  it('are made from any pipe', async () => {
    const [detailer] = await run('ToDetailerPipe', {
      ...basicValues,
      ...detectorValues,
      wildcard: '',
    });
    expect(await run('AnyPipeToBasic', { any_pipe: detailer })).toEqual([basicValues]);
  });

  it('are not made from other values', async () => {
    await expect(run('AnyPipeToBasic', { any_pipe: 'text' })).rejects.toMatchObject({
      code: 'DR_INPUT_INVALID',
      input: 'any_pipe',
    });
  });
});

describe('detailer pipes', () => {
  it('output their values in the order of the original', async () => {
    const [pipe] = await run('ToDetailerPipeSDXL', {
      ...basicValues,
      ...refinerValues,
      ...detectorValues,
      wildcard: 'w',
    });
    const all = ['M', 'C', 'V', 'P', 'N', 'B', 'S', 'G', 'H'];
    expect(await run('FromDetailerPipe', { detailer_pipe: pipe })).toEqual(all);
    expect(await run('FromDetailerPipe_v2', { detailer_pipe: pipe })).toEqual([pipe, ...all]);
    expect(await run('FromDetailerPipeSDXL', { detailer_pipe: pipe })).toEqual([
      pipe,
      ...all,
      'rM',
      'rC',
      'rP',
      'rN',
    ]);
    const [base, second] = await run('DetailerPipeToBasicPipe', { detailer_pipe: pipe });
    expect(base).toEqual(basicValues);
    expect(second).toEqual({ model: 'rM', clip: 'rC', vae: 'V', positive: 'rP', negative: 'rN' });
    const [again] = await run('BasicPipeToDetailerPipeSDXL', {
      base_basic_pipe: base,
      refiner_basic_pipe: second,
      ...detectorValues,
      wildcard: 'w',
    });
    expect(again).toEqual(pipe);
  });

  it('block the refiner pipe if they have no refiner', async () => {
    const [basic_pipe] = await run('ToBasicPipe', basicValues);
    const [pipe] = await run('BasicPipeToDetailerPipe', {
      basic_pipe,
      bbox_detector: 'B',
      wildcard: '',
    });
    const [, second] = await run('DetailerPipeToBasicPipe', { detailer_pipe: pipe });
    expect(isBlocker(second) && second.message).toMatch(/no refiner/);
    expect((await run('FromDetailerPipeSDXL', { detailer_pipe: pipe })).slice(-4)).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('are edited value by value, except by an empty wildcard text', async () => {
    const [pipe] = await run('ToDetailerPipe', {
      ...basicValues,
      ...detectorValues,
      wildcard: 'w',
    });
    const [same] = await run('EditDetailerPipe', { detailer_pipe: pipe, wildcard: '' });
    expect(same).toEqual(pipe);
    const [changed] = await run('EditDetailerPipeSDXL', {
      detailer_pipe: pipe,
      wildcard: 'x',
      refiner_model: 'rM',
      sam_model: 'S2',
    });
    expect(changed).toEqual({
      ...(pipe as object),
      wildcard: 'x',
      samModel: 'S2',
      refiner: { model: 'rM' },
    });
  });

  it('offer the LoRA files for their text', () => {
    const input = NODES.get('ToDetailerPipe')!.inputs['Select to add LoRA'];
    const options = input.kind === 'COMBO' && input.options;
    const context = testContext({ loras: { 'a.safetensors': 'a' } });
    expect(typeof options === 'function' && options(context)).toEqual([
      'Select the LoRA to add to the text',
      'a.safetensors',
    ]);
  });
});

describe('conditionings and schedules', () => {
  const prompt = (value: number, tokens: number) => [
    { cond: { shape: [1, tokens, 1], data: new Float32Array(tokens).fill(value) } },
  ];

  it('conditionings are combined and concatenated in the order of their numbers', async () => {
    const inputs = {
      conditioning10: prompt(3, 1),
      conditioning2: prompt(2, 1),
      conditioning1: prompt(1, 2),
    };
    expect(await run('ImpactCombineConditionings', inputs)).toEqual([
      [...prompt(1, 2), ...prompt(2, 1), ...prompt(3, 1)],
    ]);
    const [[joined]] = (await run('ImpactConcatConditionings', inputs)) as readonly [
      ReturnType<typeof prompt>,
    ];
    expect([...joined.cond.data]).toEqual([1, 1, 2, 3]);
  });

  it('ImpactNegativeConditioningPlaceholder outputs the missing negative prompt', async () => {
    expect(await run('ImpactNegativeConditioningPlaceholder', {})).toEqual([NO_NEGATIVE]);
  });

  it("ImpactSchedulerAdapter offers the pack's own schedulers", async () => {
    expect(
      await run('ImpactSchedulerAdapter', { scheduler: 'karras', extra_scheduler: 'None' }),
    ).toEqual(['karras']);
    expect(
      await run('ImpactSchedulerAdapter', { scheduler: 'karras', extra_scheduler: 'AYS SDXL' }),
    ).toEqual(['AYS SDXL']);
    const { inputs } = NODES.get('ImpactSchedulerAdapter')!;
    expect(inputs.extra_scheduler.kind === 'COMBO' && inputs.extra_scheduler.options).toEqual([
      'None',
      'AYS SDXL',
      'AYS SD1',
      'AYS SVD',
      'GITS[coeff=1.2]',
      'LTXV[default]',
      'OSS FLUX',
      'OSS Wan',
      'OSS Chroma',
    ]);
  });

  it('GITSSchedulerFuncProvider outputs a schedule for any number of steps', async () => {
    const [schedule] = (await run('GITSSchedulerFuncProvider', {
      coeff: 1.2,
      denoise: 1,
    })) as readonly [(...args: unknown[]) => Float32Array];
    expect(schedule({}, 'euler', 5)).toHaveLength(6);
  });

  it('RemoveNoiseMask removes the noise mask', async () => {
    expect(
      await run('RemoveNoiseMask', { samples: { samples: 1, noise_mask: 2, batch_index: 3 } }),
    ).toEqual([{ samples: 1, batch_index: 3 }]);
  });

  it('a denoise of 0 is refused', async () => {
    const latent = { samples: { shape: [1, 4, 1, 1], data: new Float32Array(4) } };
    await expect(
      sampleDenoise({} as never, { seed: 0n, steps: 5, denoise: 0, latent, rules: RULES }),
    ).rejects.toMatchObject({ input: 'denoise' });
  });
});
