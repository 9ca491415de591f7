// The layers of UNets and ControlNets (Rombach et al. 2022): residual blocks,
// transformers, down- and upsampling.
import type { Value } from '../../onnx/builder.ts';
import {
  add,
  attention,
  conv,
  fromTokens,
  groupNorm,
  layerNorm,
  linear,
  type Net,
  silu,
  toTokens,
  upsampleConvTo,
} from '../layers/blocks.ts';
import type { AttentionGuides } from './attention-guidance.ts';
import type { EncoderConfig, UNetLayer } from './config.ts';
import { feedForward } from './feed-forward.ts';
import type { KeyValueSources } from './hypernetwork.ts';
import { toIndices } from './number-tables.ts';

/** The sizes of tokens [B*N, C]: B as a value [1], and C. */
export interface TokenSizes {
  readonly batch: Value;
  readonly channels: number;
}

/** Changed tokens [B'*M, C] of queries. */
export interface ChangedQueries {
  readonly tokens: Value;
  /** B', [1]. */
  readonly batch: Value;
  /** Changes the result for these tokens [B'*M, C] back to one for all, [B*N, C]. */
  readonly restore: (result: Value) => Value;
}

export type QueryChanger = (tokens: Value, sizes: TokenSizes) => ChangedQueries;

/** What the attention of one layer is computed from. */
export interface RecordedAttention {
  readonly q: Value;
  readonly k: Value;
  readonly batch: Value;
  readonly channels: number;
  readonly heads: number;
}

/** Inputs that all layers of one evaluation share. */
export interface SharedInputs {
  readonly batch: Value;
  /** Activated time (and ADM) embedding, [B, E]. */
  readonly embedding: Value;
  /** Token features, [B*T, contextDim]. */
  readonly context: Value;
  /** A boolean [1]: self-attention returns its values without attention. */
  readonly unattended?: Value;
  /** Changes the queries of the next self-attention; undefined where they are not changed. */
  readonly nextQueries?: () => QueryChanger | undefined;
  /** Changes the results of self-attentions. */
  readonly guides?: AttentionGuides;
  /** Fuses objects into the tokens of the next transformer's blocks, between their attentions. */
  readonly nextFuse?: () => (x: Value) => Value;
  /** Receives queries and keys of the first self-attention, which `unattended` does not affect. */
  readonly record?: (attention: RecordedAttention) => void;
  /** Returns the tokens that keys and values are computed from; the given ones if absent. */
  readonly keyValueSources?: KeyValueSources;
}

/**
 * Declares the inputs `time` and, with ADM, `y`; returns their activated embedding [B, E]. `addend`
 * [1, E] is added to the time embedding.
 */
export function timeEmbedding(net: Net, config: EncoderConfig, addend?: Value): Value {
  const { g } = net;
  const twoLayers = (x: Value, first: string, second: string): Value =>
    linear(net, silu(net, linear(net, x, first)), second);
  const plain = twoLayers(
    g.input('time', ['B', config.modelChannels]),
    'time_embed.0',
    'time_embed.2',
  );
  const time = addend ? add(net, plain, addend) : plain;
  if (config.admChannels === 0) return silu(net, time);
  if (config.noiseLevels > 0) return silu(net, add(net, time, noiseLevelEmbedding(net)));
  return silu(
    net,
    add(
      net,
      time,
      twoLayers(g.input('y', ['B', config.admChannels]), 'label_emb.0.0', 'label_emb.0.2'),
    ),
  );
}

/** Declares the input `y` [B, 1], noise levels; returns their embedding [B, E]. */
function noiseLevelEmbedding({ g, w }: Net): Value {
  const level = toIndices(g, g.input('y', ['B', 1]));
  return g.op('Gather', [w.value(g, 'label_emb.weight'), g.op('Squeeze', [level, g.ints([1])])]);
}

/** Declares the input `context` [B, T, contextDim] and returns it as [B*T, contextDim]. */
export const contextTokens = ({ g }: Net, { contextDim }: EncoderConfig): Value =>
  g.op('Reshape', [
    g.input('context', ['B', 'T', contextDim || 'contextDim']),
    g.ints([-1, contextDim || 1]),
  ]);

/**
 * Applies the layers of a block in turn. An upsampling layer resizes to the size of `nextSkip`, the
 * skip connection that is joined after the block, or as `enlarge` does.
 */
export function runBlock(
  net: Net,
  block: readonly UNetLayer[],
  x: Value,
  shared: SharedInputs,
  nextSkip = '',
  enlarge?: (x: Value) => Value,
): Value {
  let h = x;
  for (const layer of block) {
    switch (layer.kind) {
      case 'conv':
        h = conv(net, h, layer.name);
        break;
      case 'residual':
        h = residual(net, h, layer.name, shared.embedding);
        break;
      case 'transformer':
        h = transformer(net, h, layer, shared);
        break;
      case 'down':
        h = conv(net, h, `${layer.name}.op`, { stride: 2 });
        break;
      case 'up':
        h = enlarge
          ? conv({ ...net, im2col: undefined }, enlarge(h), `${layer.name}.conv`)
          : upsampleConvTo(net, h, nextSkip, `${layer.name}.conv`);
        break;
    }
  }
  return h;
}

