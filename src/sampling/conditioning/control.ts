// ControlNets on conditionings: which network acts on which condition, its hint at the latent's
// size, and the residuals of an evaluation (comfy.controlnet ControlBase, ControlNet;
// comfy.samplers apply_empty_x_to_equal_area; nodes.py ControlNetApply).

import type { ControlNet } from '../../models/controlnet/controlnet.ts';
import type { ControlResiduals, Denoiser } from '../../models/denoiser.ts';
import { allocate } from '../../tensor/allocate.ts';
import { concatBatch, repeatToBatch, type Tensor } from '../../tensor/tensor.ts';
import type { ModelSampling } from '../model/model-sampling.ts';
import type { Conditioning, Control } from '../sampling-types.ts';
import { hintAtSize } from './hint-at-size.ts';

/**
 * Returns a function that adds empty lists for missing residuals, so that all evaluations of a run
 * with `controls` use one session. It returns undefined if there are no controls.
 */
export function uniformResiduals(
  controls: readonly (Control | undefined)[],
): (residuals: ControlResiduals | undefined) => ControlResiduals | undefined {
  const chain = (control?: Control): Control[] =>
    control ? [control, ...chain(control.previous)] : [];
  const all = controls.flatMap(chain);
  if (all.length === 0) return () => undefined;
  const empty: ControlResiduals = {
    ...(all.some(({ net }) => net.adapter) && { input: [] }),
    output: [],
    middle: null,
  };
  return (residuals) => ({ ...empty, ...residuals });
}

/**
 * ControlNetApply: adds a network to each entry; it also acts on negative prompts that have none.
 */
export const applyControl = (
  conditioning: Conditioning,
  control: Omit<Control, 'previous'>,
): Conditioning =>
  conditioning.map((entry) => ({
    ...entry,
    control: { ...control, previous: entry.control },
    control_apply_to_uncond: true,
  }));

/**
 * ControlNetApplyAdvanced: adds a network to both sides. Entries that shared a network before share
 * the new one too.
 */
export function applyControlToSides(
  sides: readonly Conditioning[],
  control: Omit<Control, 'previous'>,
): Conditioning[] {
  const chains = new Map<Control | undefined, Control>();
  const chainTo = (previous?: Control): Control => {
    const chain = chains.get(previous) ?? { ...control, previous };
    chains.set(previous, chain);
    return chain;
  };
  return sides.map((side) =>
    side.map((entry) => ({
      ...entry,
      control: chainTo(entry.control),
      control_apply_to_uncond: false,
    })),
  );
}

/** One evaluation of the controlled network. */
export interface ControlledEvaluation {
  /** The UNet's inputs; `x` without concatenated channels. */
  readonly x: Tensor;
  readonly timesteps: Float32Array;
  readonly context: Tensor;
  readonly y?: Tensor;
  readonly guidance?: Float32Array;
  readonly sigma: number;
  readonly sampling: ModelSampling;
  readonly unet: Denoiser;
  /** Number of conditions that are evaluated together, each on the whole batch. */
  readonly conditions: number;
}

/**
 * Returns the sum of the residuals of a chain of networks at `sigma`; undefined if none is active.
 */
export async function controlResiduals(
  control: Control,
  evaluation: ControlledEvaluation,
): Promise<ControlResiduals | undefined> {
  const { x, timesteps, context, y, guidance, sigma, sampling, unet, conditions } = evaluation;
  const before = control.previous && (await controlResiduals(control.previous, evaluation));
  const { percentToSigma } = sampling;
  if (sigma > percentToSigma(control.startPercent) || sigma < percentToSigma(control.endPercent))
    return before;
  const [rows] = x.shape;
  const [height, width] = x.shape.slice(-2);
  const features = await preparedHint(control, height, width);
  const hint = features.map((one) => hintForRows(one, rows, conditions));
  const net = control.net.withBase?.(unet) ?? control.net;
  const residuals = await net.evaluate({
    x,
    timesteps,
    context,
    y,
    guidance,
    hint,
    strength: control.strength,
  });
  return before ? addResiduals(before, residuals) : residuals;
}

/**
 * Features of a hint image for each latent size, by network and image. They live as long as both.
 */
const prepared = new WeakMap<
  ControlNet,
  WeakMap<Tensor, Map<string, Promise<readonly Tensor[]>>>
>();

function preparedHint(control: Control, height: number, width: number): Promise<readonly Tensor[]> {
  const { net, hint, vae, keptMask } = control;
  const byHint =
    prepared.get(net) ?? new WeakMap<Tensor, Map<string, Promise<readonly Tensor[]>>>();
  prepared.set(net, byHint);
  const bySize = byHint.get(hint) ?? new Map<string, Promise<readonly Tensor[]>>();
  byHint.set(hint, bySize);
  const key = [width, height, numberOf(vae), numberOf(keptMask)].join(' ');
  const cached = bySize.get(key);
  if (cached) return cached;
  const features = hintAtSize(control, height, width).then((sized) => net.prepareHint(sized));
  bySize.set(key, features);
  features.catch(() => bySize.delete(key));
  return features;
}

const numbers = new WeakMap<object, number>();
let lastNumber = 0;

/** Returns a number that tells values apart; 0 for none. */
function numberOf(value: object | undefined): number {
  if (!value) return 0;
  const number = numbers.get(value) ?? ++lastNumber;
  numbers.set(value, number);
  return number;
}

/**
 * A single hint is for all rows, as many hints as rows are one for each; others are repeated
 * through each condition's batch.
 */
function hintForRows(hint: Tensor, rows: number, conditions: number): Tensor {
  if (hint.shape[0] === 1 || hint.shape[0] === rows) return hint;
  const batch = repeatToBatch(hint, rows / conditions);
  return concatBatch(Array.from({ length: conditions }, () => batch));
}

function addResiduals(a: ControlResiduals, b: ControlResiduals): ControlResiduals {
  const input = (a.input || b.input) && addLists(a.input ?? [], b.input ?? []);
  return {
    ...(input && { input }),
    output: addLists(a.output, b.output),
    middle: addPlanes(a.middle, b.middle),
  };
}

type Planes = readonly (Tensor | null)[];

const addLists = (a: Planes, b: Planes): Planes =>
  Array.from({ length: Math.max(a.length, b.length) }, (_, i) =>
    addPlanes(a[i] ?? null, b[i] ?? null),
  );

/** a + b; either can be one value per plane, [B,C,1,1]. */
function addPlanes(a: Tensor | null, b: Tensor | null): Tensor | null {
  if (!a || !b) return a ?? b;
  if (a.data.length < b.data.length) return addPlanes(b, a);
  const each = a.data.length / b.data.length;
  const data = allocate(a.data.length);
  for (let i = 0; i < data.length; i++)
    data[i] = a.data[i] + b.data[each === 1 ? i : Math.floor(i / each)];
  return { shape: a.shape, data };
}
