// The hooks of a run's conditions: the network that each condition is evaluated with at a sigma
// (comfy.samplers prepare_model_patcher, comfy.model_patcher apply_hooks).

import type { Denoiser } from '../../models/denoiser.ts';
import { hookedUNets } from '../../models/hooks/hooked-unet.ts';
import type { HookGroup } from '../../models/hooks/hooks.ts';
import type { Conditioning, Model } from '../sampling-types.ts';
import { keyframeProgress, type LastSigmas } from './keyframe-progress.ts';

/** The hooks of a condition. Conditions with the same object are evaluated together. */
export interface ConditionHooks {
  /** Moves the hooks' keyframes on, before the evaluation at `sigma`. */
  advance(sigma: number): void;
  /** Returns the model's network with the weights of the hooks. */
  unet(model: Model): Denoiser;
}

export interface HookedRun {
  /** The sigmas of the run; none if keyframes do not matter. */
  readonly sigmas?: Float32Array;
  readonly lastSigmas?: LastSigmas;
  readonly warn?: (message: string) => void;
}

const changesNothing = (name: string): string =>
  `${name}: its hook changes nothing, because no weight of the model matches`;

/**
 * Returns the hooks of each entry of a run's conditionings; undefined if none of them has hooks.
 */
export function conditionHooks(
  model: Model,
  conditionings: readonly Conditioning[],
  { sigmas = new Float32Array(0), lastSigmas, warn }: HookedRun,
): ((group: HookGroup | undefined) => ConditionHooks) | undefined {
  const groups = conditionings.flat().flatMap(({ hooks }) => (hooks ? [hooks] : []));
  if (groups.length === 0) return undefined;
  const weights = [...new Set(groups.flat().map((hook) => hook.weights))];
  const progress = keyframeProgress(model.sampling, sigmas, lastSigmas);
  const hooksOf = (group: HookGroup): ConditionHooks => ({
    advance: (sigma) => {
      for (const { keyframes } of group) progress.advance(keyframes, sigma);
    },
    unet: ({ denoiser }) => {
      const unets = hookedUNets(denoiser, weights);
      for (const name of unets.unmatched) warn?.(changesNothing(name));
      return unets.with(
        group.map((hook) => ({
          weights: hook.weights,
          factor: progress.strength(hook.keyframes),
        })),
      );
    },
  });
  const cached = new Map<HookGroup | undefined, ConditionHooks>();
  return (group) => {
    const hooks = cached.get(group) ?? hooksOf(group ?? []);
    cached.set(group, hooks);
    return hooks;
  };
}
