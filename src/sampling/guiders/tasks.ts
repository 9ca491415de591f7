// The conditions that act at a noise level, each on its area of the latent with the weights of its
// strength and mask (comfy.samplers get_area_and_mult, finalize_default_conds).
import { DarkroomError } from '../../errors.ts';
import { allocate } from '../../tensor/allocate.ts';
import { frameCount } from '../../tensor/frames.ts';
import { repeatToBatch, sizeOf, type Tensor, tensor } from '../../tensor/tensor.ts';
import type { ConditionHooks } from '../conditioning/condition-hooks.ts';
import type { CellArea, NetworkCondition, PreparedCondition } from '../conditioning/prepare.ts';
import { f32 } from '../float32.ts';
import type { Control, GligenObjects, LatentFormat, Model } from '../sampling-types.ts';

/** Number of cells over which the edges of an area without a mask fade. */
const FADE = 8;

/** A condition with its area of the latent. */
export interface Task {
  readonly side: number;
  /** PreparedCondition.identity */
  readonly identity: object;
  readonly condition: NetworkCondition;
  readonly x: Tensor;
  readonly area: CellArea;
  readonly control?: Control;
  readonly gligen?: GligenObjects;
  readonly hooks?: ConditionHooks;
  /** Weight of each cell, [B,h,w], or [B,T,h,w] where the latent has frames. */
  readonly weight: Float32Array;
}

export type Sides = readonly (readonly PreparedCondition[])[];

/**
 * Returns the tasks of the active conditions, and of those that act where the others leave some
 * over; those with the same hooks follow one another. Moves the keyframes of hooks on.
 */
export function activeTasks(
  { latentFormat }: Model,
  sides: Sides,
  x: Tensor,
  sigma: number,
): readonly Task[] {
  const tasks: Task[] = [];
  const active = ({ start, end }: PreparedCondition): boolean => !(sigma > start || sigma < end);
  for (const [side, conditions] of sides.entries())
    for (const condition of conditions) {
      if (condition.isDefault || !active(condition)) continue;
      tasks.push(toTask(condition, side, x, latentFormat));
      condition.hooks?.advance(sigma);
    }
  // in the original's order, on which the sums of weights depend
  const sorted = byHooks(tasks);
  for (const [side, conditions] of sides.entries()) {
    const defaults = conditions.filter(({ isDefault }) => isDefault);
    if (defaults.length === 0) continue;
    const weight = remainingWeight(
      sorted.filter((task) => task.side === side),
      x.shape,
    );
    if (weight.every((value) => value === 0)) continue;
    for (const condition of defaults) {
      if (!active(condition)) continue;
      checkWholeArea(condition, x.shape);
      tasks.push({ ...toTask(condition, side, x, latentFormat), weight });
      condition.hooks?.advance(sigma);
    }
  }
  return byHooks(tasks);
}

/** What the weights of tasks leave of 1 in each cell, [B,H,W] or [B,T,H,W]. */
function remainingWeight(tasks: readonly Task[], shape: readonly number[]): Float32Array {
  const [height, width] = shape.slice(-2);
  const remaining = allocate(shape[0] * frameCount(shape) * height * width).fill(1);
  for (const { area, weight } of tasks) {
    const [h, w, top, left] = area;
    for (let i = 0; i < weight.length; i++) {
      const [item, row, column] = [Math.floor(i / (h * w)), Math.floor(i / w) % h, i % w];
      remaining[(item * height + top + row) * width + left + column] -= weight[i];
    }
  }
  return remaining.map((value) => Math.max(0, value));
}

function checkWholeArea({ area }: PreparedCondition, shape: readonly number[]): void {
  const [height, width] = shape.slice(-2);
  if (!area || (area[0] >= height && area[1] >= width)) return;
  throw new DarkroomError('DR_INPUT_INVALID', {
    message: 'a default conditioning has an area, but acts wherever the others leave some over',
    hint: 'Remove the area, or the mask bounds, of the default conditioning.',
  });
}

