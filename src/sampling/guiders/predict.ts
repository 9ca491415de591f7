// The predictions of one evaluation (comfy.samplers calc_cond_batch): all active conditions of all
// sides, each on its area, in as few network calls as their shapes allow, blended by strength and
// mask.

import { DarkroomError } from '../../errors.ts';
import type { UNetInputs, UNetVariant } from '../../models/unet/unet.ts';
import type { Draws } from '../../models/unet/unet-patch.ts';
import { allocate } from '../../tensor/allocate.ts';
import {
  concatBatch,
  repeatToBatch,
  sliceBatch,
  type Tensor,
  tensor,
} from '../../tensor/tensor.ts';
import { joinChannels } from '../conditioning/concat.ts';
import type { ConditionHooks } from '../conditioning/condition-hooks.ts';
import { controlResiduals, uniformResiduals } from '../conditioning/control.ts';
import type { CellArea, NetworkCondition, PreparedCondition } from '../conditioning/prepare.ts';
import { f32 } from '../float32.ts';
import type { Control, GligenObjects, LatentFormat, Model } from '../sampling-types.ts';

/** Number of cells over which the edges of an area without a mask fade. */
const FADE = 8;
/** Largest factor by which contexts are repeated to share a batch. */
const MAX_REPEAT = 4;

/** A condition with its area of the latent. */
interface Task {
  readonly side: number;
  readonly condition: NetworkCondition;
  readonly x: Tensor;
  readonly area: CellArea;
  readonly control?: Control;
  readonly gligen?: GligenObjects;
  readonly hooks?: ConditionHooks;
  /** Weight of each cell, [B,h,w]. */
  readonly weight: Float32Array;
}

export interface EvaluationOptions {
  /** A variant of the model's network, with the weights of hooks. */
  readonly variant?: UNetVariant;
  /** What patches with a random part draw from. */
  readonly draws?: Draws;
  /**
   * Receives what the network recorded of the first condition of the second side, [B*T, N]
   * (UNetInputs.onAttention).
   */
  readonly onAttention?: (received: Tensor) => void;
}

type Sides = readonly (readonly PreparedCondition[])[];

/**
 * Predicts the denoised latents [B,C,H,W] at `sigma` for each side, blended from its conditions; 0
 * where no condition of a side is active.
 */
export async function predictSides(
  model: Model,
  sides: Sides,
  x: Tensor,
  sigma: number,
  options: EvaluationOptions = {},
): Promise<Tensor[]> {
  const [batch, , height, width] = x.shape;
  const sums = sides.map(() => allocate(x.data.length));
  const counts = sides.map(() => allocate(batch * height * width).fill(1e-37));

  let waiting = byHooks(activeTasks(model, sides, x, sigma));
  // If any condition has a ControlNet, the same session serves those without one.
  const uniform = uniformResiduals(sides.flat().map(({ control }) => control));
  while (waiting.length) {
    const [first] = waiting;
    const batchTasks = waiting.filter((task) => canShareBatch(task, first)).reverse();
    waiting = waiting.filter((task) => !batchTasks.includes(task));
    const predictions = await evaluate(model, batchTasks, { ...options, sigma, uniform });
    for (const [i, { side, area, weight }] of batchTasks.entries()) {
      accumulate(
        sums[side],
        counts[side],
        x.shape,
        area,
        predictions.data.subarray(i * batchTasks[i].x.data.length),
        weight,
      );
    }
  }
  return sums.map((sum, side) => {
    const count = counts[side];
    const plane = height * width;
    const perItem = x.data.length / batch;
    return tensor(
      x.shape,
      sum.map((value, i) => value / count[Math.floor(i / perItem) * plane + (i % plane)]),
    );
  });
}

