// The predictions of one evaluation (comfy.samplers calc_cond_batch): all active conditions of all
// sides, each on its area, in as few network calls as their shapes allow, blended by strength and
// mask.

import type { DenoiserInputs, DenoiserVariant } from '../../models/denoiser.ts';
import type { Draws } from '../../models/unet/unet-patch.ts';
import { allocate } from '../../tensor/allocate.ts';
import { frameCount } from '../../tensor/frames.ts';
import {
  concatBatch,
  repeatToBatch,
  sliceBatch,
  type Tensor,
  tensor,
} from '../../tensor/tensor.ts';
import { joinChannels } from '../conditioning/concat.ts';
import { CONDITION_RULES } from '../conditioning/condition-rules.ts';
import { controlResiduals, uniformResiduals } from '../conditioning/control.ts';
import type { CellArea, NetworkCondition } from '../conditioning/prepare.ts';
import { f32 } from '../float32.ts';
import type { Model, NetworkCache } from '../sampling-types.ts';
import { activeTasks, type Sides, type Task } from './tasks.ts';

/** Largest factor by which contexts are repeated to share a batch. */
const MAX_REPEAT = 4;

interface EvaluationOptions {
  /** A variant of the model's network, with the weights of hooks. */
  readonly variant?: DenoiserVariant;
  /** What patches with a random part draw from. */
  readonly draws?: Draws;
  /**
   * Receives what the network recorded of the first condition of the second side, [B*T, N]
   * (DenoiserInputs.onAttention).
   */
  readonly onAttention?: (received: Tensor) => void;
  /** Skips evaluations of the network. */
  readonly cache?: NetworkCache;
}

/**
 * Predicts the denoised latents, of the shape of x, at `sigma` for each side, blended from its
 * conditions; 0 where no condition of a side is active.
 */
export async function predictSides(
  model: Model,
  sides: Sides,
  x: Tensor,
  sigma: number,
  options: EvaluationOptions = {},
): Promise<Tensor[]> {
  const [batch] = x.shape;
  const [height, width] = x.shape.slice(-2);
  options.cache?.startPrediction();
  const sums = sides.map(() => allocate(x.data.length));
  const cells = frameCount(x.shape) * height * width;
  const counts = sides.map(() => allocate(batch * cells).fill(1e-37));

  let waiting = activeTasks(model, sides, x, sigma);
  // If any condition has a ControlNet, the same session serves those without one.
  const uniform = uniformResiduals(sides.flat().map(({ control }) => control));
  while (waiting.length) {
    const [first] = waiting;
    const batchTasks = waiting.filter((task) => canShareBatch(model, task, first)).reverse();
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
    const perItem = x.data.length / batch;
    return tensor(
      x.shape,
      sum.map((value, i) => value / count[Math.floor(i / perItem) * cells + (i % cells)]),
    );
  });
}

/** The tensors of a condition that become rows of the network's inputs of the same names. */
const ROW_TENSORS = ['y', 'contextLayers', 'contextMask', 'tokens', 'attentionBias'] as const;

function canShareBatch({ family }: Model, task: Task, first: Task): boolean {
  if (task.control !== first.control || task.hooks !== first.hooks) return false;
  // as in the original, where objects are a patch of their condition
  if (task !== first && (task.gligen || first.gligen)) return false;
  const maxRepeat = CONDITION_RULES[family].repeatsTokens ? MAX_REPEAT : 1;
  const [own, other] = [task.condition, first.condition];
  return (
    task.x.shape.join() === first.x.shape.join() &&
    canShareTokens(own.context, other.context, maxRepeat) &&
    canShareTokens(own.controlContext, other.controlContext, maxRepeat) &&
    own.concat?.shape[1] === other.concat?.shape[1] &&
    ROW_TENSORS.every((name) => own[name]?.shape[1] === other[name]?.shape[1]) &&
    (own.guidance === null) === (other.guidance === null) &&
    referenceSizes(own) === referenceSizes(other)
  );
}

/** Whether features have numbers of tokens that few repetitions make equal. */
function canShareTokens(
  one: Tensor | undefined,
  other: Tensor | undefined,
  maxRepeat: number,
): boolean {
  if (!one || !other) return one === other;
  const [a, b] = [one.shape[1], other.shape[1]];
  return leastCommonMultiple(a, b) / Math.min(a, b) <= maxRepeat;
}

/** The sizes of a condition's reference images and how they are placed. */
const referenceSizes = ({ references }: NetworkCondition): string | undefined =>
  references &&
  [references.method, references.slots, ...references.latents.map(({ shape }) => shape)].join(' ');

const greatestCommonDivisor = (a: number, b: number): number =>
  b === 0 ? a : greatestCommonDivisor(b, a % b);
const leastCommonMultiple = (a: number, b: number): number => (a / greatestCommonDivisor(a, b)) * b;

interface Evaluation extends EvaluationOptions {
  readonly sigma: number;
  readonly uniform: ReturnType<typeof uniformResiduals>;
}

