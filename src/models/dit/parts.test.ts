// The parts that diffusion transformers share against the originals: patches, rotary tables,
// rotations, timestep embeddings.
import { describe, expect, it } from 'vitest';
import { memoryWeights } from '../../../test/support/files/memory-weights.ts';
import { expectExact, expectGolden, golden } from '../../../test/support/golden.ts';
import { createGraph } from '../../onnx/builder.ts';
import { openSession } from '../../runtime/session.ts';
import { type Tensor, tensor } from '../../tensor/tensor.ts';
import { timestepEmbedding } from '../unet/timestep.ts';
import { blockSkipper, jointAttention, rotate, rotationInputs } from './blocks.ts';
import { patchify, unpatchify } from './patches.ts';
import { ropeTable } from './rope.ts';

const g = golden('dit', 'parts');
const cases = (start: string) => g.cases.filter(({ id }) => id.startsWith(start));

/** Cosines and sines of a table of 2 x 2 matrices, [1, 1, N, pairs, 2, 2]. */
function fromMatrices({ shape, data }: Tensor): { readonly cos: Tensor; readonly sin: Tensor } {
  const size = [shape[2], shape[3]];
  const every4th = (from: number): Tensor =>
    tensor(
      size,
      data.filter((_, i) => i % 4 === from),
    );
  return { cos: every4th(0), sin: every4th(2) };
}

/** [B, heads, N, D] -> [B, N, heads * D]. */
function joinHeads({ shape: [batch, heads, count, depth], data }: Tensor): Tensor {
  const out = new Float32Array(data.length);
  for (let i = 0; i < out.length; i++) {
    const [d, n] = [i % depth, Math.floor(i / depth) % count];
    const [h, b] = [Math.floor(i / depth / count) % heads, Math.floor(i / depth / count / heads)];
    out[((b * count + n) * heads + h) * depth + d] = data[i];
  }
  return tensor([batch, count, heads * depth], out);
}

describe('patches', () => {
  it.each(cases('pad_'))('$id: images are continued circularly', ({ id, inputs, outputs }) => {
    const x = g.float(inputs.x);
    const padded = g.float(outputs.out);
    for (const order of ['c ph pw', 'ph pw c'] as const) {
      const tokens = patchify(x, { side: 2, order });
      expectExact(g, id, outputs.out, unpatchify(tokens, padded.shape, { side: 2, order }).data);
      expect(unpatchify(tokens, x.shape, { side: 2, order })).toEqual(x);
    }
  });

  // einops.rearrange(torch.arange(16).reshape(1, 2, 2, 4), order) with "b c (h p) (w q) -> …"
  it('have their channels first or last', () => {
    const x = tensor(
      [1, 2, 2, 4],
      Float32Array.from({ length: 16 }, (_, i) => i),
    );
    expect([...patchify(x, { side: 2, order: 'c ph pw' }).data]).toEqual([
      0, 1, 4, 5, 8, 9, 12, 13, 2, 3, 6, 7, 10, 11, 14, 15,
    ]);
    expect([...patchify(x, { side: 2, order: 'ph pw c' }).data]).toEqual([
      0, 8, 1, 9, 4, 12, 5, 13, 2, 10, 3, 11, 6, 14, 7, 15,
    ]);
  });
});

