// Operations on conditioning: combine, concatenate, average, zero, and set where, when and how
// strongly a prompt acts (ComfyUI's Conditioning* nodes).

import { DarkroomError } from '../../errors.ts';
import { allocate } from '../../tensor/allocate.ts';
import { map, reshape, type Tensor, tensor } from '../../tensor/tensor.ts';
import { SD_LATENT } from '../model/latent-format.ts';
import type { Conditioning, ConditioningEntry } from '../sampling-types.ts';

type Warn = (message: string) => void;

/** Sets `values` in every entry. */
export const setConditioningValues = (
  conditioning: Conditioning,
  values: Partial<ConditioningEntry>,
): Conditioning => conditioning.map((entry) => ({ ...entry, ...values }));

/** Adds a reference image, unscaled latents [N,C,h,w], after those of each entry. */
export const addReferenceLatent = (conditioning: Conditioning, latent: Tensor): Conditioning =>
  conditioning.map((entry) => ({
    ...entry,
    reference_latents: [...(entry.reference_latents ?? []), latent],
  }));

/** ConditioningCombine: both prompts act, each by itself. */
export const combineConditioning = (a: Conditioning, b: Conditioning): Conditioning => [...a, ...b];

/**
 * ConditioningConcat: appends the tokens of `from`'s first entry to those of each entry of `to`.
 * Throws DR_SHAPE_MISMATCH, DR_INPUT_INVALID.
 */
export function concatConditioning(
  to: Conditioning,
  from: Conditioning,
  warn?: Warn,
): Conditioning {
  const tail = firstOf(from, 'ConditioningConcat', warn).cond;
  return to.map((entry) => {
    checkSameWidth(entry.cond, tail);
    const [batch, length, width] = entry.cond.shape;
    const cond = withLength(entry.cond, length + tail.shape[1]);
    for (let b = 0; b < batch; b++) {
      const rows = tail.data.subarray(b * tail.shape[1] * width, (b + 1) * tail.shape[1] * width);
      cond.data.set(rows, (b * cond.shape[1] + length) * width);
    }
    return { ...entry, cond };
  });
}

/**
 * ConditioningAverage: to·strength + from·(1 − strength), with `from`'s first entry cut or
 * zero-padded to the length of each entry of `to`; the pooled outputs likewise.
 */
export function averageConditioning(
  to: Conditioning,
  from: Conditioning,
  strength: number,
  warn?: Warn,
): Conditioning {
  const other = firstOf(from, 'ConditioningAverage', warn);
  return to.map((entry) => {
    checkSameWidth(entry.cond, other.cond);
    const cond = mix(entry.cond, withLength(other.cond, entry.cond.shape[1]), strength);
    if (!other.pooled_output) return { ...entry, cond };
    const pooled = entry.pooled_output === undefined ? other.pooled_output : entry.pooled_output;
    return {
      ...entry,
      cond,
      pooled_output: pooled ? mix(pooled, other.pooled_output, strength) : other.pooled_output,
    };
  });
}

/** ConditioningZeroOut: sets features and pooled features to 0. */
export const zeroOutConditioning = (conditioning: Conditioning): Conditioning =>
  conditioning.map((entry) => ({
    ...entry,
    cond: map(entry.cond, () => 0),
    ...(entry.pooled_output ? { pooled_output: map(entry.pooled_output, () => 0) } : {}),
  }));

export interface Rectangle {
  readonly width: number;
  readonly height: number;
  readonly x: number;
  readonly y: number;
}

/**
 * ConditioningSetArea: a rectangle in pixels, rounded down to latent cells. Like the original it
 * does not depend on a model.
 */
export function setArea(
  conditioning: Conditioning,
  { width, height, x, y }: Rectangle,
  strength: number,
): Conditioning {
  const cells = (pixels: number) => Math.floor(pixels / SD_LATENT.downscaleRatio);
  return setConditioningValues(conditioning, {
    area: [cells(height), cells(width), cells(y), cells(x)],
    strength,
    set_area_to_bounds: false,
  });
}

/** ConditioningSetAreaPercentage: a rectangle in fractions of the image. */
export const setAreaPercentage = (
  conditioning: Conditioning,
  { width, height, x, y }: Rectangle,
  strength: number,
): Conditioning =>
  setConditioningValues(conditioning, {
    area: ['percentage', height, width, y, x],
    strength,
    set_area_to_bounds: false,
  });

/** ConditioningSetAreaStrength. */
export const setAreaStrength = (conditioning: Conditioning, strength: number): Conditioning =>
  setConditioningValues(conditioning, { strength });

/** ConditioningSetMask: a mask [N,H,W] or [H,W]; with `bounds`, evaluates its bounding box only. */
export function setMask(
  conditioning: Conditioning,
  mask: Tensor,
  strength: number,
  bounds: boolean,
): Conditioning {
  const batch = mask.shape.length < 3 ? reshape(mask, [1, ...mask.shape]) : mask;
  return setConditioningValues(conditioning, {
    mask: batch,
    set_area_to_bounds: bounds,
    mask_strength: strength,
  });
}

/** ConditioningSetTimestepRange: from `start` to `end`, fractions of the whole denoising. */
export const setTimestepRange = (
  conditioning: Conditioning,
  start: number,
  end: number,
): Conditioning => setConditioningValues(conditioning, { start_percent: start, end_percent: end });

function firstOf(conditioning: Conditioning, node: string, warn?: Warn): ConditioningEntry {
  if (conditioning.length > 1)
    warn?.(
      `${node}: conditioning_from has ${conditioning.length} prompts; only the first one is used`,
    );
  const [first] = conditioning;
  if (first) return first;
  throw new DarkroomError('DR_INPUT_INVALID', {
    message: `${node}: conditioning_from has no prompt`,
    hint: 'Connect the output of a text encoding node.',
    input: 'conditioning_from',
  });
}

function checkSameWidth(a: Tensor, b: Tensor): void {
  if (a.shape[0] === b.shape[0] && a.shape[2] === b.shape[2]) return;
  throw new DarkroomError('DR_SHAPE_MISMATCH', {
    message: `prompt features of shapes [${a.shape}] and [${b.shape}] cannot be combined`,
    hint: 'Encode both prompts with CLIPs of the same model family.',
    input: 'conditioning_from',
  });
}

/** Copies features [B,T,D], cut or zero-padded to `length` tokens. */
function withLength(x: Tensor, length: number): Tensor {
  const [batch, tokens, width] = x.shape;
  const out = allocate(batch * length * width);
  const copied = Math.min(tokens, length) * width;
  for (let b = 0; b < batch; b++) {
    const start = b * tokens * width;
    out.set(x.data.subarray(start, start + copied), b * length * width);
  }
  return tensor([batch, length, width], out);
}

/** a·s + b·(1 − s); factors, products and sum are each rounded to float32. */
function mix(a: Tensor, b: Tensor, strength: number): Tensor {
  if (a.data.length !== b.data.length) checkSameWidth(a, b);
  const s = Math.fround(strength);
  const t = Math.fround(1 - strength);
  return map(a, (value, i) => Math.fround(value * s) + Math.fround(b.data[i] * t));
}
