/** float32's largest number; its negative hides values from a softmax. */
export const MAX_FLOAT32 = 3.4028234663852886e38;
