// ControlNets on conditionings (comfy.controlnet ControlBase, ControlNet; comfy.samplers apply_empty_x_to_equal_area; nodes.py ControlNetApply):
// which one acts on what, its hint at the latent's size, and the residuals of an evaluation.
import { toNCHW } from '../../image/channel-order.ts';
import { commonUpscale } from '../../image/resize/common-upscale.ts';
import type { ControlNet } from '../../models/controlnet/controlnet.ts';
import type { ControlResiduals, UNet } from '../../models/unet/unet.ts';
import { concatBatch, repeatToBatch, type Tensor } from '../../tensor/tensor.ts';
import type { ModelSampling } from '../model/model-sampling.ts';
import type { Conditioning, Control } from '../sampling-types.ts';

/**
 * What a UNet is given where `controls` take part in a run: residuals of one form for all its evaluations, so that one session serves them;
 * undefined without controls.
 */
export function uniformResiduals(
  controls: readonly (Control | undefined)[],
): (residuals: ControlResiduals | undefined) => ControlResiduals | undefined {
  const chain = (control?: Control): Control[] =>
    control ? [control, ...chain(control.previous)] : [];
  const all = controls.flatMap(chain);
  if (all.length === 0) return () => undefined;
  const nothing: ControlResiduals = {
    ...(all.some(({ net }) => net.adapter) && { input: [] }),
    output: [],
    middle: null,
  };
  return (residuals) => ({ ...nothing, ...residuals });
}

/** ControlNetApply: one more network for each entry, that acts on negative prompts without one too. */
export const applyControl = (
  conditioning: Conditioning,
  control: Omit<Control, 'previous'>,
): Conditioning =>
  conditioning.map((entry) => ({
    ...entry,
    control: { ...control, previous: entry.control },
    control_apply_to_uncond: true,
  }));

/** ControlNetApplyAdvanced: one more network for both sides; entries that had the same network before share the new one. */
export function applyControlToSides(
  sides: readonly Conditioning[],
  control: Omit<Control, 'previous'>,
): Conditioning[] {
  const made = new Map<Control | undefined, Control>();
  const over = (previous?: Control): Control => {
    const known = made.get(previous) ?? { ...control, previous };
    made.set(previous, known);
    return known;
  };
  return sides.map((side) =>
    side.map((entry) => ({
      ...entry,
      control: over(entry.control),
      control_apply_to_uncond: false,
    })),
  );
}

/** A condition of a side, as far as this matters. */
interface Controlled {
  readonly area?: unknown;
  readonly control?: Control;
  readonly controlsNegatives?: boolean;
}

/** Gives the networks of `positive` that say so to conditions of another side, in turn: to those without an area, unless one has its own. */
export function shareControl<T extends Controlled>(
  positive: readonly Controlled[],
  other: readonly T[],
): T[] {
  const given = positive.filter(
    ({ area, control, controlsNegatives }) => !area && control && controlsNegatives,
  );
  const free = other.flatMap(({ area, control }, i) => (area || control ? [] : [i]));
  const result = [...other];
  if (free.length === 0 || other.some(({ area, control }) => !area && control)) return result;
  given.forEach(({ control }, i) => {
    const at = free[i % free.length];
    result[at] = { ...other[at], control };
  });
  return result;
}

/** One network evaluation that is controlled. */
export interface ControlledEvaluation {
  /** As the UNet gets them; `x` without concatenated channels. */
  readonly x: Tensor;
  readonly timesteps: Float32Array;
  readonly context: Tensor;
  readonly y?: Tensor;
  readonly sigma: number;
  readonly sampling: ModelSampling;
  /** The network that is controlled. */
  readonly unet: UNet;
  /** Conditions that are evaluated together, each on the whole batch. */
  readonly conditions: number;
}

/** The residuals of a chain of networks at `sigma`, added up; undefined when none is active. */
export async function controlResiduals(
  control: Control,
  at: ControlledEvaluation,
): Promise<ControlResiduals | undefined> {
  const before = control.previous && (await controlResiduals(control.previous, at));
  const { percentToSigma } = at.sampling;
  if (
    at.sigma > percentToSigma(control.startPercent) ||
    at.sigma < percentToSigma(control.endPercent)
  )
    return before;
  const [rows, , height, width] = at.x.shape;
  const features = await preparedHint(control, height, width);
  const hint = features.map((one) => hintForRows(one, rows, at.conditions));
  const { strength } = control;
  const net = control.net.withBase?.(at.unet) ?? control.net;
  const own = await net.evaluate({
    x: at.x,
    timesteps: at.timesteps,
    context: at.context,
    y: at.y,
    hint,
    strength,
  });
  return before ? addResiduals(before, own) : own;
}

/** Features of a hint picture, by network and picture, for each latent size. They live as long as both. */
const prepared = new WeakMap<
  ControlNet,
  WeakMap<Tensor, Map<string, Promise<readonly Tensor[]>>>
>();

function preparedHint(
  { net, hint }: Control,
  height: number,
  width: number,
): Promise<readonly Tensor[]> {
  const byPicture =
    prepared.get(net) ?? new WeakMap<Tensor, Map<string, Promise<readonly Tensor[]>>>();
  prepared.set(net, byPicture);
  const bySize = byPicture.get(hint) ?? new Map<string, Promise<readonly Tensor[]>>();
  byPicture.set(hint, bySize);
  const size = `${width}x${height}`;
  const known = bySize.get(size);
  if (known) return known;
  const side = (cells: number): number =>
    Math.ceil((cells * net.factor) / (net.multiple ?? 1)) * (net.multiple ?? 1);
  const pixels = commonUpscale(
    toNCHW(hint),
    { width: side(width), height: side(height) },
    'nearest-exact',
    'center',
  );
  const made = net.prepareHint(pixels);
  bySize.set(size, made);
  made.catch(() => bySize.delete(size));
  return made;
}

/** A single hint is for all; as many as there are rows are one for each; others repeat through the batch of each condition. */
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

/** a + b; either may be one value per plane, [B,C,1,1]. */
function addPlanes(a: Tensor | null, b: Tensor | null): Tensor | null {
  if (!a || !b) return a ?? b;
  if (a.data.length < b.data.length) return addPlanes(b, a);
  const each = a.data.length / b.data.length;
  const data = new Float32Array(a.data.length);
  for (let i = 0; i < data.length; i++)
    data[i] = a.data[i] + b.data[each === 1 ? i : Math.floor(i / each)];
  return { shape: a.shape, data };
}