/** The tasks of the active conditions, and of those that act where the others leave some over. */
function activeTasks(
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
  const placed = byHooks(tasks);
  for (const [side, conditions] of sides.entries()) {
    const defaults = conditions.filter(({ isDefault }) => isDefault);
    if (defaults.length === 0) continue;
    const weight = remainingWeight(
      placed.filter((task) => task.side === side),
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
  return tasks;
}

/** What the weights of tasks leave of 1 in each cell, [B,H,W]. */
function remainingWeight(
  tasks: readonly Task[],
  [batch, , height, width]: readonly number[],
): Float32Array {
  const remaining = allocate(batch * height * width).fill(1);
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
  const [batch, , height, width] = x.shape;
  const area = clipArea(prepared.area ?? [height, width, 0, 0], height, width, format);
  const { concat } = prepared.condition;
  return {
    side,
    condition: {
      ...prepared.condition,
      concat: concat && repeatToBatch(crop(concat, area), batch),
    },
    x: crop(x, area),
    area,
    control: prepared.control,
    gligen: prepared.gligen,
    hooks: prepared.hooks,
    weight: weights(prepared, area, batch, height, width),
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
  const [batch, channels, height, width] = x.shape;
  if (h === height && w === width) return x;
  const data = allocate(batch * channels * h * w);
  for (let plane = 0; plane < batch * channels; plane++)
    for (let row = 0; row < h; row++) {
      const from = (plane * height + top + row) * width + left;
      data.set(x.data.subarray(from, from + w), (plane * h + row) * w);
    }
  return tensor([batch, channels, h, w], data);
}

function weights(
  prepared: PreparedCondition,
  [h, w, top, left]: CellArea,
  batch: number,
  height: number,
  width: number,
): Float32Array {
  const { mask, strength, maskStrength } = prepared;
  const out = allocate(batch * h * w).fill(strength);
  if (mask) {
    const items = Math.min(mask.shape[0], batch);
    if (batch % items)
      throw new DarkroomError('DR_SHAPE_MISMATCH', {
        message: `a conditioning mask has ${items} items for a batch of ${batch}`,
        hint: 'Give one mask, or one for each image of the batch.',
      });
    for (let i = 0; i < out.length; i++) {
      const [item, row, column] = [Math.floor(i / (h * w)) % items, Math.floor(i / w) % h, i % w];
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

function canShareBatch(task: Task, first: Task): boolean {
  if (task.control !== first.control || task.hooks !== first.hooks) return false;
  // as in the original, where objects are a patch of their condition
  if (task !== first && (task.gligen || first.gligen)) return false;
  const [a, b] = [task.condition.context.shape[1], first.condition.context.shape[1]];
  return (
    task.x.shape.join() === first.x.shape.join() &&
    leastCommonMultiple(a, b) / Math.min(a, b) <= MAX_REPEAT
  );
}

const greatestCommonDivisor = (a: number, b: number): number =>
  b === 0 ? a : greatestCommonDivisor(b, a % b);
const leastCommonMultiple = (a: number, b: number): number => (a / greatestCommonDivisor(a, b)) * b;

interface Evaluation extends EvaluationOptions {
  readonly sigma: number;
  readonly uniform: ReturnType<typeof uniformResiduals>;
}

async function evaluate(
  model: Model,
  tasks: readonly Task[],
  { sigma, uniform, variant, draws, onAttention }: Evaluation,
): Promise<Tensor> {
  const { sampling, unet } = model;
  const hooked = tasks[0].hooks?.unet(model) ?? unet;
  const batch = tasks[0].x.shape[0];
  const tokens = tasks
    .map(({ condition }) => condition.context.shape[1])
    .reduce(leastCommonMultiple);
  const x = concatBatch(tasks.map((task) => task.x));
  const inputs = {
    x: tensor(x.shape, sampling.calculateInput(sigma, x.data)),
    timesteps: allocate(x.shape[0]).fill(sampling.timestep(sigma)),
    context: concatBatch(
      tasks.map(({ condition }) => repeatToBatch(repeatTokens(condition.context, tokens), batch)),
    ),
    y: unet.admChannels
      ? concatBatch(tasks.map(({ condition }) => repeatToBatch(condition.y!, batch)))
      : undefined,
  };
  const { control } = tasks[0];
  const residuals =
    control &&
    (await controlResiduals(control, {
      ...inputs,
      sigma,
      sampling,
      unet,
      conditions: tasks.length,
    }));
  const concat =
    tasks[0].condition.concat && concatBatch(tasks.map(({ condition }) => condition.concat!));
  const network = variant ? hooked.variant(variant) : hooked;
  const output = await network.evaluate({
    ...inputs,
    objects: await objectsOf(tasks[0]),
    x: concat ? joinChannels(inputs.x, concat) : inputs.x,
    control: uniform(residuals),
    sigma,
    draws,
    onAttention: (received) => {
      const recorded = tasks.findIndex(({ side }) => side === 1);
      if (recorded >= 0) onAttention?.(partOf(received, recorded, tasks.length));
    },
  });
  return tensor(x.shape, sampling.calculateDenoised(sigma, output.data, x.data));
}

async function objectsOf({ gligen, x }: Task): Promise<UNetInputs['objects']> {
  if (!gligen) return undefined;
  const [height, width] = x.shape.slice(-2);
  const { model, objects } = gligen;
  return { gligen: model, tokens: await model.tokens(objects, height, width) };
}

/** Returns the rows of one of `count` equal parts of a batch. */
function partOf(x: Tensor, index: number, count: number): Tensor {
  const rows = x.shape[0] / count;
  return sliceBatch(x, index * rows, (index + 1) * rows);
}

/** Repeats all tokens; attention over repeated tokens has the same result. */
function repeatTokens(context: Tensor, tokens: number): Tensor {
  const [items, length, width] = context.shape;
  if (length === tokens) return context;
  const data = allocate(items * tokens * width);
  for (let item = 0; item < items; item++) {
    const source = context.data.subarray(item * length * width, (item + 1) * length * width);
    for (let token = 0; token < tokens; token += length)
      data.set(source, (item * tokens + token) * width);
  }
  return tensor([items, tokens, width], data);
}

/** Adds prediction * weight to `sum` and weight to `count` on an area. */
function accumulate(
  sum: Float32Array,
  count: Float32Array,
  [batch, channels, height, width]: readonly number[],
  [h, w, top, left]: CellArea,
  prediction: Float32Array,
  weight: Float32Array,
): void {
  for (let item = 0; item < batch; item++)
    for (let row = 0; row < h; row++)
      for (let column = 0; column < w; column++) {
        const cellWeight = weight[(item * h + row) * w + column];
        count[(item * height + top + row) * width + left + column] += cellWeight;
        for (let c = 0; c < channels; c++) {
          const plane = item * channels + c;
          sum[(plane * height + top + row) * width + left + column] += f32(
            prediction[(plane * h + row) * w + column] * cellWeight,
          );
        }
      }
}
