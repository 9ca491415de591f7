// The vectors of a prompt's tokens: rows of the token table, and embeddings as they are.
import type { TokenSlot } from './text-encoder.ts';
import { roundToFloat16 } from './token-table.ts';

/** Sequences of tokens of one length, which are encoded in one batch. */
export type Chunks = readonly (readonly TokenSlot[])[];
/** Returns rows of the token table one after another. */
export type TokenRows = (ids: readonly number[]) => Promise<Float32Array>;

/**
 * Returns the vectors of slots one after another; each row of the table is read once. `roundRows`:
 * rows are rounded to float16.
 */
export async function embed(
  slots: readonly TokenSlot[],
  tokenRows: TokenRows,
  width: number,
  roundRows: boolean,
): Promise<Float32Array> {
  const ids = [...new Set(slots.filter((slot) => typeof slot === 'number'))];
  const rowOf = new Map(ids.map((id, i) => [id, i]));
  const unrounded = await tokenRows(ids);
  const rows = roundRows ? roundToFloat16(unrounded) : unrounded;
  const vectors = new Float32Array(slots.length * width);
  for (const [i, slot] of slots.entries()) {
    const start = typeof slot === 'number' ? rowOf.get(slot)! * width : 0;
    vectors.set(typeof slot === 'number' ? rows.subarray(start, start + width) : slot, i * width);
  }
  return vectors;
}
