// The unigram language model (Kudo 2018): of all ways to divide a word into pieces of the
// vocabulary, the most probable one.

/** What an unknown character costs beside the least probable piece. */
const UNKNOWN_PENALTY = 10;

/**
 * Returns a function that divides words into token ids. `vocabulary`: pieces with their log
 * probabilities, in the order of their ids. Unknown characters in a row are one token `unknown`.
 */
export function unigram(
  vocabulary: readonly (readonly [piece: string, score: number])[],
  unknown: number,
): (word: string) => number[] {
  const ids = new Map(vocabulary.map(([piece], id) => [piece, id]));
  const longest = vocabulary.reduce((length, [piece]) => Math.max(length, piece.length), 0);
  const unknownScore =
    vocabulary.reduce((least, [, score]) => Math.min(least, score), 0) - UNKNOWN_PENALTY;
  return (word) => {
    const scores = new Float64Array(word.length + 1).fill(Number.NEGATIVE_INFINITY);
    const starts = new Int32Array(word.length + 1);
    const tokens = new Int32Array(word.length + 1);
    scores[0] = 0;
    const offer = (start: number, end: number, id: number, score: number): void => {
      if (scores[start] + score <= scores[end]) return;
      scores[end] = scores[start] + score;
      starts[end] = start;
      tokens[end] = id;
    };
    for (let start = 0, width = 0; start < word.length; start += width) {
      width = word.codePointAt(start)! > 0xffff ? 2 : 1;
      const last = Math.min(word.length, start + longest);
      let isKnown = false;
      for (let end = start + width; end <= last; end++) {
        const id = ids.get(word.slice(start, end));
        if (id === undefined) continue;
        offer(start, end, id, vocabulary[id][1]);
        isKnown ||= end === start + width;
      }
      if (!isKnown) offer(start, start + width, unknown, unknownScore);
    }
    return bestPath(word.length, starts, tokens, unknown);
  };
}

function bestPath(end: number, starts: Int32Array, tokens: Int32Array, unknown: number): number[] {
  const path: number[] = [];
  for (let at = end; at > 0; at = starts[at])
    if (tokens[at] !== unknown || path.at(-1) !== unknown) path.push(tokens[at]);
  return path.reverse();
}
