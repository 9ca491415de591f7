// The schedule of FLUX.2 (comfy_extras/nodes_flux.py Flux2Scheduler): evenly spaced times, shifted
// by the numbers of tokens and of steps.
import { roundHalfEven } from '../../tensor/round-half-even.ts';
import { f32, linspace } from '../float32.ts';

/** Above this number of tokens the shift does not depend on the steps. */
const MANY_TOKENS = 4300;

/** Shifts for a number of tokens, on the lines that were fitted for 10 and for 200 steps. */
const shiftFor10Steps = (tokens: number): number => 8.73809524e-5 * tokens + 1.89833333;
const shiftFor200Steps = (tokens: number): number => 0.00016927 * tokens + 0.45666666;

function shiftFor(tokens: number, steps: number): number {
  const last = shiftFor200Steps(tokens);
  if (tokens > MANY_TOKENS) return last;
  const slope = (last - shiftFor10Steps(tokens)) / 190;
  return slope * steps + (last - 200 * slope);
}

/** `steps` + 1 sigmas for an image of a size in pixels, from 1 to 0. */
export function flux2Sigmas(
  steps: number,
  { width, height }: { readonly width: number; readonly height: number },
): Float32Array {
  const weight = f32(Math.exp(shiftFor(roundHalfEven((width * height) / 256), steps)));
  // torch divides a number by a tensor as the number times the tensor's reciprocal
  return linspace(1, 0, steps + 1).map((time) =>
    f32(f32(1 / f32(weight + f32(f32(1 / time) - 1))) * weight),
  );
}
