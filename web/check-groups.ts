// Missing node types, grouped by the pack that they belong to.
import type { MissingType } from '../src/server/api-types.ts';

export interface TypeGroup {
  /** `A, B (3 nodes)` */
  readonly names: string;
  /** What they belong to, and what to do. */
  readonly remark: string;
}

/** Types that are listed by name. */
const MAX_NAMES = 6;

/** One group for each pack, and one for each type without a pack. */
export function typesByPack(types: readonly MissingType[]): TypeGroup[] {
  const groups = new Map<string, MissingType[]>();
  for (const one of types) {
    const key = one.pack === undefined || one.reason ? `type ${one.type}` : `pack ${one.pack}`;
    groups.set(key, [...(groups.get(key) ?? []), one]);
  }
  return [...groups.values()].map((group) => ({ names: namesOf(group), remark: remarkOf(group) }));
}

function namesOf(group: readonly MissingType[]): string {
  const names = group.slice(0, MAX_NAMES).map(({ type }) => type);
  const others = group.length - names.length;
  const count = group.reduce((sum, type) => sum + type.count, 0);
  const nodes = count > group.length ? ` (${count} nodes)` : '';
  return `${names.join(', ')}${others > 0 ? ` and ${others} more` : ''}${nodes}`;
}

function remarkOf([{ pack, reason, hint }]: readonly MissingType[]): string {
  if (reason) return `of ${pack} is not supported: ${reason}. ${hint}`;
  if (pack === undefined) return hint || 'is not built in. Remove it or replace it.';
  return `– ${hint} Remove these nodes or replace them with built-in ones.`;
}
