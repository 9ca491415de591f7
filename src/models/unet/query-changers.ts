// HyperTile and token merging inside a graph, one self-attention after another.
import type { Net } from '../layers/blocks.ts';
import type { QueryChange } from './query-patches.ts';
import { mergeTables, mergeTokens } from './token-merging.ts';
import { tileTable, tileTokens } from './token-tiles.ts';
import type { QueryChanger, SharedInputs } from './unet-layers.ts';

/** Declares the inputs of HyperTile and token merging; returns the changers one at a time. */
export function queryChangers(
  { g }: Net,
  queryChanges: ReadonlyMap<number, QueryChange> = new Map(),
): SharedInputs['nextQueries'] {
  if (queryChanges.size === 0) return undefined;
  const count = (kind: QueryChange): number =>
    [...queryChanges.values()].filter((change) => change === kind).length;
  const tiles = count('tiled') > 0 ? tileTable(g, count('tiled')) : '';
  const merges = count('merged') > 0 ? mergeTables(g, count('merged')) : undefined;
  let [attention, tiled, merged] = [0, 0, 0];
  const changers: Readonly<Record<QueryChange, () => QueryChanger>> = {
    tiled: () => {
      const row = tiled++;
      return (tokens, sizes) => tileTokens(g, tiles, row, tokens, sizes);
    },
    merged: () => {
      const row = merged++;
      return (tokens, sizes) => mergeTokens(g, merges!, row, tokens, sizes);
    },
  };
  return () => {
    const change = queryChanges.get(attention++);
    return change && changers[change]();
  };
}
