// Hooks for detailers, detectors and SEGSUpscaler. Source: Impact Pack impact_pack.py,
// hook_nodes.py.
import { encodeWebp } from '../../../../image/codec/encode-webp.ts';
import { toByteImage } from '../../../../image/image-bytes.ts';
import { SAMPLER_NAMES } from '../../../../sampling/samplers/index.ts';
import { SCHEDULERS } from '../../../../sampling/schedules/schedules.ts';
import {
  blackSegmentHook,
  combineDetailerHooks,
  customSamplerHook,
  cycleDenoiseHook,
  cycleNoiseHook,
  cycleUnsamplingHook,
  filterHook,
  variationNoiseHook,
} from '../../../../segs/detail/detailer-hooks.ts';
import { filterByLabel, filterByOrder, filterByRange } from '../../../../segs/edit/filter-segs.ts';
import type { DetailerHook } from '../../../../segs/hooks.ts';
import { combo, defineNode, float, int, output, outputs, seed, socket } from '../../../declare.ts';
import { labelInputs, orderInputs, rangeInputs } from '../segs/segs-filter-nodes.ts';

const DETAILER = 'ImpactPack/Detailer';
const UTIL = 'ImpactPack/Util';

const hookOutput = [output('DETAILER_HOOK')];
const cycles = combo(['skip_start', 'from_start'], {
  tooltip: 'Whether the schedule starts with the first cycle or the second one.',
});

const DetailerHookCombine = defineNode({
  type: 'DetailerHookCombine',
  display: 'DetailerHookCombine',
  category: 'ImpactPack/Upscale',
  description:
    'Combines two hooks. As in the original, the noise is all zeros if one of them has its own.',
  inputs: { hook1: socket('DETAILER_HOOK'), hook2: socket('DETAILER_HOOK') },
  outputs: hookOutput,
  run({ hook1, hook2 }, { warn }) {
    if (hook1.customNoise || hook2.customNoise)
      warn(
        'a hook with noise of its own that is combined with another one leaves the segments ' +
          'without noise, as in the Impact Pack',
      );
    return outputs(combineDetailerHooks(hook1, hook2));
  },
});

const NoiseInjectionDetailerHookProvider = defineNode({
  type: 'NoiseInjectionDetailerHookProvider',
  display: 'NoiseInjectionDetailerHookProvider',
  category: DETAILER,
  description: 'Adds noise to the latent at the start of each cycle.',
  inputs: {
    schedule_for_cycle: cycles,
    source: combo(['CPU', 'GPU'], { tooltip: 'No effect: the noise is always that of the CPU.' }),
    seed: seed(),
    start_strength: float({ default: 2, min: 0, max: 200, step: 0.01 }),
    end_strength: float({ default: 1, min: 0, max: 200, step: 0.01 }),
  },
  outputs: hookOutput,
  run({ schedule_for_cycle, source, seed, start_strength, end_strength }, { warn }) {
    if (source === 'GPU')
      warn(
        "source 'GPU' has no effect: the noise is that of the CPU, so the image differs from the " +
          "original's on a GPU",
      );
    return outputs(
      cycleNoiseHook(
        { seed, start: start_strength, end: end_strength },
        schedule_for_cycle === 'from_start',
      ),
    );
  },
});

const UnsamplerDetailerHookProvider = defineNode({
  type: 'UnsamplerDetailerHookProvider',
  display: 'UnsamplerDetailerHookProvider',
  category: DETAILER,
  description: 'Unsamples the latent at the start of each cycle.',
  inputs: {
    model: socket('MODEL'),
    steps: int({ default: 25, min: 1, max: 10000 }),
    start_end_at_step: int({ default: 21, min: 0, max: 10000 }),
    end_end_at_step: int({ default: 24, min: 0, max: 10000 }),
    cfg: float({ default: 1, min: 0, max: 100 }),
    sampler_name: combo(SAMPLER_NAMES),
    scheduler: combo(SCHEDULERS),
    normalize: combo(['disable', 'enable']),
    positive: socket('CONDITIONING'),
    negative: socket('CONDITIONING'),
    schedule_for_cycle: cycles,
  },
  outputs: hookOutput,
  run: ({
    start_end_at_step,
    end_end_at_step,
    sampler_name,
    normalize,
    schedule_for_cycle,
    ...run
  }) =>
    outputs(
      cycleUnsamplingHook(
        {
          ...run,
          samplerName: sampler_name,
          normalize: normalize === 'enable',
          start: start_end_at_step,
          end: end_end_at_step,
        },
        schedule_for_cycle === 'from_start',
      ),
    ),
});

const DenoiseSchedulerDetailerHookProvider = defineNode({
  type: 'DenoiseSchedulerDetailerHookProvider',
  display: 'DenoiseSchedulerDetailerHookProvider',
  category: DETAILER,
  description: 'Moves the denoise to a target over the cycles; a single cycle is not changed.',
  inputs: {
    schedule_for_cycle: combo(['simple']),
    target_denoise: float({ default: 0.3, min: 0, max: 1, step: 0.01 }),
  },
  outputs: hookOutput,
  run: ({ target_denoise }) => outputs(cycleDenoiseHook(target_denoise)),
});