/** The network's inputs for tasks, one after another in a batch. */
function batchInputs({ sampling }: Model, tasks: readonly Task[], x: Tensor, sigma: number) {
  const batch = tasks[0].x.shape[0];
  return {
    x: tensor(x.shape, sampling.calculateInput(sigma, x.data)),
    timesteps: allocate(x.shape[0]).fill(sampling.timestep(sigma)),
    context: joinTokens(
      tasks.map(({ condition }) => condition.context),
      batch,
    ),
    ...joinRows(tasks, batch),
    guidance: guidanceRows(tasks, batch),
    references: joinReferences(tasks, batch),
  };
}

/** ROW_TENSORS of the conditions, each repeated to its rows; without those that they lack. */
function joinRows(
  tasks: readonly Task[],
  batch: number,
): Partial<Record<(typeof ROW_TENSORS)[number], Tensor>> {
  const joined = ROW_TENSORS.flatMap((name) => {
    const parts = tasks.flatMap(({ condition }) => condition[name] ?? []);
    return parts.length > 0
      ? [[name, concatBatch(parts.map((part) => repeatToBatch(part, batch)))]]
      : [];
  });
  return Object.fromEntries(joined);
}

/** The distilled guidance of each row; undefined without. */
function guidanceRows(tasks: readonly Task[], batch: number): Float32Array | undefined {
  if (tasks[0].condition.guidance === null) return undefined;
  return Float32Array.from({ length: tasks.length * batch }, (_, row) => {
    return tasks[Math.floor(row / batch)].condition.guidance!;
  });
}

/** The reference images of conditions one after another in a batch. */
function joinReferences(tasks: readonly Task[], batch: number): DenoiserInputs['references'] {
  const { references } = tasks[0].condition;
  return (
    references && {
      method: references.method,
      slots: references.slots,
      latents: references.latents.map((_, i) =>
        concatBatch(
          tasks.map(({ condition }) => repeatToBatch(condition.references!.latents[i], batch)),
        ),
      ),
    }
  );
}

async function evaluate(
  model: Model,
  tasks: readonly Task[],
  { sigma, uniform, variant, draws, onAttention, cache }: Evaluation,
): Promise<Tensor> {
  const { sampling, denoiser } = model;
  const hooked = tasks[0].hooks?.unet(model) ?? denoiser;
  const x = concatBatch(tasks.map((task) => task.x));
  const inputs = batchInputs(model, tasks, x, sigma);
  const { control } = tasks[0];
  const residuals =
    control &&
    (await controlResiduals(control, {
      ...inputs,
      context: controlContext(tasks, inputs.context),
      sigma,
      sampling,
      unet: denoiser,
      conditions: tasks.length,
    }));
  const concat =
    tasks[0].condition.concat && concatBatch(tasks.map(({ condition }) => condition.concat!));
  const network = variant ? hooked.variant(variant) : hooked;
  const objects = await objectsOf(tasks[0]);
  const evaluateNetwork = (): Promise<Tensor> =>
    network.evaluate({
      ...inputs,
      objects,
      x: concat ? joinChannels(inputs.x, concat) : inputs.x,
      control: uniform(residuals),
      sigma,
      sides: tasks.map(({ side }) => side),
      draws,
      onAttention: (received) => {
        const recorded = tasks.findIndex(({ side }) => side === 1);
        if (recorded >= 0) onAttention?.(partOf(received, recorded, tasks.length));
      },
    });
  const call = { x: inputs.x, sigma, conditions: tasks.map(({ identity }) => identity) };
  const output = await (cache ? cache.run(call, evaluateNetwork) : evaluateNetwork());
  return tensor(x.shape, sampling.calculateDenoised(sigma, output.data, x.data));
}

/** Token features of conditions one after another in a batch, as long as their multiple. */
function joinTokens(features: readonly Tensor[], batch: number): Tensor {
  const tokens = features.map(({ shape }) => shape[1]).reduce(leastCommonMultiple);
  return concatBatch(features.map((one) => repeatToBatch(repeatTokens(one, tokens), batch)));
}

/** The features that ControlNets get: a prompt of their own, or the network's. */
function controlContext(tasks: readonly Task[], context: Tensor): Tensor {
  if (!tasks[0].condition.controlContext) return context;
  return joinTokens(
    tasks.map(({ condition }) => condition.controlContext!),
    tasks[0].x.shape[0],
  );
}

async function objectsOf({ gligen, x }: Task): Promise<DenoiserInputs['objects']> {
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
  shape: readonly number[],
  [h, w, top, left]: CellArea,
  prediction: Float32Array,
  weight: Float32Array,
): void {
  const [batch, channels] = shape;
  const [height, width] = shape.slice(-2);
  const frames = frameCount(shape);
  for (let image = 0; image < batch * frames; image++)
    for (let row = 0; row < h; row++)
      for (let column = 0; column < w; column++) {
        const cellWeight = weight[(image * h + row) * w + column];
        count[(image * height + top + row) * width + left + column] += cellWeight;
        for (let c = 0; c < channels; c++) {
          const plane = (Math.floor(image / frames) * channels + c) * frames + (image % frames);
          sum[(plane * height + top + row) * width + left + column] += f32(
            prediction[(plane * h + row) * w + column] * cellWeight,
          );
        }
      }
}
