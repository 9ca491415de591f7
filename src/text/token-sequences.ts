// The tokens of a prompt as one sequence of any length, for the encoders beside CLIP (ComfyUI's
// SDTokenizer without a maximum length).
import {
  type Chunk,
  type Group,
  type GroupOptions,
  plainToken,
  tokenGroups,
} from './token-groups.ts';

export interface SequenceOptions extends GroupOptions {
  readonly start?: number;
  readonly end?: number;
  readonly pad: number;
  /** Shorter sequences are padded to it. */
  readonly minLength: number;
  /** Longer sequences are cut: before a group of few tokens, else in it. */
  readonly maxLength?: number;
  /** Padding tokens that are added in any case, before the minimum length is considered. */
  readonly minPadding?: number;
}

/** Tokenizes a prompt into one sequence: start, tokens, end, padding. */
export async function tokenizeSequence(prompt: string, options: SequenceOptions): Promise<Chunk> {
  const { start, end, pad, minLength, maxLength, minPadding = 0 } = options;
  const groups = await tokenGroups(prompt, options);
  const tokens = groups.flatMap((group, i) => group.map((token) => ({ ...token, word: i + 1 })));
  const sequence = [
    ...(start === undefined ? [] : [plainToken(start)]),
    ...tokens,
    ...(end === undefined ? [] : [plainToken(end)]),
  ];
  if (maxLength !== undefined && sequence.length > maxLength)
    return cut(groups, maxLength, { start, end });
  const padding = minPadding + Math.max(0, minLength - sequence.length - minPadding);
  return [...sequence, ...new Array(padding).fill(plainToken(pad))];
}

/** Groups of so many tokens may be divided. */
const LARGE_GROUP = 8;

/** The first of the sequences that ComfyUI divides a long prompt into, which is not padded. */
function cut(
  groups: readonly Group[],
  maxLength: number,
  { start, end }: Pick<SequenceOptions, 'start' | 'end'>,
): Chunk {
  const ends = end === undefined ? [] : [plainToken(end)];
  const sequence = start === undefined ? [] : [plainToken(start)];
  for (const [i, group] of groups.entries()) {
    const left = maxLength - ends.length - sequence.length;
    const isWhole = group.length <= left;
    const count = isWhole ? group.length : group.length >= LARGE_GROUP ? left : 0;
    sequence.push(...group.slice(0, count).map((token) => ({ ...token, word: i + 1 })));
    if (!isWhole) break;
  }
  return [...sequence, ...ends];
}

/**
 * Returns the sequence that weights are relative to: start, end and padding to a length, or longer
 * if start and end alone are.
 */
export function emptySequence(
  { start, end, pad }: Pick<SequenceOptions, 'start' | 'end' | 'pad'>,
  length: number,
): Chunk {
  const values = [start, end].filter((value) => value !== undefined);
  return [...values, ...new Array(Math.max(0, length - values.length)).fill(pad)].map(plainToken);
}
