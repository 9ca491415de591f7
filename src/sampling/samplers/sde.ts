// Shared parts of the SDE samplers: scaled noise, and the weights of a second order step.
import { DarkroomError } from '../../errors.ts';
import { f32, type Vector } from '../float32.ts';

/**
 * The inner evaluation's share, 1 / (2 r), of a second order step whose inner stage is at
 * fraction `r` of the step. Throws DR_INPUT_INVALID for 0.
 */
export function innerShare(r: number): number {
  if (r === 0)
    throw new DarkroomError('DR_INPUT_INVALID', {
      message: 'r is 0, so the inner step has no length',
      hint: 'Use an r above 0; 0.5 is the usual value.',
      input: 'r',
    });
  return 1 / (2 * r);
}

/** x + noise * a * b * c, each product rounded. */
export function addScaledNoise(x: Vector, noise: Vector, a: number, b: number, c = 1): Vector {
  const [k, l, m] = [f32(a), f32(b), f32(c)];
  return x.map((value, i) => value + f32(f32(f32(noise[i] * k) * l) * m));
}
