// One prompt per segment for detailers: `[LAB] [face] … [hand] …` by label, or `[ASC] … [SEP] …
// [SEP:7] …` in order, with seeds. Source: the Impact Pack's process_wildcard_for_segs.
import { MAX_INTEGER_DIGITS } from '../limits.ts';
import type { PythonRandom } from '../random/python-random.ts';

/** The order in which segments are processed. */
export type SegmentOrder = 'ASC' | 'DSC' | 'ASC-SIZE' | 'DSC-SIZE' | 'RND' | 'LAB';

export interface SegmentPrompt {
  readonly text: string;
  /** The seed given before the prompt. */
  readonly seed?: bigint;
}

export interface SegmentPrompts {
  /** Undefined leaves the segments in their order. */
  readonly order?: SegmentOrder;
  /** Adds the prompt to the detailer's own instead of replacing it. */
  readonly concat: boolean;
  /** The prompt of the next segment; starts again from the first prompt after the last. */
  next(label: string): SegmentPrompt;
}

const MAX_SEED = 1125899906842624;

/** Parses the prompts of a detailer. `random` is used for [RND] and [SEP:R]. */
export function parseSegmentPrompts(text: string, random: PythonRandom): SegmentPrompts {
  const concat = text.startsWith('[CONCAT]');
  const rest = concat ? text.slice('[CONCAT]'.length) : text;
  if (rest.startsWith('[LAB]')) {
    const byLabel = labelled(rest);
    return {
      order: 'LAB',
      concat,
      next: (label) => ({ text: (byLabel.get('ALL') ?? '') + (byLabel.get(label) ?? '') }),
    };
  }
  const order = /^\[(ASC-SIZE|DSC-SIZE|ASC|DSC|RND)\]/.exec(rest);
  let items: SegmentPrompt[] = order
    ? separated(rest.slice(order[0].length), random)
    : [{ text: rest }];
  const shuffles = order?.[1] === 'RND';
  if (shuffles) items = random.shuffled(items);
  let at = 0;
  return {
    ...(order && { order: order[1] as SegmentOrder }),
    concat,
    next() {
      if (at >= items.length) {
        at = 0;
        if (shuffles) items = random.shuffled(items);
      }
      return items[at++];
    },
  };
}

/** `[a] text [b] text`: the last of equal labels counts, empty texts are dropped. */
function labelled(text: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const [, label, prompt] of text.matchAll(/\[([A-Za-z0-9_. ]+)\]([^[]+)(?=\[|$)/g))
    found.set(label, prompt.trim());
  for (const [label, prompt] of found) if (prompt === '') found.delete(label);
  return found;
}

/**
 * `a [SEP] b [SEP:R] c [SEP:7] d`: a number is the seed of the next prompt, R means a random seed.
 */
function separated(text: string, random: PythonRandom): SegmentPrompt[] {
  const [first, ...rest] = text.split(/(\[SEP(?::[\p{L}\p{N}_]+)?\])/u);
  const items: SegmentPrompt[] = [{ text: first }];
  for (let i = 0; i < rest.length; i += 2) {
    const given = rest[i].slice('[SEP:'.length, -1);
    const seed =
      given === 'R'
        ? BigInt(random.randint(0, MAX_SEED))
        : /^\d+$/.test(given) && given.length <= MAX_INTEGER_DIGITS
          ? BigInt(given)
          : undefined;
    items.push({ text: rest[i + 1], ...(seed !== undefined && { seed }) });
  }
  return items;
}
