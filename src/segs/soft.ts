// Masks with values between 0 and 1, which some nodes take for a yes or a no.
import type { Tensor } from '../tensor/tensor.ts';

/** Whether a mask has values that are neither 0 nor 1. */
export const isSoft = ({ data }: Tensor): boolean => data.some((value) => value > 0 && value < 1);
