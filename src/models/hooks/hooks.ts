// Weight hooks: changes of the weights for some conditionings only (comfy.hooks WeightHook,
// HookGroup). The value of HOOKS sockets.
import type { TextEncoder } from '../clip/text-encoder.ts';
import type { Denoiser } from '../denoiser.ts';
import type { LoraFile } from '../lora/file.ts';
import { type Keyframes, NO_KEYFRAMES } from './keyframes.ts';

/** What a hook changes weights by: a LoRA, or the difference to another checkpoint. */
export interface HookWeights {
  /** The name of the file. */
  readonly name: string;
  readonly strengths: { readonly unet: number; readonly clip: number };
  readonly source:
    | { readonly lora: LoraFile }
    | { readonly unet: Denoiser; readonly encoders: readonly TextEncoder[] };
}

interface WeightHook {
  /** The same object in all copies of a hook; a group has each once. */
  readonly weights: HookWeights;
  readonly keyframes: Keyframes;
}

/** Hooks in the order of their changes. Conditions with the same object are evaluated together. */
export type HookGroup = readonly WeightHook[];

export const weightHook = (weights: HookWeights): WeightHook => ({
  weights,
  keyframes: NO_KEYFRAMES,
});

/** Returns a group with the hooks of both. Of copies of the same hook, the first one counts. */
export const combineTwo = (first: HookGroup, second: HookGroup): HookGroup =>
  [...first, ...second].filter(
    ({ weights }, i, all) => all.findIndex((hook) => hook.weights === weights) === i,
  );

/** Returns a group with the hooks of all groups; a single group itself; undefined without any. */
export function combineHooks(groups: readonly (HookGroup | undefined)[]): HookGroup | undefined {
  const present = groups.filter((group) => group !== undefined);
  return present.length > 0 ? present.reduce(combineTwo) : undefined;
}

/** Sets the same keyframes on all hooks of a group, which then advance together. */
export function withKeyframes(hooks: HookGroup, keyframes: Keyframes): HookGroup {
  const shared = [...keyframes];
  return hooks.map((hook) => ({ ...hook, keyframes: shared }));
}
