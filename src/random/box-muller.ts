// The float32 Box-Muller transform of a block of 16 uniforms, bit for bit as torch computes it on
// x86 with AVX2 and FMA: logarithm, sine and cosine are the Cephes single-precision polynomials
// (Moshier) with fused multiply-adds.
import { fma } from '../tensor/float32/fma.ts';

const f = Math.fround;
const single = new Float32Array(1);
const bits = new Int32Array(single.buffer);

const LOG = [
  -1.151461031e-1, 1.167699874e-1, -1.2420140846e-1, 1.4249322787e-1, -1.6668057665e-1,
  2.0000714765e-1, -2.4999993993e-1,
].map(f);
const LOG_FIRST = f(7.0376836292e-2);
const LOG_LAST = f(3.3333331174e-1);
const SQRT_HALF = f(Math.SQRT1_2);
const LN2_LOW = f(-2.1219444e-4);
const LN2_HIGH = 0.693359375;

/** ln x for a normal positive float32. */
function log(value: number): number {
  single[0] = value;
  let e = (bits[0] >> 23) - 126;
  bits[0] = (bits[0] & 0x807fffff) | 0x3f000000;
  let x = single[0];
  if (x < SQRT_HALF) {
    e -= 1;
    x = f(f(x - 1) + x);
  } else x = f(x - 1);
  const z = f(x * x);
  let y = LOG_FIRST;
  for (const c of LOG) y = fma(y, x, c);
  y = fma(y, x, LOG_LAST);
  y = f(y * x);
  y = fma(y, z, f(e * LN2_LOW));
  y = fma(z, -0.5, y);
  return fma(e, LN2_HIGH, f(x + y));
}

const FOUR_OVER_PI = f(1.27323954473516);
const PI4 = [-0.78515625, -2.4187564849853516e-4, -3.774894977445941e-8].map(f);
const COS = [2.443315711809948e-5, -1.388731625493765e-3, 4.166664568298827e-2].map(f);
const SIN = [-1.9515295891e-4, 8.3321608736e-3, -1.6666654611e-1].map(f);
const TWO_PI = f(2 * Math.PI);

/**
 * Turns 16 uniforms of `data` into 16 normals in place; those at j and j + 8 are computed from the
 * uniforms at j and j + 8.
 */
export function normalBlock(data: Float32Array, start: number): void {
  for (let j = start; j < start + 8; j++) {
    const radius = f(Math.sqrt(f(-2 * log(f(1 - data[j])))));
    const theta = f(TWO_PI * data[j + 8]);
    const octant = (Math.trunc(f(theta * FOUR_OVER_PI)) + 1) & ~1;
    const x = fma(octant, PI4[2], fma(octant, PI4[1], fma(octant, PI4[0], theta)));
    const z = f(x * x);
    const cosPoly = f(fma(f(fma(fma(COS[0], z, COS[1]), z, COS[2]) * z), z, -0.5 * z) + 1);
    const sinPoly = fma(f(fma(fma(SIN[0], z, SIN[1]), z, SIN[2]) * z), x, x);
    const swap = (octant & 2) !== 0;
    const sin = (octant & 4) !== 0 ? -1 : 1;
    const cos = ((octant - 2) & 4) === 0 ? -1 : 1;
    data[j] = radius * (cos * (swap ? sinPoly : cosPoly));
    data[j + 8] = radius * (sin * (swap ? cosPoly : sinPoly));
  }
}