/** The tensor whose first dimension is the number of output channels of a layer. */
const OUTPUT_TENSORS: Readonly<Record<UNetLayer['kind'], string>> = {
  conv: 'weight',
  residual: 'out_layers.3.weight',
  transformer: 'proj_out.weight',
  down: 'op.weight',
  up: 'conv.weight',
};

/** Returns the number of output channels of a block. */
export function channelsOf({ w }: Net, block: readonly UNetLayer[]): number {
  const { kind, name } = block[block.length - 1];
  return w.shape(`${name}.${OUTPUT_TENSORS[kind]}`)[0];
}

/** A residual block; the embedding is added between its two convolutions. */
function residual(net: Net, x: Value, name: string, embedded: Value): Value {
  const { g } = net;
  const h = conv(
    net,
    silu(net, groupNorm(net, x, `${name}.in_layers.0`, 1e-5)),
    `${name}.in_layers.2`,
  );
  const shift = g.op('Unsqueeze', [linear(net, embedded, `${name}.emb_layers.1`), g.ints([2, 3])]);
  const normed = silu(net, groupNorm(net, add(net, h, shift), `${name}.out_layers.0`, 1e-5));
  const skip = net.w.has(`${name}.skip_connection.weight`)
    ? conv(net, x, `${name}.skip_connection`)
    : x;
  return add(net, skip, conv(net, normed, `${name}.out_layers.3`));
}

type Transformer = Extract<UNetLayer, { kind: 'transformer' }>;

/**
 * Transformer blocks between two projections, which are stored as linear layers or as 1x1
 * convolutions and computed as linear layers.
 */
function transformer(net: Net, x: Value, layer: Transformer, shared: SharedInputs): Value {
  const { name, channels, depth } = layer;
  let h = linear(
    net,
    toTokens(net, groupNorm(net, x, `${name}.norm`, 1e-6), channels),
    `${name}.proj_in`,
  );
  const { unattended, record, nextFuse, ...others } = shared;
  const fuse = nextFuse?.();
  for (let i = 0; i < depth; i++)
    h = transformerBlock(net, h, `${name}.transformer_blocks.${i}`, layer, {
      ...others,
      ...(record && i === 0 ? { record } : { unattended }),
      fuse,
    });
  return add(net, x, fromTokens(net, linear(net, h, `${name}.proj_out`), channels, x));
}

/** The guided result of a self-attention, for all of its tokens. */
function restored(
  result: Value,
  queries: ReturnType<QueryChanger> | undefined,
  { guides, batch }: SharedInputs,
): Value {
  const { beforeRestore, afterRestore } = guides ?? UNGUIDED;
  if (!queries) return afterRestore(beforeRestore(result));
  // tiles are rows of their own, and their tokens are guided like those of the whole
  return queries.batch === batch
    ? afterRestore(queries.restore(beforeRestore(result)))
    : afterRestore(beforeRestore(queries.restore(result)));
}

const UNGUIDED: AttentionGuides = { beforeRestore: (x) => x, afterRestore: (x) => x };

function transformerBlock(
  net: Net,
  x: Value,
  name: string,
  { channels, heads, withoutSelfAttention }: Transformer,
  shared: Omit<SharedInputs, 'nextFuse'> & { readonly fuse?: (x: Value) => Value },
): Value {
  const { batch, context, keyValueSources, fuse = (tokens: Value) => tokens } = shared;
  const attend = (
    layer: string,
    queries: { readonly tokens: Value; readonly batch: Value },
    tokens: Value,
    { unattended, record }: Pick<SharedInputs, 'unattended' | 'record'> = {},
  ): Value => {
    const { keys, values } = keyValueSources?.(tokens, net.w.shape(`${layer}.to_k.weight`)[1]) ?? {
      keys: tokens,
      values: tokens,
    };
    const [q, k, v] = [
      linear(net, queries.tokens, `${layer}.to_q`),
      linear(net, keys, `${layer}.to_k`),
      linear(net, values, `${layer}.to_v`),
    ];
    const sizes = { batch: queries.batch, channels, heads };
    record?.({ q, k, ...sizes });
    const attended = attention(net, q, k, v, sizes);
    return linear(
      net,
      unattended ? net.g.op('Where', [unattended, v, attended]) : attended,
      `${layer}.to_out.0`,
    );
  };
  const normed = layerNorm(net, x, `${name}.norm1`);
  const tokens = withoutSelfAttention ? context : normed;
  const queries = shared.nextQueries?.()?.(normed, { batch, channels });
  const self = attend(`${name}.attn1`, queries ?? { tokens: normed, batch }, tokens, shared);
  const h = fuse(add(net, x, restored(self, queries, shared)));
  const crossQueries = { tokens: layerNorm(net, h, `${name}.norm2`), batch };
  const h2 = add(net, h, attend(`${name}.attn2`, crossQueries, context));
  return add(net, h2, feedForward(net, layerNorm(net, h2, `${name}.norm3`), `${name}.ff.net`));
}
