// Prepares conditioning for a run (comfy.samplers process_conds): areas in latent cells, masks at
// latent size, sigma ranges, ADM vectors, a partner of the same area on the other side for each
// area, and the ControlNets that act on negative prompts too.

import { basename } from 'node:path';
import { DarkroomError } from '../../errors.ts';
import { FAMILY_NAMES } from '../../formats/identify/identified-model.ts';
import { interpolate } from '../../image/resize/torch-interpolate.ts';
import type { DenoiserInputs } from '../../models/denoiser.ts';
import { frameCount } from '../../tensor/frames.ts';
import { roundHalfEven } from '../../tensor/round-half-even.ts';
import { reshape, sizeOf, type Tensor } from '../../tensor/tensor.ts';
import type {
  Conditioning,
  ConditioningEntry,
  Control,
  GligenObjects,
  Model,
} from '../sampling-types.ts';
import { type ConditionHooks, conditionHooks, type HookedRun } from './condition-hooks.ts';
import { CONDITION_RULES, guidanceOf, referencesOf } from './condition-rules.ts';
import { shareControl, shareObjects } from './share.ts';

/** Height, width, y, x in latent cells. */
export type CellArea = readonly [number, number, number, number];

/** The network's inputs for a condition. */
export interface NetworkCondition {
  /** Token features, [1,T,D]. */
  readonly context: Tensor;
  /** DenoiserInputs.contextLayers, [1,S,L*D]. */
  readonly contextLayers?: Tensor;
  /** Which tokens are not padding, [1,T]; absent where all are, or the network does not mind. */
  readonly contextMask?: Tensor;
  /** DenoiserInputs.tokens, [1,T,2]. */
  readonly tokens?: Tensor;
  /** DenoiserInputs.attentionBias, [1,T+1,T+1]. */
  readonly attentionBias?: Tensor;
  /** Token features for ControlNets, [1,T,D], where they get other ones. */
  readonly controlContext?: Tensor;
  /** ADM vector, [1,A]. */
  readonly y?: Tensor;
  /** Channels that are concatenated to the latent, [B,E,H,W]. */
  readonly concat?: Tensor;
  /** The distilled guidance; null without. */
  readonly guidance: number | null;
  readonly references?: DenoiserInputs['references'];
}

export interface PreparedCondition {
  /** That of its entry: the same in all evaluations of a run, and for partners of its area. */
  readonly identity: object;
  readonly condition: NetworkCondition;
  readonly area?: CellArea;
  /** [N,H,W] at latent size. */
  readonly mask?: Tensor;
  readonly strength: number;
  readonly maskStrength: number;
  /** Active from sigma `start` down to sigma `end`. */
  readonly start: number;
  readonly end: number;
  readonly control?: Control;
  readonly gligen?: GligenObjects;
  /** The control also acts on other sides. */
  readonly controlsNegatives?: boolean;
  /** Absent if no condition of the run has hooks. */
  readonly hooks?: ConditionHooks;
  /** It acts where the masks of the side's other conditions leave something over. */
  readonly isDefault?: boolean;
}

/** The input that a conditioning is for; the refiner's default aesthetic score depends on it. */
export type Side = 'positive' | 'negative';

/** The run that conditionings are prepared for. */
export interface ConditionedRun extends HookedRun {
  /** [B,C,H,W], or [B,C,T,H,W] with frames. */
  readonly shape: readonly number[];
  /** The initial latent, in model units. */
  readonly latent?: Tensor;
  /** [B,C,H,W] */
  readonly mask?: Tensor;
  /** Seed of the run's noise; 0 by default. */
  readonly seed?: bigint;
}

/**
 * Prepares the conditionings of a run's sides, in their order. Throws DR_INPUT_INVALID if an
 * entry does not fit the model.
 */
