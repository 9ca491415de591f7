// Quantiles of the beta distribution (scipy.stats.beta.ppf): the regularised incomplete beta
// function by Lentz's continued fraction (Numerical Recipes 6.4), inverted by bisection.

/** ln gamma(x) for x > 0 (Lanczos approximation, g = 7). */
function logGamma(x: number): number {
  const c = [
    0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313,
    -176.61502916214059, 12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6,
    1.5056327351493116e-7,
  ];
  if (x < 0.5) return Math.log(Math.PI / Math.sin(Math.PI * x)) - logGamma(1 - x);
  const t = x + 6.5;
  const series = c.slice(1).reduce((sum, k, i) => sum + k / (x + i), c[0]);
  return 0.5 * Math.log(2 * Math.PI) + (x - 0.5) * Math.log(t) - t + Math.log(series);
}

function continuedFraction(x: number, a: number, b: number): number {
  const guard = (v: number) => (Math.abs(v) < 1e-300 ? 1e-300 : v);
  let c = 1;
  let d = 1 / guard(1 - ((a + b) * x) / (a + 1));
  let h = d;
  for (let m = 1; m <= 300; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    for (const k of [even, odd]) {
      d = 1 / guard(1 + k * d);
      c = guard(1 + k / c);
      h *= d * c;
    }
    if (Math.abs(d * c - 1) < 1e-15) break;
  }
  return h;
}

/** Returns the probability that a beta(a, b) variable is below `x`. */
export function betaCdf(x: number, a: number, b: number): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  if (x > (a + 1) / (a + b + 2)) return 1 - betaCdf(1 - x, b, a);
  const front = Math.exp(
    logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log1p(-x),
  );
  return (front * continuedFraction(x, a, b)) / a;
}

/**
 * scipy's medians of beta(a, a) that differ from 1/2 in the last bits: they decide the direction in
 * which a half is rounded.
 */
const SCIPY_MEDIANS: ReadonlyMap<number, number> = new Map([
  [0.5, 0.5 - 2 ** -53],
  [0.6, 0.5 + 2 ** -53],
]);

/** Returns the x whose `betaCdf` is p. */
export function betaQuantile(p: number, a: number, b: number): number {
  if (p === 0.5 && a === b) return SCIPY_MEDIANS.get(a) ?? 0.5;
  if (p <= 0) return 0;
  if (p >= 1) return 1;
  let [low, high] = [0, 1];
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (betaCdf(middle, a, b) < p) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}
