// The standard deviation as torch computes it by default.
import { f32, type Vector } from './float32.ts';

/** The sample standard deviation (n - 1). */
export function deviation(values: Vector): number {
  let sum = 0;
  for (const value of values) sum += value;
  const mean = sum / values.length;
  let squares = 0;
  for (const value of values) squares += (value - mean) ** 2;
  return f32(Math.sqrt(squares / (values.length - 1)));
}