const VariationNoiseDetailerHookProvider = defineNode({
  type: 'VariationNoiseDetailerHookProvider',
  display: 'VariationNoiseDetailerHookProvider',
  category: DETAILER,
  description: "Mixes another seed's noise into that of each segment.",
  inputs: { seed: seed(), strength: float({ min: 0, max: 1, step: 0.01 }) },
  outputs: hookOutput,
  run: ({ seed, strength }) => outputs(variationNoiseHook(seed, strength)),
});

const SEGSOrderedFilterDetailerHookProvider = defineNode({
  type: 'SEGSOrderedFilterDetailerHookProvider',
  display: 'SEGSOrderedFilterDetailerHookProvider',
  category: UTIL,
  inputs: orderInputs(['confidence', 'none']),
  outputs: hookOutput,
  run: ({ target, order, take_start, take_count }) =>
    outputs(
      filterHook((segs) => filterByOrder(segs, target, order, take_start, take_count).filtered),
    ),
});

const SEGSRangeFilterDetailerHookProvider = defineNode({
  type: 'SEGSRangeFilterDetailerHookProvider',
  display: 'SEGSRangeFilterDetailerHookProvider',
  category: UTIL,
  inputs: rangeInputs(['confidence(0-100)']),
  outputs: hookOutput,
  run: ({ target, mode, min_value, max_value }) =>
    outputs(filterHook((segs) => filterByRange(segs, target, mode, min_value, max_value).filtered)),
});

const SEGSLabelFilterDetailerHookProvider = defineNode({
  type: 'SEGSLabelFilterDetailerHookProvider',
  display: 'SEGSLabelFilterDetailerHookProvider',
  category: UTIL,
  inputs: {
    segs: socket('SEGS', { tooltip: 'No effect: the hook filters the segments of the detector.' }),
    ...labelInputs,
  },
  outputs: hookOutput,
  run: ({ labels }) => outputs(filterHook((segs) => filterByLabel(segs, labels).filtered)),
});

const PreviewDetailerHookProvider = defineNode({
  type: 'PreviewDetailerHookProvider',
  display: 'PreviewDetailerHookProvider',
  category: UTIL,
  description: 'Shows the image after each segment is pasted (message `impact-preview`).',
  inputs: { quality: int({ default: 95, min: 20, max: 100 }) },
  hidden: { unique_id: 'UNIQUE_ID' },
  outputs: [output('DETAILER_HOOK'), output('UPSCALER_HOOK')],
  notIdempotent: true,
  run({ quality }, context) {
    const hook: DetailerHook = {
      async postPaste(image) {
        const [, height, width] = image.shape;
        const file = await encodeWebp(toByteImage(image), quality);
        const target = {
          type: 'temp',
          prefix: `pvhook/${context.nodeId}`,
          extension: 'webp',
          size: { width, height },
        } as const;
        const [{ filename, subfolder, type }] = await context.save({ ...target, files: [file] });
        context.send('impact-preview', {
          node_id: context.nodeId,
          item: { filename, subfolder, type },
        });
        return image;
      },
    };
    return outputs(hook, hook);
  },
});

const CustomSamplerDetailerHookProvider = defineNode({
  type: 'CustomSamplerDetailerHookProvider',
  display: 'CustomSamplerDetailerHookProvider',
  category: DETAILER,
  description: 'Samples the segments with a sampler; of two combined hooks, with the first one.',
  inputs: { sampler: socket('SAMPLER') },
  outputs: hookOutput,
  run: ({ sampler }) => outputs(customSamplerHook(sampler)),
});

const BlackPatchRetryHookProvider = defineNode({
  type: 'BlackPatchRetryHookProvider',
  display: 'BlackPatchRetryHookProvider',
  category: UTIL,
  description: 'Makes DetailerForEachAutoRetry sample a segment again that is almost black.',
  inputs: {
    mean_thresh: int({
      default: 10,
      min: 0,
      max: 255,
      tooltip: 'Maximum of the mean, of 255, at which a segment counts as black.',
    }),
    var_thresh: int({
      default: 5,
      min: 0,
      max: 255,
      tooltip: 'Maximum of the variance, in units of 1/255, at which a segment counts as black.',
    }),
  },
  outputs: hookOutput,
  notIdempotent: true,
  run: ({ mean_thresh, var_thresh }) => outputs(blackSegmentHook(mean_thresh, var_thresh)),
});

export const DETAILER_HOOK_NODES = [
  DetailerHookCombine,
  NoiseInjectionDetailerHookProvider,
  UnsamplerDetailerHookProvider,
  DenoiseSchedulerDetailerHookProvider,
  SEGSOrderedFilterDetailerHookProvider,
  SEGSRangeFilterDetailerHookProvider,
  SEGSLabelFilterDetailerHookProvider,
  VariationNoiseDetailerHookProvider,
  PreviewDetailerHookProvider,
  CustomSamplerDetailerHookProvider,
  BlackPatchRetryHookProvider,
];
