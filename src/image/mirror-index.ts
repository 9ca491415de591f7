/**
 * Mirrors an index at most length - 1 outside of 0..length-1 back into that range; the edge is not
 * repeated.
 */
export const mirrorIndex = (i: number, length: number): number =>
  i < 0 ? -i : i >= length ? 2 * (length - 1) - i : i;
