// SentencePiece's byte-pair encoding (Kudo and Richardson 2018; bpe_model.cc), with the settings of
// Llama and Gemma: no normalisation, bytes for unknown characters.
import { mergePairs } from '../byte-pairs.ts';
import type { SentencePieceModel } from './sentencepiece-model.ts';
import { type Tokenizer, tokenSplitter, wellFormed } from './tokenizer.ts';

/** Stands for a space in the vocabulary. */
const SPACE = '▁';

/** The pieces that symbols may become. */
const MERGEABLE = ['normal', 'user', 'unused'];

/** Whether sentencePieceBpe can encode as this model does. */
export const isPlainBpe = ({ kind, byteFallback, isNormalised }: SentencePieceModel): boolean =>
  kind === 'bpe' && byteFallback && !isNormalised;

/** Creates the tokenizer of a model that isPlainBpe. */
export function sentencePieceBpe({ pieces, addsSpace }: SentencePieceModel): Tokenizer {
  const ids = new Map<string, number>();
  const userDefined = new Map<string, number>();
  const bytes = new Map<number, number>();
  for (const [id, { text, type }] of pieces.entries()) {
    if (MERGEABLE.includes(type)) ids.set(text, id);
    if (type === 'user') userDefined.set(text, id);
    if (type === 'byte') bytes.set(Number.parseInt(text.slice(1, -1), 16), id);
  }
  const split = tokenSplitter(userDefined);
  const ranks = ranksOf(pieces);
  const merge = mergesOf(ids, ranks, (id) => pieces[id].type === 'unused');
  const idsOf = (symbol: string): number[] => {
    const id = ids.get(symbol);
    return id === undefined
      ? Array.from(Buffer.from(symbol, 'utf8'), (byte) => bytes.get(byte) ?? 0)
      : [id];
  };
  const spaced = (text: string): string =>
    (addsSpace && text !== '' ? SPACE : '') + wellFormed(text).replaceAll(' ', SPACE);
  return {
    encode: (text) =>
      split(spaced(text)).flatMap((piece) =>
        typeof piece === 'number' ? piece : merge(piece.text).flatMap(idsOf),
      ),
  };
}

/** The place of each piece in the order of descending scores; equal scores share one. */
function ranksOf(pieces: SentencePieceModel['pieces']): Int32Array {
  const scores = [...new Set(pieces.map(({ score }) => score))].sort((a, b) => b - a);
  const ranks = new Map(scores.map((score, rank) => [score, rank]));
  return Int32Array.from(pieces, ({ score }) => ranks.get(score)!);
}

/** Returns a function that merges the characters of a text; unused pieces are divided again. */
function mergesOf(
  ids: ReadonlyMap<string, number>,
  ranks: Int32Array,
  isUnused: (id: number) => boolean,
): (text: string) => string[] {
  return (text) => {
    const halves = new Map<string, readonly [string, string]>();
    const rankOf = (left: string, right: string): number | undefined => {
      const id = ids.get(left + right);
      if (id === undefined) return undefined;
      if (isUnused(id)) halves.set(left + right, [left, right]);
      return ranks[id];
    };
    const divided = (symbol: string): string[] => {
      const id = ids.get(symbol);
      const parts = id !== undefined && isUnused(id) ? halves.get(symbol) : undefined;
      return parts ? parts.flatMap(divided) : [symbol];
    };
    return mergePairs([...text], rankOf, (left, right) => left + right).flatMap(divided);
  };
}
