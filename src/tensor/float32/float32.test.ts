// Torch's float32 functions, bit for bit (test/golden/float32): exp, log … at inputs spread over
// all bit patterns; powers of tensors of every length; linspace; sums.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { golden } from '../../../test/support/golden.ts';
import { exp } from './exp.ts';
import { fma } from './fma.ts';
import { linspace } from './linspace.ts';
import { log } from './log.ts';
import { pow, powEach } from './pow.ts';
import { sigmoid } from './sigmoid.ts';
import { pow as blockPow, expm1, log1p } from './sleef.ts';
import { sqrt } from './sqrt.ts';
import { sum } from './sum.ts';
import { atan, cos, sin, tan } from './trigonometry.ts';

type Function = (x: number) => number;

const FUNCTIONS: Readonly<Record<string, Function>> = {
  exp,
  expm1,
  log,
  log1p,
  sin,
  cos,
  tan,
  atan,
  sigmoid,
  sqrt,
};

/** The function of a name, such as 'exp', 'pow 0.3' and 'block pow 0.3'. */
function functionOf(name: string): Function {
  const exponent = Number(name.split(' ').at(-1));
  if (name.startsWith('block pow')) return (x) => blockPow(x, Math.fround(exponent));
  return FUNCTIONS[name] ?? ((x) => pow(x, exponent));
}

/** Results at `count` bit patterns, `stride` apart. */
function results(name: string, first: number, stride: number, count: number): Uint32Array {
  const call = functionOf(name);
  const patterns = Uint32Array.from({ length: count }, (_, i) => first + stride * i);
  const values = new Float32Array(patterns.buffer).map(call);
  return new Uint32Array(values.buffer);
}

const hash = (data: Uint32Array): string => createHash('sha256').update(data).digest('hex');
const bits = (data: Float32Array): number[] => [...new Int32Array(data.buffer)];
const g = golden('float32', 'functions');
const patterns = (name: string): number[] => Array.from(g.tensor(name).data, Number);
const floats = (name: string): Float32Array =>
  new Float32Array((g.tensor(name).data as Int32Array).buffer);

it.each(g.cases.filter(({ params }) => params.function))('$id', ({ params, outputs }) => {
  const y = results(params.function, params.first, params.stride, params.count);
  const shown = patterns(outputs.shown);
  const step = params.count / shown.length;
  expect([...new Int32Array(y.buffer)].filter((_, i) => i % step === 0)).toEqual(shown);
  expect(hash(y)).toBe(params.sha256);
});

it.each(g.cases.filter(({ id }) => id.startsWith('tensor pow')))('$id', ({ params, outputs }) => {
  expect(bits(powEach(floats(outputs.x), params.exponent))).toEqual(patterns(outputs.y));
});

it.each(g.cases.filter(({ id }) => id.startsWith('linspace')))('$id', ({ params, outputs }) => {
  const { start, end, count } = params;
  expect(bits(linspace(start, end, count))).toEqual(patterns(outputs.y));
});

it.each(g.cases.filter(({ id }) => id.startsWith('sum')))('$id', ({ outputs }) => {
  expect(bits(Float32Array.of(sum(floats(outputs.x))))).toEqual(patterns(outputs.y));
});

describe('fma', () => {
  it.each([
    // a * b + c is just above, at, and just below the middle of two float32 values
    [1 + 2 ** -23, 1 + 2 ** -23, 2 ** -24, 1 + 2 ** -22 + 2 ** -23],
    [1, 2 ** -24, 1, 1],
    [1 + 2 ** -23, 2 ** -24, 1, 1 + 2 ** -23],
    [1 - 2 ** -24, 2 ** -24, 1, 1],
    [-(1 + 2 ** -23), 2 ** -24, -1, -(1 + 2 ** -23)],
    // the middle of two subnormal values, and of the smallest and 0
    [2 ** -75, 2 ** -75, 0, 0],
    [2 ** -75 * (1 + 2 ** -23), 2 ** -75, 0, 2 ** -149],
    [2 ** -75, 2 ** -75, 2 ** -149, 2 ** -148],
    [Number.POSITIVE_INFINITY, 1, 1, Number.POSITIVE_INFINITY],
    [0, 5, 0, 0],
  ])('rounds %d * %d + %d once', (a, b, c, expected) => {
    expect(fma(a, b, c)).toBe(expected);
  });

  it('is what exact arithmetic rounds to', () => {
    const scale = 2n ** 300n;
    const exact = (x: number): bigint => {
      let [value, shift] = [x, 0n];
      for (; !Number.isInteger(value); value *= 2) shift++;
      return (BigInt(value) * scale) >> shift;
    };
    let state = 1;
    const random = (): number => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return Math.fround((state / 2 ** 32 - 0.5) * 2 ** ((state >>> 9) % 24));
    };
    for (let i = 0; i < 3000; i++) {
      const [a, b, c] = [random(), random(), random()];
      const sum = exact(a) * exact(b) + exact(c) * scale;
      const result = exact(fma(a, b, c)) * scale;
      const error = result > sum ? result - sum : sum - result;
      for (const other of [1 + 2 ** -23, 1 - 2 ** -23]) {
        const next = exact(Math.fround(fma(a, b, c) * other)) * scale;
        expect((next > sum ? next - sum : sum - next) >= error).toBe(true);
      }
    }
  });
});

describe.skipIf(!process.env.DARKROOM_FLOAT32)('at every bit pattern', () => {
  it('the results have torch’s hashes', { timeout: 36e5 }, () => {
    const lines = readFileSync(process.env.DARKROOM_FLOAT32 as string, 'utf8')
      .trim()
      .split('\n');
    const different = lines.filter((line) => {
      const [name, first, expected] = line.split('\t');
      return hash(results(name, Number(first), 1, 2 ** 20)) !== expected;
    });
    expect(different).toEqual([]);
  });
});