export function prepareConditions<K extends string>(
  model: Model,
  sides: Readonly<Record<K, readonly [Side, Conditioning]>>,
  run: ConditionedRun,
): Record<K, readonly PreparedCondition[]> {
  const names = Object.keys(sides) as K[];
  const hooksOf = conditionHooks(
    model,
    names.map((name) => sides[name][1]),
    run,
  );
  const prepared = {} as Record<K, PreparedCondition[]>;
  for (const name of names) {
    const [side, conditioning] = sides[name];
    prepared[name] = conditioning.map((entry) => ({
      ...prepare(model, entry, run, side),
      hooks: hooksOf?.(entry.hooks),
    }));
  }
  for (const name of names)
    for (const condition of [...prepared[name]])
      for (const other of names) if (other !== name) addPartner(prepared[other], condition);
  const positive = (prepared as Partial<Record<string, PreparedCondition[]>>).positive;
  if (positive)
    for (const name of names)
      if (name !== 'positive')
        prepared[name] = shareObjects(positive, shareControl(positive, prepared[name]));
  return prepared;
}

function prepare(
  model: Model,
  entry: ConditioningEntry,
  run: ConditionedRun,
  side: Side,
): PreparedCondition {
  const [height, width] = run.shape.slice(-2);
  const mask = entry.mask && maskAtSize(entry.mask, height, width);
  const { downscaleRatio } = model.latentFormat;
  const rules = CONDITION_RULES[model.family];
  checkFeatures(model, side, entry.cond.shape[2]);
  if (run.shape.length === 5) checkFrames(entry, frameCount(run.shape));
  for (let control = entry.control; control; control = control.previous)
    checkControlFits(model, control);
  return {
    identity: {},
    condition: {
      context: entry.cond,
      contextLayers: rules.layers?.(entry, side),
      contextMask: rules.masksPrompt ? entry.attention_mask : undefined,
      tokens: rules.embedsTokens ? entry.t5xxl_tokens : undefined,
      attentionBias: rules.biasesAttention ? entry.attention_bias : undefined,
      controlContext: entry.cross_attn_controlnet,
      y: model.denoiser.admChannels
        ? rules.vector(model, entry, {
            side,
            height: height * downscaleRatio,
            width: width * downscaleRatio,
            seed: run.seed ?? 0n,
          })
        : rules.controlVector?.(entry),
      concat: rules.concat?.(model, entry, run),
      guidance: guidanceOf(rules, entry),
      references: referencesOf(rules, model, entry),
    },
    area:
      mask && entry.set_area_to_bounds
        ? bounds(mask)
        : entry.area && toCells(entry.area, height, width),
    mask,
    strength: entry.strength ?? 1,
    maskStrength: entry.mask_strength ?? 1,
    ...sigmaRange(model, entry),
    isDefault: entry.default !== undefined,
    control: entry.control,
    gligen: entry.gligen,
    controlsNegatives: entry.control_apply_to_uncond,
  };
}

/** The range of an entry, within the range that its prompt was encoded for. */
function sigmaRange(
  { sampling: { percentToSigma } }: Model,
  entry: ConditioningEntry,
): Pick<PreparedCondition, 'start' | 'end'> {
  const { clip_start_percent: clipStart, clip_end_percent: clipEnd } = entry;
  const start =
    clipStart === undefined ? entry.start_percent : Math.max(clipStart, entry.start_percent ?? 0);
  const end =
    clipStart === undefined ? entry.end_percent : Math.min(clipEnd ?? 1, entry.end_percent ?? 1);
  return {
    start: start === undefined ? Number.POSITIVE_INFINITY : Math.fround(percentToSigma(start)),
    end: end === undefined ? Number.NEGATIVE_INFINITY : Math.fround(percentToSigma(end)),
  };
}

/** Throws DR_INPUT_INVALID unless a model takes token features of this width. */
export function checkFeatures({ denoiser, family }: Model, input: string, width: number): void {
  if (width === denoiser.contextDim) return;
  throw new DarkroomError('DR_INPUT_INVALID', {
    message:
      `the ${input} conditioning has ${width} features per token, ` +
      `but the model (${FAMILY_NAMES[family]}) expects ${denoiser.contextDim}`,
    hint: 'Encode the prompt with the text encoders that belong to the model.',
    input,
  });
}

function checkControlFits({ denoiser, family }: Model, { net }: Control): void {
  if (net.fits(denoiser)) return;
  throw new DarkroomError('DR_INPUT_INVALID', {
    message: `the ControlNet ${basename(net.file)} is not for models of the family ${family}`,
    hint: `Load a ControlNet for ${family} models.`,
    input: 'control_net',
    file: net.file,
  });
}

