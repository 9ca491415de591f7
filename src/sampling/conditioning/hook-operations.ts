// Hooks on conditionings (comfy.hooks set_conds_props, set_default_conds_and_combine).
import { combineTwo, type HookGroup } from '../../models/hooks/hooks.ts';
import type { Conditioning } from '../sampling-types.ts';
import { setConditioningValues } from './operations.ts';

/**
 * Adds hooks to those of the entries. Entries that had the same group before have the same one
 * after, so that they are still evaluated together.
 */
export function addHooks<T extends readonly Conditioning[]>(
  conditionings: T,
  hooks: HookGroup | undefined,
): T {
  if (!hooks) return conditionings;
  const combined = new Map<HookGroup, HookGroup>();
  const combine = (own: HookGroup): HookGroup => {
    const group = combined.get(own) ?? combineTwo(own, hooks);
    combined.set(own, group);
    return group;
  };
  return conditionings.map((conditioning) =>
    conditioning.map((entry) => ({ ...entry, hooks: entry.hooks ? combine(entry.hooks) : hooks })),
  ) as readonly Conditioning[] as T;
}

/** Marks entries as acting where the masks of the others leave something over. */
export const asDefault = (conditioning: Conditioning): Conditioning =>
  setConditioningValues(conditioning, { default: true });