describe('rotary embeddings', () => {
  it.each(cases('rope_'))('$id: the table', ({ id, params, inputs, outputs }) => {
    const ids = g.float(inputs.ids).data;
    const positions = Array.from({ length: ids.length / 3 }, (_, n) => [
      ...ids.subarray(3 * n, 3 * n + 3),
    ]);
    const { cos, sin } = ropeTable(positions, { axes: [4, 6, 6], theta: params.theta });
    const matrices = cos.data.reduce<number[]>((all, c, i) => {
      all.push(c, -sin.data[i], sin.data[i], c);
      return all;
    }, []);
    expectGolden(
      g,
      id,
      outputs.out,
      tensor(g.tensor(outputs.out).shape, Float32Array.from(matrices)),
    );
  });

  it('rotate the pairs of each head', async () => {
    const [{ id, inputs, outputs }] = cases('apply_rope');
    const graph = createGraph();
    const net = { g: graph, w: memoryWeights('none', {}) };
    const rotations = rotationInputs(net, 'all', 8);
    const out = ['q', 'k'].map((name) => {
      const x = graph.input(name, ['B', 'N', 48]);
      graph.output(`${name}_out`, rotate(net, x, rotations), ['B', 'N', 48]);
      return `${name}_out`;
    });
    const session = await openSession(graph.serialize(), CPU);
    const { cos, sin } = fromMatrices(g.float(inputs.pe));
    const [q, k] = [joinHeads(g.float(inputs.q)), joinHeads(g.float(inputs.k))];
    const results = await session.run({ q, k, allCos: cos, allSin: sin }, out);
    for (const name of out) {
      const expected = joinHeads(g.float(outputs[name]));
      const worst = expected.data.reduce(
        (max, value, i) => Math.max(max, Math.abs(value - results[name].data[i])),
        0,
      );
      expect(worst, `${id} ${name}`).toBeLessThanOrEqual(2e-6);
    }
    await session.close();
  });
});

it('attention gives each key head to consecutive query heads', async () => {
  const graph = createGraph();
  const net = { g: graph, w: memoryWeights('none', {}) };
  const q = graph.input('q', ['B', 'N', 8]);
  const kv = graph.input('kv', ['B', 'N', 4]);
  const out = jointAttention(net, q, kv, kv, { heads: 4, kvHeads: 2, depth: 2 });
  graph.output('out', out, ['B', 'N', 8]);
  const session = await openSession(graph.serialize(), CPU);
  // with one token, attention returns the values
  const results = await session.run(
    {
      q: tensor([1, 1, 8], new Float32Array(8)),
      kv: tensor([1, 1, 4], Float32Array.of(1, 2, 3, 4)),
    },
    ['out'],
  );
  expect([...results.out.data]).toEqual([1, 2, 1, 2, 3, 4, 3, 4]);
  await session.close();
});

it('skips the blocks that an input names', async () => {
  const graph = createGraph();
  const net = { g: graph, w: memoryWeights('none', {}) };
  const skip = blockSkipper(net, 2);
  let x = graph.input('x', ['N']);
  x = skip(0, x, graph.op('Add', [x, graph.floats([1])]));
  x = skip(1, x, graph.op('Add', [x, graph.floats([10])]));
  graph.output('out', x, ['N']);
  const session = await openSession(graph.serialize(), CPU);
  const results = async (...skipped: readonly number[]): Promise<number[]> => {
    const inputs = {
      x: tensor([1], Float32Array.of(0)),
      skipped: tensor([2], Float32Array.from(skipped)),
    };
    return [...(await session.run(inputs, ['out'])).out.data];
  };
  expect(await results(0, 0)).toEqual([11]);
  expect(await results(0, 1)).toEqual([1]);
  expect(await results(1, 0)).toEqual([10]);
  await session.close();
});

describe('timestep embeddings', () => {
  const thousandfold = (t: Float32Array): Float32Array => t.map((value) => 1000 * value);
  it.each(cases('temb_flux'))('$id', ({ id, inputs, outputs }) => {
    const out = g.tensor(outputs.out).shape[1];
    const times = thousandfold(g.float(inputs.t).data);
    expectGolden(g, id, outputs.out, timestepEmbedding(times, out));
  });

  it.each(cases('temb_chroma'))('$id', ({ id, outputs }) => {
    const [count, width] = g.tensor(outputs.out).shape;
    const indices = thousandfold(Float32Array.from({ length: count }, (_, i) => i));
    expectGolden(g, id, outputs.out, timestepEmbedding(indices, width));
  });

  it.each(cases('temb_qwen'))('$id', ({ id, inputs, outputs }) => {
    const { data } = g.float(inputs.t);
    expectGolden(g, id, outputs.out, timestepEmbedding(data, 256, { angles: 1000 }));
  });

  it.each(cases('temb_ldm'))('$id', ({ id, inputs, outputs }) => {
    expectGolden(g, id, outputs.out, timestepEmbedding(g.float(inputs.t).data, 256));
  });
});

const CPU = { name: 'test', folder: '', threads: 1, providers: ['cpu'] };