/** Throws DR_INPUT_INVALID for areas and masks that ComfyUI fails on where latents have frames. */
function checkFrames(entry: ConditioningEntry, frames: number): void {
  const reason = frameProblem(entry, frames);
  if (!reason) return;
  throw new DarkroomError('DR_INPUT_INVALID', {
    message: `a prompt has ${reason}; ComfyUI fails on it with latents that have frames`,
    hint: 'Use an area in pixels (ConditioningSetArea), or one mask for the whole area.',
    input: 'positive',
  });
}

/** As in ComfyUI, masks are those of the frames: one for all, or, in an area, one for each. */
function frameProblem(
  { area, mask, set_area_to_bounds }: ConditioningEntry,
  frames: number,
): string | undefined {
  if (area?.[0] === 'percentage') return 'an area in percentages';
  if (!mask) return undefined;
  if (set_area_to_bounds) return 'the bounds of a mask as its area';
  const masks = mask.data.length / sizeOf(mask.shape.slice(-2));
  if (area ? masks >= frames : masks === 1 || masks === frames) return undefined;
  return `${masks} masks${area ? ' in an area' : ''} for ${frames} frames`;
}

function toCells(
  area: NonNullable<ConditioningEntry['area']>,
  height: number,
  width: number,
): CellArea {
  if (area[0] !== 'percentage') return area;
  const [, h, w, y, x] = area;
  return [
    Math.max(1, roundHalfEven(h * height)),
    Math.max(1, roundHalfEven(w * width)),
    roundHalfEven(y * height),
    roundHalfEven(x * width),
  ];
}

function maskAtSize(mask: Tensor, height: number, width: number): Tensor {
  const [h, w] = mask.shape.slice(-2);
  const count = mask.data.length / (h * w);
  if (h === height && w === width) return reshape(mask, [count, h, w]);
  return reshape(interpolate(reshape(mask, [count, 1, h, w]), { height, width }, 'bilinear'), [
    count,
    height,
    width,
  ]);
}

/** Smallest height and width of a mask's area, in latent cells (comfy.samplers get_mask_aabb). */
const MIN_BOUNDS = 8;

/** The smallest area around all values that are not 0 in any of the masks. */
function bounds(mask: Tensor): CellArea {
  const [, height, width] = mask.shape;
  let [top, left, bottom, right] = [height, width, -1, -1];
  for (let i = 0; i < mask.data.length; i++) {
    if (mask.data[i] === 0) continue;
    const y = Math.floor(i / width) % height;
    const x = i % width;
    [top, left, bottom, right] = [
      Math.min(top, y),
      Math.min(left, x),
      Math.max(bottom, y),
      Math.max(right, x),
    ];
  }
  if (bottom < 0) return [MIN_BOUNDS, MIN_BOUNDS, 0, 0];
  return [
    Math.max(MIN_BOUNDS, bottom - top + 1),
    Math.max(MIN_BOUNDS, right - left + 1),
    top,
    left,
  ];
}

const isInside = (inner: CellArea, outer: CellArea): boolean =>
  inner[2] >= outer[2] &&
  inner[3] >= outer[3] &&
  inner[0] + inner[2] <= outer[0] + outer[2] &&
  inner[1] + inner[3] <= outer[1] + outer[3];

/**
 * Adds to `side` a copy of `condition` (its area, mask, strength and range) with the features of
 * that side's smallest entry around the area, unless the side has an entry for the area.
 */
function addPartner(side: PreparedCondition[], condition: PreparedCondition): void {
  const { area } = condition;
  if (!area) return;
  let smallest: PreparedCondition | undefined;
  for (const candidate of side) {
    if (!candidate.area) smallest ??= candidate;
    else if (isInside(area, candidate.area)) {
      const best = smallest?.area;
      if (!best || best[0] * best[1] > candidate.area[0] * candidate.area[1]) smallest = candidate;
    }
  }
  if (!smallest || smallest.area?.join() === area.join()) return;
  side.push({ ...condition, condition: smallest.condition });
}
