// One block of CLIP's transformers (Radford et al. 2021), for text, images and the networks built
// on them: x + attention(norm(x)), then x + MLP(norm(x)).
import type { Value } from '../../onnx/builder.ts';
import { geluTanh } from '../dit/blocks.ts';
import { add, attention, gelu, layerNorm, linear, type Net, quickGelu } from '../layers/blocks.ts';
import type { ClipBlock } from './config.ts';

const ACTIVATIONS = { quickGelu, gelu, geluTanh } as const;

export interface ClipBlockShape {
  readonly width: number;
  readonly heads: number;
  readonly activation: keyof typeof ACTIVATIONS;
  /** Each token attends only to those before it. */
  readonly causal?: boolean;
}

/** Applies a block to tokens [B*T, width]; `batch` is their batchOf. */
export function clipBlock(
  net: Net,
  x: Value,
  names: ClipBlock,
  batch: Value,
  { width, heads, activation, causal }: ClipBlockShape,
): Value {
  const [q, k, v] = projections(net, layerNorm(net, x, names.norm1), names.qkv, width);
  const attended = attention(net, q, k, v, { batch, channels: width, heads, causal });
  const y = add(net, x, linear(net, attended, names.out));
  const up = linear(net, layerNorm(net, y, names.norm2), names.up);
  return add(net, y, linear(net, ACTIVATIONS[activation](net, up), names.down));
}

/** Returns queries, keys and values, from three layers or a fused one. */
function projections(net: Net, x: Value, qkv: ClipBlock['qkv'], width: number): Value[] {
  const { g, w } = net;
  if (!('weight' in qkv)) return qkv.map((name) => linear(net, x, name));
  return [0, 1, 2].map((i) => {
    const rows = [i * width, (i + 1) * width] as const;
    const weight = w.value(g, qkv.weight, { rows, after: x });
    return g.op('Gemm', [x, weight, w.value(g, qkv.bias, { rows })], { transB: 1 });
  });
}

/** Returns the names of a block below a prefix. */
export function withPrefix(prefix: string, block: ClipBlock): ClipBlock {
  const { norm1, norm2, qkv, out, up, down } = block;
  const prefixed = (name: string): string => prefix + name;
  return {
    norm1: prefixed(norm1),
    norm2: prefixed(norm2),
    qkv:
      'weight' in qkv
        ? { weight: prefixed(qkv.weight), bias: prefixed(qkv.bias) }
        : [prefixed(qkv[0]), prefixed(qkv[1]), prefixed(qkv[2])],
    out: prefixed(out),
    up: prefixed(up),
    down: prefixed(down),
  };
}