/** Sorts tasks by their hooks, in the order of the first task with them. */
function byHooks(tasks: readonly Task[]): readonly Task[] {
  const groups = new Map<ConditionHooks | undefined, Task[]>();
  for (const task of tasks) groups.set(task.hooks, [...(groups.get(task.hooks) ?? []), task]);
  return [...groups.values()].flat();
}

function toTask(prepared: PreparedCondition, side: number, x: Tensor, format: LatentFormat): Task {
  const [batch] = x.shape;
  const [height, width] = x.shape.slice(-2);
  const area = clipArea(prepared.area ?? [height, width, 0, 0], height, width, format);
  const { concat } = prepared.condition;
  return {
    side,
    identity: prepared.identity,
    condition: {
      ...prepared.condition,
      concat: concat && repeatToBatch(crop(concat, area), batch),
    },
    x: crop(x, area),
    area,
    control: prepared.control,
    gligen: prepared.gligen,
    hooks: prepared.hooks,
    weight: weights(prepared, area, x.shape),
  };
}

function clipArea(
  [h, w, y, x]: CellArea,
  height: number,
  width: number,
  { downscaleRatio: ratio }: LatentFormat,
): CellArea {
  if (y < 0 || x < 0 || y >= height || x >= width)
    throw new DarkroomError('DR_INPUT_INVALID', {
      message:
        `a conditioning area begins at ${x * ratio},${y * ratio}, ` +
        `outside the ${width * ratio}x${height * ratio} image`,
      hint: 'Move the area into the image.',
    });
  return [Math.min(height - y, h), Math.min(width - x, w), y, x];
}

function crop(x: Tensor, [h, w, top, left]: CellArea): Tensor {
  const planes = x.shape.slice(0, -2);
  const [height, width] = x.shape.slice(-2);
  if (h === height && w === width) return x;
  const data = allocate(sizeOf(planes) * h * w);
  for (let plane = 0; plane < sizeOf(planes); plane++)
    for (let row = 0; row < h; row++) {
      const from = (plane * height + top + row) * width + left;
      data.set(x.data.subarray(from, from + w), (plane * h + row) * w);
    }
  return tensor([...planes, h, w], data);
}

function weights(
  prepared: PreparedCondition,
  [h, w, top, left]: CellArea,
  shape: readonly number[],
): Float32Array {
  const { mask, strength, maskStrength } = prepared;
  const [batch] = shape;
  const [height, width] = shape.slice(-2);
  const frames = frameCount(shape);
  const out = allocate(batch * frames * h * w).fill(strength);
  if (mask) {
    const items = Math.min(mask.shape[0], batch);
    if (shape.length === 4 && batch % items)
      throw new DarkroomError('DR_SHAPE_MISMATCH', {
        message: `a conditioning mask has ${items} items for a batch of ${batch}`,
        hint: 'Give one mask, or one for each image of the batch.',
      });
    // where there are frames, the masks are theirs
    const itemOf = (image: number): number =>
      shape.length === 4 ? image % items : Math.min(image % frames, mask.shape[0] - 1);
    for (let i = 0; i < out.length; i++) {
      const item = itemOf(Math.floor(i / (h * w)));
      const [row, column] = [Math.floor(i / w) % h, i % w];
      out[i] =
        f32(mask.data[(item * height + top + row) * width + left + column] * f32(maskStrength)) *
        f32(strength);
    }
  } else if (prepared.area) {
    const rows = fadeFactors(h, top !== 0, top + h < height);
    const columns = fadeFactors(w, left !== 0, left + w < width);
    for (let i = 0; i < out.length; i++) {
      for (const factor of [...rows[Math.floor(i / w) % h], ...columns[i % w]])
        out[i] = out[i] * factor;
    }
  }
  return out;
}

/** For each position along a side of an area, the factors of the fades that reach it. */
function fadeFactors(length: number, fadeStart: boolean, fadeEnd: boolean): number[][] {
  const reach = Math.min(FADE, Math.floor(length / 4));
  const factors: number[][] = Array.from({ length }, () => []);
  for (let t = 0; t < reach; t++) {
    const factor = f32((1 / reach) * (t + 1));
    if (fadeStart) factors[t].push(factor);
    if (fadeEnd) factors[length - 1 - t].push(factor);
  }
  return factors;
}
