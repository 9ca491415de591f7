// Runs a detailer with the inputs of a node: settings, progress and segment prompts.
import { pythonRandom } from '../../../../random/python-random.ts';
import type { Refiner } from '../../../../sampling/runs/refined.ts';
import type { SamplingHooks } from '../../../../sampling/sampling-types.ts';
import { type DetailerResult, detailForEach } from '../../../../segs/detail/detailer.ts';
import type { EnhanceSettings } from '../../../../segs/detail/enhance-segment.ts';
import type { DetailerHook } from '../../../../segs/hooks.ts';
import type { Segs } from '../../../../segs/segs.ts';
import type { Tensor } from '../../../../tensor/tensor.ts';
import { parseSegmentPrompts, type SegmentPrompts } from '../../../../text/segment-prompts.ts';
import type { NodeContext } from '../../../context.ts';
import { samplingHooks } from '../../../shared/sampling-hooks.ts';
import { rgbChannels } from '../../../shared/shape-checks.ts';
import { blankImage } from '../control/segs-preview-nodes.ts';
import { encodeWithLoras } from '../control/wildcard-nodes.ts';
import { denoiseSamplerOf } from '../impact-inputs.ts';
import type { BasicPipe } from '../impact-sockets.ts';
import type { DetailInputs } from './detailer-inputs.ts';

type ModelsAndPrompts = Pick<BasicPipe, 'model' | 'vae' | 'positive' | 'negative'>;

/** The refiner of a pipe; undefined if one of its values is missing. */
export function refinerOf(
  pipe: Partial<Omit<BasicPipe, 'vae'>> | undefined,
  ratio: number | undefined,
): Refiner | undefined {
  const { model, clip, positive, negative } = pipe ?? {};
  return model && clip && positive && negative && ratio !== undefined
    ? { model, positive, negative, ratio }
    : undefined;
}

/**
 * Settings of a detailer. Optional inputs default to the values of the original's functions, which
 * differ from those of its widgets.
 */
export function detailSettings(
  { model, vae, positive, negative }: ModelsAndPrompts,
  inputs: DetailInputs,
  { behaviour, signal, warn }: NodeContext,
): EnhanceSettings {
  return {
    sampler: denoiseSamplerOf({ model, positive, negative }, inputs),
    vae,
    guideSize: inputs.guide_size,
    guideSizeForBbox: inputs.guide_size_for,
    maxSize: inputs.max_size,
    forceInpaint: inputs.force_inpaint ?? true,
    cycle: inputs.cycle,
    inpaintModel: inputs.inpaint_model ?? false,
    noiseMaskFeather: inputs.noise_mask_feather ?? 0,
    tiledEncode: inputs.tiled_encode,
    tiledDecode: inputs.tiled_decode,
    rules: behaviour,
    signal,
    warn,
  };
}

/** Reports the segments as status text, and the steps of all segments as progress. */
export function segmentProgress(
  context: NodeContext,
  steps: number,
): { onSegment(done: number, total: number): void; onStep: Required<SamplingHooks>['onStep'] } {
  const { status, progress } = context;
  let [finished, count, step] = [0, 0, 0];
  const currentProgress = (): [number, number] => [
    Math.min(finished * steps + step, count * steps),
    count * steps,
  ];
  const { onStep } = samplingHooks(context, () => {
    step = Math.min(step + 1, steps);
    return currentProgress();
  });
  return {
    onStep,
    onSegment(done, total) {
      [finished, count, step] = [done, total, 0];
      status(
        done < total ? `${done + 1}/${total} segments` : '',
        total > 0 ? done / total : undefined,
      );
      if (total > 0) progress(...currentProgress());
    },
  };
}

/**
 * The segment prompts of a wildcard text. Random choices depend on the seed; the original uses an
 * unseeded generator.
 */
const segmentPromptsOf = (text: string | undefined, seed: bigint): SegmentPrompts | undefined =>
  text === undefined ? undefined : parseSegmentPrompts(text, pythonRandom(seed));

/** The arguments of DetailerForEach.do_detail. */
export interface DetailerCall {
  readonly image: Tensor;
  readonly segs: Segs;
  readonly pipe: BasicPipe;
  readonly refiner?: Refiner;
  readonly inputs: DetailInputs & { readonly feather: number };
  readonly noiseMask: boolean;
  readonly hook?: DetailerHook;
  readonly wildcard?: string;
  readonly seed: bigint;
  /** See DetailerSettings. */
  readonly attempts?: number;
}

/** DetailerForEach.do_detail. */
export function runDetailer(
  { image, segs, pipe, refiner, inputs, noiseMask, hook, wildcard, seed, attempts }: DetailerCall,
  context: NodeContext,
): Promise<DetailerResult> {
  return detailForEach(rgbChannels(image), segs, {
    ...detailSettings(pipe, { ...inputs, seed }, context),
    ...segmentProgress(context, inputs.steps * inputs.cycle),
    feather: inputs.feather,
    noiseMask,
    hook,
    refiner,
    attempts,
    prompts: segmentPromptsOf(wildcard, seed),
    async encodePrompt(text, model, segmentSeed) {
      const encoded = await encodeWithLoras(text, { model, clip: pipe.clip }, segmentSeed, context);
      return { model: encoded.model, positive: encoded.conditioning };
    },
  });
}

/** The images, or a blank one if there are none. */
export const orBlankImage = (images: readonly Tensor[]): readonly Tensor[] =>
  images.length > 0 ? images : [blankImage()];
