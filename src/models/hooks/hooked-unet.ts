// UNets with the weights of hooks. If the strengths of all hooks of a run are inputs of the graph,
// one session serves all conditions: hooks of other conditions have the strength 0. Otherwise each
// set of strengths is a network of its own.
import { DarkroomError } from '../../errors.ts';
import type { Denoiser } from '../denoiser.ts';
import { hasEffect, loraPatches } from '../lora/apply.ts';
import type { AppliedLora } from '../lora/patches.ts';
import type { ChangedNetwork, Shift, WeightChange } from '../weights/changes.ts';
import type { HookWeights } from './hooks.ts';

/** A hook with the factor of its current keyframe. */
interface HookStrength {
  readonly weights: HookWeights;
  readonly factor: number;
}

interface HookedUNets {
  /** The files whose hooks change no weight of the UNet. */
  readonly unmatched: readonly string[];
  /** Returns the UNet with hooks applied in this order; each is one of the run's. */
  with(hooks: readonly HookStrength[]): Denoiser;
}

/** Number of cached UNets; a UNet is a description, its session is opened apart. */
const MAX_CACHED = 16;

const lastRuns = new WeakMap<Denoiser, { hooks: readonly HookWeights[]; result: HookedUNets }>();

/**
 * Returns the hooked UNets of a run with these hooks; the same as for the last run with the same
 * hooks. Throws DR_INPUT_INVALID for weights of other shapes.
 */
export function hookedUNets(unet: Denoiser, hooks: readonly HookWeights[]): HookedUNets {
  const last = lastRuns.get(unet);
  if (last?.hooks.length === hooks.length && last.hooks.every((one, i) => one === hooks[i]))
    return last.result;
  const result = createHookedUNets(unet, hooks);
  lastRuns.set(unet, { hooks, result });
  return result;
}

/** Returns a hook's change at a factor on its strength. */
type ChangeAt = (factor: number) => AppliedLora | Shift;

function createHookedUNets(unet: Denoiser, hooks: readonly HookWeights[]): HookedUNets {
  const changes = new Map<HookWeights, ChangeAt>();
  const unmatched: string[] = [];
  for (const weights of hooks) {
    const change = changeOf(unet, weights);
    if (change) changes.set(weights, change);
    else if (unet.patchable && weights.strengths.unet !== 0) unmatched.push(weights.name);
  }
  const all = [...changes.values()];
  // at strength 0 a hook is not left out where it replaces weights
  const isShared = haveInputStrengths(unet, all) && !all.some((at) => changesWeights(at(0)));
  const cached = new Map<string, Denoiser>();
  return {
    unmatched,
    with: (active) => {
      const factors = new Map(active.map(({ weights, factor }) => [weights, factor]));
      const order = isShared ? hooks : active.map(({ weights }) => weights);
      const applied = order.flatMap((weights): WeightChange[] => {
        const change = changes.get(weights)?.(factors.get(weights) ?? 0);
        return change && (isShared || changesWeights(change)) ? [change] : [];
      });
      if (applied.length === 0) return unet;
      const key = order.map((one) => `${hooks.indexOf(one)}:${factors.get(one) ?? 0}`).join();
      const result = cached.get(key) ?? unet.variant({ changes: applied });
      cached.delete(key);
      cached.set(key, result);
      for (const oldest of cached.keys()) if (cached.size > MAX_CACHED) cached.delete(oldest);
      return result;
    },
  };
}

function changeOf(unet: Denoiser, { name, strengths, source }: HookWeights): ChangeAt | undefined {
  if (!unet.base) return undefined;
  if ('lora' in source) {
    const { lora } = source;
    const patches = loraPatches(unet, lora);
    if (patches.size === 0) return undefined;
    return (factor): AppliedLora => ({ lora, strength: strengths.unet * factor, patches });
  }
  const other = source.unet.base;
  if (!other) return undefined;
  checkShapes(unet.base, other, name);
  return (factor): Shift => ({ other, strength: strengths.unet * factor });
}

/** Throws DR_INPUT_INVALID if a weight has another shape in the other network. */
export function checkShapes(own: ChangedNetwork, other: ChangedNetwork, name: string): void {
  for (const [weight, { shape }] of own.targets) {
    const target = other.targets.get(weight);
    if (!target || `${target.shape}` === `${shape}`) continue;
    throw new DarkroomError('DR_INPUT_INVALID', {
      message:
        `the checkpoint ${name} can't be a hook of this model: ${weight} has the shape ` +
        `[${target.shape}] there, and [${shape}] in the model`,
      hint: 'Choose a checkpoint of the same family as the model.',
      input: 'ckpt_name',
    });
  }
}

/** Whether another strength of any of the changes needs no other network. */
function haveInputStrengths(unet: Denoiser, changes: readonly ChangeAt[]): boolean {
  const keyAt = (factor: number): string | undefined =>
    unet.variant({ changes: changes.map((change) => change(factor)) }).base?.plan?.key;
  return keyAt(1) === keyAt(2);
}

const changesWeights = (change: AppliedLora | Shift): boolean =>
  'lora' in change ? hasEffect(change) : change.strength !== 0;
