// torch.linspace in float32: ascending from the start in the first half, descending from the end in
// the second, with a fused multiply-add for each value.

import { allocate } from '../allocate.ts';
import { fma } from './fma.ts';

const f = Math.fround;

/** `torch.linspace(start, end, count)`. */
export function linspace(start: number, end: number, count: number): Float32Array {
  const [from, to] = [f(start), f(end)];
  if (count === 1) return Float32Array.of(from);
  const step = f(f(to - from) / f(count - 1));
  const half = Math.floor(count / 2);
  const out = allocate(count);
  for (let i = 0; i < count; i++)
    out[i] = i < half ? fma(step, i, from) : fma(-step, count - 1 - i, to);
  return out;
}
