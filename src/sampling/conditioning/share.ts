// What conditions of the positive side share with those of another side: ControlNets that act on
// negatives too, and GLIGEN's objects.
// Source: ComfyUI comfy/samplers.py (apply_empty_x_to_equal_area).
import type { Control, GligenObjects } from '../sampling-types.ts';

/** The fields of a condition that are shared, and those that decide about it. */
interface Shareable {
  readonly area?: unknown;
  readonly control?: Control;
  readonly controlsNegatives?: boolean;
  readonly gligen?: GligenObjects;
}

/**
 * Adds the networks of `positive` that control negatives to conditions of another side, in turn: to
 * those without an area, unless one of them has a network of its own.
 */
export const shareControl = <T extends Shareable>(
  positive: readonly Shareable[],
  other: readonly T[],
): T[] =>
  share(
    'control',
    positive.filter(({ controlsNegatives }) => controlsNegatives),
    other,
  );

/** Adds the objects of `positive` to conditions of another side, as shareControl adds networks. */
export const shareObjects = <T extends Shareable>(
  positive: readonly Shareable[],
  other: readonly T[],
): T[] => share('gligen', positive, other);

function share<T extends Shareable>(
  name: 'control' | 'gligen',
  positive: readonly Shareable[],
  other: readonly T[],
): T[] {
  const shared = positive.flatMap((one) => (!one.area && one[name] ? [one[name]] : []));
  const free = other.flatMap((one, i) => (one.area || one[name] ? [] : [i]));
  const result = [...other];
  if (free.length === 0 || other.some((one) => !one.area && one[name])) return result;
  for (const [i, value] of shared.entries()) {
    const index = free[i % free.length];
    result[index] = { ...other[index], [name]: value };
  }
  return result;
}
