// 8-bit self-attention against attention in float64: queries that look everywhere, at one token, and at one token and everywhere.
import { expect, it } from 'vitest';
import { int8AttentionOfMany } from '../models/int8-attention.ts';
import { createGraph, type Value } from '../onnx/builder.ts';
import { type Tensor, tensor } from '../tensor/tensor.ts';
import { saturates } from './saturation.ts';
import { openSession } from './session.ts';

const [BATCH, HEADS, WIDTH] = [2, 2, 12];
const CHANNELS = HEADS * WIDTH;

const waves = (count: number, seed: number): Float32Array =>
  Float32Array.from({ length: count }, (_, i) => Math.sin(seed + 1.7 * i + 0.013 * i * (i % 17)));

/**
 * Queries that look nearly everywhere alike, and sharply; every third gives half its attention to the first token and half to all others alike,
 * each less than half a step. Keys with a mean far from 0, values that differ in size by channel.
 */
function made(tokens: number): { q: Tensor; k: Tensor; v: Tensor } {
  const shape = [BATCH * tokens, CHANNELS];
  const count = BATCH * tokens * CHANNELS;
  const halved = Math.sqrt(WIDTH) * Math.log(tokens - 1);
  const query = (x: number, i: number): number => {
    const kind = Math.floor(i / CHANNELS) % 3;
    if (i % WIDTH === 0) return kind === 2 ? halved : 0;
    return kind === 2 ? 0 : x * [0.1, 12][kind];
  };
  const key = (x: number, i: number): number => {
    if (i % WIDTH === 0) return Math.floor(i / CHANNELS) % tokens === 0 ? 1 : 0;
    return x + 20 * Math.cos(i % CHANNELS);
  };
  return {
    q: tensor(shape, waves(count, 1).map(query)),
    k: tensor(shape, waves(count, 2).map(key)),
    v: tensor(
      shape,
      waves(count, 3).map((x, i) => (x + 0.5) * (1 + (i % CHANNELS))),
    ),
  };
}

function exact({ q, k, v }: ReturnType<typeof made>, tokens: number): Float64Array {
  const out = new Float64Array(q.data.length);
  for (let b = 0; b < BATCH; b++)
    for (let h = 0; h < HEADS; h++) {
      const at = (n: number, d: number): number => (b * tokens + n) * CHANNELS + h * WIDTH + d;
      for (let i = 0; i < tokens; i++) {
        const scores = new Float64Array(tokens);
        for (let j = 0; j < tokens; j++)
          for (let d = 0; d < WIDTH; d++) scores[j] += (q.data[at(i, d)] * k.data[at(j, d)]) / Math.sqrt(WIDTH);
        const most = scores.reduce((a, x) => Math.max(a, x));
        const shares = scores.map((x) => Math.exp(x - most));
        const sum = shares.reduce((a, x) => a + x);
        for (let j = 0; j < tokens; j++) for (let d = 0; d < WIDTH; d++) out[at(i, d)] += (shares[j] / sum) * v.data[at(j, d)];
      }
    }
  return out;
}

async function evaluated({ q, k, v }: ReturnType<typeof made>): Promise<{ out: Tensor; plain: boolean }> {
  const g = createGraph();
  const ins = ['q', 'k', 'v'].map((name) => g.input(name, ['rows', CHANNELS])) as [Value, Value, Value];
  const plain = (): Value => g.op('Mul', [ins[0], g.floats([0])]);
  g.output('out', int8AttentionOfMany(g, ...ins, { batch: g.ints([BATCH]), channels: CHANNELS, heads: HEADS }, plain), ['rows', CHANNELS]);
  const wideSums = await saturates();
  const session = await openSession(g.serialize(), { name: 'test', folder: '', threads: 1, providers: ['cpu'], wideSums });
  const { out } = await session.run({ q, k, v }, ['out']);
  await session.close();
  return { out, plain: out.data.every((x) => x === 0) };
}

// 900: in parts of unequal size
it.each([256, 901])('%i tokens', async (tokens) => {
  const inputs = made(tokens);
  const wanted = exact(inputs, tokens);
  const { out } = await evaluated(inputs);
  const [difference, all] = [new Float64Array(3), new Float64Array(3)];
  for (let i = 0; i < wanted.length; i++) {
    const kind = Math.floor(i / CHANNELS) % 3;
    difference[kind] += (out.data[i] - wanted[i]) ** 2;
    all[kind] += wanted[i] ** 2;
  }
  const errors = Array.from(difference, (d, kind) => Math.sqrt(d / all[kind]));
  for (const error of errors) expect(error).toBeLessThan(0.015);
});

it('few tokens go the plain way', async () => {
  expect((await evaluated(made(255))).plain).toBe(true);
  expect((await evaluated(made(256))).plain).toBe(false);
});
