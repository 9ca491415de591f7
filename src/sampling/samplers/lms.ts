// Linear multistep, Adams-Bashforth on uneven steps (k-diffusion): the last `order` slopes, each
// weighted by the integral of its Lagrange basis polynomial.
import { add, addScaled, scale, type Vector } from '../float32.ts';
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

/**
 * The integral over [from, to] of the polynomial that is 1 at points[j] and 0 at the others; exact,
 * by Gauss-Legendre quadrature.
 */
export function lagrangeIntegral(
  points: ArrayLike<number>,
  j: number,
  from: number,
  to: number,
): number {
  if (from === to) return 0;
  const basis = (tau: number): number => {
    let product = 1;
    for (let k = 0; k < points.length; k++)
      if (k !== j) product *= (tau - points[k]) / (points[j] - points[k]);
    return product;
  };
  const half = (to - from) / 2;
  return gaussLegendre(Math.ceil(points.length / 2)).reduce(
    (sum, { node, weight }) => sum + weight * half * basis(from + half * (1 + node)),
    0,
  );
}

/**
 * Nodes and weights on [-1, 1], exact for polynomials of degree 2n - 1; finds the roots of
 * Legendre's polynomial by Newton's method.
 */
function gaussLegendre(n: number): { node: number; weight: number }[] {
  return Array.from({ length: n }, (_, i) => {
    let node = Math.cos((Math.PI * (i + 0.75)) / (n + 0.5));
    let slope = 1;
    for (let iteration = 0; iteration < 20; iteration++) {
      let [previous, value] = [1, node];
      for (let k = 2; k <= n; k++)
        [previous, value] = [value, ((2 * k - 1) * node * value - (k - 1) * previous) / k];
      slope = (n * (node * value - previous)) / (node * node - 1);
      node -= value / slope;
    }
    return { node, weight: 2 / ((1 - node * node) * slope * slope) };
  });
}
