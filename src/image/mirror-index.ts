/** The index in 0..length-1 that `i`, at most length - 1 outside, is mirrored to at an edge. */
export const mirrorIndex = (i: number, length: number): number =>
  i < 0 ? -i : i >= length ? 2 * (length - 1) - i : i;
