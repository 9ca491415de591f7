// Blocks whose streams of tokens have weights of their own and attend together (the joint blocks of
// MMDiT, Esser et al. 2024).
import type { Value } from '../../onnx/builder.ts';
import type { Net } from '../layers/blocks.ts';
import { joinTokens, tokensAfter, tokensLike } from './blocks.ts';

/** Queries, keys and values, [B, N, heads * depth] each. */
export type Attended = readonly [query: Value, key: Value, value: Value];

/** A stream in a block. */
export interface AttendingStream {
  /** [B, N, C] */
  readonly tokens: Value;
  readonly attended: Attended;
  /** Returns the tokens after the block, from what `attend` returns for them. */
  finish(result: Value): Value;
}

/** Returns the tokens of each stream after a block; `attend` acts on all, one after another. */
export function attendTogether(
  net: Net,
  streams: readonly AttendingStream[],
  attend: (...attended: Attended) => Value,
): Value[] {
  const joined = (part: number): Value =>
    joinTokens(
      net,
      streams.map(({ attended }) => attended[part]),
    );
  const results = splitTokens(
    net,
    attend(joined(0), joined(1), joined(2)),
    streams.map(({ tokens }) => tokens),
  );
  return streams.map(({ finish }, i) => finish(results[i]));
}

/** Divides tokens into streams, which have as many tokens as each of `like`. */
export function splitTokens(net: Net, x: Value, like: readonly Value[]): readonly Value[] {
  let rest = x;
  return like.map((tokens, i) => {
    if (i === like.length - 1) return rest;
    const own = tokensLike(net, rest, tokens);
    rest = tokensAfter(net, rest, tokens);
    return own;
  });
}
