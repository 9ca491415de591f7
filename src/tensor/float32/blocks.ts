// How torch divides the values of a contiguous float32 tensor with AVX-512: pairs of vectors, then
// the rest one by one, for which many functions have another algorithm.

/** Values in a vector. */
export const VECTOR = 16;

/** Values that are computed together. */
export const BLOCK = 2 * VECTOR;
