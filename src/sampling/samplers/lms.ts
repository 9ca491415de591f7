// Linear multistep, Adams-Bashforth on uneven steps (k-diffusion): the last `order` slopes, each
// weighted by the integral of its Lagrange basis polynomial.
import { add, addScaled, f32, scale, type Vector } from '../float32.ts';
import type { SampleFunction } from './sampler.ts';
import { derivative } from './steps.ts';

export const lms: SampleFunction = async (denoise, x, sigmas, { onStep, order = 4 }) => {
  const slopes: Vector[] = [];
  for (let i = 0; i < sigmas.length - 1; i++) {
    const denoised = await denoise(x, sigmas[i]);
    slopes.unshift(derivative(x, sigmas[i], denoised));
    if (slopes.length > order) slopes.pop();
    onStep?.(i, x, denoised);
    if (sigmas[i + 1] === 0) {
      x = denoised;
      continue;
    }
    const points = sigmas.slice(i + 1 - slopes.length, i + 1).reverse();
    const weights = slopes.map((_, j) => lagrangeIntegral(points, j, sigmas[i], sigmas[i + 1]));
    const step = slopes
      .slice(1)
      .reduce((sum, d, j) => addScaled(sum, d, weights[j + 1]), scale(slopes[0], weights[0]));
    x = add(x, step);
  }
  return x;
};

/** The nodes from 0 on and the weights of the 21-point Gauss-Kronrod rule (QUADPACK, qk21). */
const KRONROD: readonly (readonly [node: number, weight: number])[] = [
  [0, 0.1494455540029169],
  [0.14887433898163122, 0.14773910490133849],
  [0.2943928627014602, 0.1427759385770601],
  [0.4333953941292472, 0.13470921731147334],
  [0.5627571346686047, 0.12349197626206584],
  [0.6794095682990244, 0.10938715880229764],
  [0.7808177265864169, 0.0931254545836976],
  [0.8650633666889845, 0.07503967481091996],
  [0.9301574913557082, 0.054755896574351995],
  [0.9739065285171717, 0.032558162307964725],
  [0.9956571630258081, 0.011694638867371874],
];

/**
 * The integral over [from, to] of the polynomial that is 1 at points[j] and 0 at the others, as
 * scipy.integrate.quad finds it: the polynomial in float32, the quadrature in double precision.
 */
export function lagrangeIntegral(
  points: ArrayLike<number>,
  j: number,
  from: number,
  to: number,
): number {
  if (from === to) return 0;
  const basis = (at: number): number => {
    const tau = f32(at);
    let product = 1;
    for (let k = 0; k < points.length; k++)
      if (k !== j) product = f32(product * f32(f32(tau - points[k]) / f32(points[j] - points[k])));
    return product;
  };
  const [centre, half] = [(from + to) / 2, (to - from) / 2];
  return (
    half *
    KRONROD.reduce((sum, [node, weight]) => {
      const [low, high] = [basis(centre - half * node), basis(centre + half * node)];
      return sum + weight * (node === 0 ? low : low + high);
    }, 0)
  );
}
