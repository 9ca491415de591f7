// EasyCache (arXiv 2507.02860; comfy_extras/nodes_easycache.py): skips evaluations of the network
// whose result would hardly differ, and adds the last result's difference from its input instead.
// The first condition of the run decides for a step; the others follow. The expected change of a
// result follows from the change of the input, on every eighth cell.
import { concatBatch, sliceBatch, type Tensor, tensor } from '../../tensor/tensor.ts';
import { add, f32, sub } from '../float32.ts';
import type { Model, NetworkCache, NetworkCall } from '../sampling-types.ts';
import { type CacheOptions, cachedTwice, meanSize, subsample } from './lazy-cache.ts';
import { setPatches } from './patch-model.ts';

/** What the decision about an evaluation needs of the one before. */
interface LastEvaluation {
  /** Input and output of the first condition. */
  readonly x: Float32Array;
  readonly output: Float32Array;
  /** Mean size of the whole output. */
  readonly size: number;
}

/**
 * Returns the model with evaluations skipped; each run starts afresh. A second EasyCache replaces
 * the options of the first, and both act, one inside the other. Throws DR_INPUT_INVALID for a model
 * with a LazyCache.
 */
export function withEasyCache(model: Model, options: CacheOptions): Model {
  const { stepCache } = model.patches ?? {};
  if (stepCache?.kind === 'lazy') throw cachedTwice();
  const times = (stepCache?.times ?? 0) + 1;
  const create = (run: Model): NetworkCache => new EasyCache(run, options, times);
  return setPatches(model, { stepCache: { kind: 'easy', times, create } });
}

/** The state of one run. */
class EasyCache implements NetworkCache {
  readonly #options: CacheOptions;
  readonly #times: number;
  /** Skips are possible at most at the first sigma, and above the second. */
  readonly #start: number;
  readonly #end: number;
  #shape: string | undefined;
  #first: object | undefined;
  #skipsStep = false;
  #last: LastEvaluation | undefined;
  /** Change of the output relative to that of the input, in the last evaluation. */
  #rate: number | undefined;
  /** Sum of the expected relative changes since the last evaluation. */
  #skippedChange = 0;
  /** By condition: output minus input. */
  #changes = new Map<object, Tensor>();

  constructor({ sampling }: Model, options: CacheOptions, times: number) {
    this.#options = options;
    this.#times = times;
    this.#start = f32(sampling.percentToSigma(options.startPercent));
    this.#end = f32(sampling.percentToSigma(options.endPercent));
  }

  startPrediction(): void {
    this.#skipsStep = false;
  }

  run(call: NetworkCall, evaluate: () => Promise<Tensor>): Promise<Tensor> {
    let outer = evaluate;
    for (let i = 0; i < this.#times; i++) {
      const inner = outer;
      outer = () => this.#runOnce(call, inner);
    }
    return outer();
  }

  async #runOnce(call: NetworkCall, evaluate: () => Promise<Tensor>): Promise<Tensor> {
    const sigma = f32(call.sigma);
    if (!(sigma > this.#end)) return evaluate();
    let moved: number | undefined;
    if (sigma <= this.#start) {
      this.#checkShape(call.x);
      const canSkip = call.conditions.every((condition) => this.#changes.has(condition));
      if (this.#skipsStep && canSkip) return this.#skipped(call);
      this.#first ??= call.conditions[0];
      if (call.conditions.includes(this.#first)) {
        moved = this.#last && meanSize(sub(this.#firstPart(call, call.x), this.#last.x));
        if (this.#decides(sigma, moved, canSkip)) return this.#skipped(call);
      }
    }
    const output = await evaluate();
    this.#store(call, output, moved);
    return output;
  }

  /** Another size than before begins anew; as in the original, with a rate of change of 0. */
  #checkShape({ shape }: Tensor): void {
    const own = shape.slice(1).join();
    if (this.#shape !== undefined && this.#shape !== own) {
      this.#first = undefined;
      this.#skipsStep = false;
      this.#last = undefined;
      this.#rate = 0;
      this.#skippedChange = 0;
      this.#changes = new Map();
      this.#shape = undefined;
      return;
    }
    this.#shape = own;
  }

  /** Whether the first condition's evaluation is skipped, and so the step. */
  #decides(sigma: number, moved: number | undefined, canSkip: boolean): boolean {
    if (!this.#last || this.#rate === undefined || moved === undefined) return false;
    const { threshold, log } = this.#options;
    const expected = f32(f32(this.#rate * moved) / this.#last.size);
    this.#skippedChange = f32(this.#skippedChange + expected);
    this.#skipsStep = this.#skippedChange < f32(threshold) && canSkip;
    log?.(
      `EasyCache: sigma ${sigma}: expected change ${this.#skippedChange}, ` +
        `threshold ${threshold}: ${this.#skipsStep ? 'skipped' : 'evaluated'}`,
    );
    if (!this.#skipsStep) this.#skippedChange = 0;
    return this.#skipsStep;
  }

  /** The rows of the first condition, every eighth cell. */
  #firstPart({ conditions }: NetworkCall, all: Tensor): Float32Array {
    const rows = all.shape[0] / conditions.length;
    const index = conditions.indexOf(this.#first!);
    return subsample(sliceBatch(all, index * rows, (index + 1) * rows));
  }

  #skipped({ x, conditions }: NetworkCall): Tensor {
    const change = concatBatch(conditions.map((condition) => this.#changes.get(condition)!));
    return tensor(x.shape, add(x.data, change.data));
  }

  #store(call: NetworkCall, output: Tensor, moved: number | undefined): void {
    const { x, conditions } = call;
    const hasFirst = this.#first !== undefined && conditions.includes(this.#first);
    if (hasFirst && this.#last && moved !== undefined)
      this.#rate = f32(meanSize(sub(this.#firstPart(call, output), this.#last.output)) / moved);
    const change = tensor(x.shape, sub(output.data, x.data));
    const rows = x.shape[0] / conditions.length;
    for (const [i, condition] of conditions.entries())
      this.#changes.set(condition, sliceBatch(change, i * rows, (i + 1) * rows));
    if (!hasFirst) return;
    this.#last = {
      x: this.#firstPart(call, x),
      output: this.#firstPart(call, output),
      size: meanSize(output.data),
    };
  }
}
