// Shortens an input of a finding while the finding stays the same.
import { judge } from './judge.ts';
import type { FuzzTarget } from './target.ts';

const BUDGET_MS = 20_000;

/** Removes ever smaller parts; ends after 20 s at the latest. */
export async function minimise(target: FuzzTarget, input: Buffer, key: string): Promise<Buffer> {
  const end = Date.now() + BUDGET_MS;
  const isSame = async (candidate: Buffer): Promise<boolean> =>
    (await judge(target, candidate))?.key === key;
  if (!(await isSame(input))) return input;
  let shortest = input;
  for (let size = Math.ceil(input.length / 2); size >= 1; size = Math.floor(size / 2))
    for (let from = 0; from < shortest.length && Date.now() < end; ) {
      const candidate = Buffer.concat([shortest.subarray(0, from), shortest.subarray(from + size)]);
      if (await isSame(candidate)) shortest = candidate;
      else from += size;
    }
  return shortest;
}
