// Random changes to inputs.
const NUMBERS = [0, 1, -1, 127, 128, 255, 256, 32767, 65535, 0x7fffffff, 0xffffffff];
const TEXTS = ['0', '-1', '1e400', '99999999999999999999', '0.5', 'NaN'];
const MAX_CHANGES = 6;
const MAX_PART = 64;

export type Random = () => number;

/** A number from 0 to below `limit`. */
const below = (random: Random, limit: number): number => Math.floor(random() * limit);

type Change = (input: Buffer, random: Random, words: readonly Buffer[], other: Buffer) => Buffer;

const splice = (input: Buffer, at: number, removed: number, added: Uint8Array): Buffer =>
  Buffer.concat([input.subarray(0, at), added, input.subarray(at + removed)]);

const somewhere = (input: Buffer, random: Random): number => below(random, input.length + 1);

/** A part of an input, mostly short. */
function partOf(input: Buffer, random: Random): { from: number; length: number } {
  const from = below(random, input.length);
  const longest = random() < 0.1 ? input.length : MAX_PART;
  return { from, length: 1 + below(random, Math.min(longest, input.length - from)) };
}

const changeByte =
  (change: (byte: number, random: Random) => number): Change =>
  (input, random) => {
    const copy = Buffer.from(input);
    const at = below(random, copy.length);
    copy[at] = change(copy[at], random);
    return copy;
  };

const writeNumber: Change = (input, random) => {
  const size = [1, 2, 4][below(random, 3)];
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(NUMBERS[below(random, NUMBERS.length)] | 0);
  if (random() < 0.3) bytes.subarray(0, size).reverse();
  return splice(input, below(random, input.length), size, bytes.subarray(0, size));
};

/** Replaces a number that is written in digits. */
const replaceDigits: Change = (input, random) => {
  const at = input.findIndex(
    (byte, i) => i >= below(random, input.length) && byte >= 48 && byte < 58,
  );
  if (at < 0) return input;
  let end = at;
  while (input[end] >= 48 && input[end] < 58) end++;
  return splice(input, at, end - at, Buffer.from(TEXTS[below(random, TEXTS.length)]));
};

const CHANGES: readonly Change[] = [
  changeByte((byte, random) => byte ^ (1 << below(random, 8))),
  changeByte((_, random) => below(random, 256)),
  changeByte((byte, random) => byte + below(random, 33) - 16),
  writeNumber,
  replaceDigits,
  (input, random) => {
    const { from, length } = partOf(input, random);
    return splice(input, from, length, Buffer.alloc(0));
  },
  (input, random) => {
    const { from, length } = partOf(input, random);
    return splice(input, somewhere(input, random), 0, input.subarray(from, from + length));
  },
  (input, random) => {
    const { from, length } = partOf(input, random);
    const times = 2 + below(random, 20);
    const part = input.subarray(from, from + length);
    return splice(input, from, 0, Buffer.alloc(times * length, part));
  },
  (input, random, words) =>
    words.length === 0
      ? input
      : splice(input, somewhere(input, random), 0, words[below(random, words.length)]),
  (input, random, words) => {
    if (words.length === 0) return input;
    const word = words[below(random, words.length)];
    return splice(input, somewhere(input, random), word.length, word);
  },
  (input, random, _, other) => {
    if (other.length === 0) return input;
    const { from, length } = partOf(other, random);
    return splice(input, somewhere(input, random), 0, other.subarray(from, from + length));
  },
  (input, random, _, other) =>
    Buffer.concat([
      input.subarray(0, somewhere(input, random)),
      other.subarray(somewhere(other, random)),
    ]),
];

/** Changes an input up to six times; `other` is an input to take parts from. */
export function mutate(
  input: Buffer,
  random: Random,
  words: readonly Buffer[],
  other: Buffer,
  maxBytes: number,
): Buffer {
  let changed = input.length > 0 ? input : Buffer.from([below(random, 256)]);
  for (let left = 1 + below(random, MAX_CHANGES); left > 0; left--) {
    changed = CHANGES[below(random, CHANGES.length)](changed, random, words, other);
    if (changed.length === 0) changed = Buffer.from([below(random, 256)]);
  }
  return changed.length > maxBytes ? changed.subarray(0, maxBytes) : changed;
}

const LARGE = 100_000;

/**
 * Repeats a part of the input until it has 100 kB, between the parts before and behind: what takes
 * quadratic time shows then. The part follows from the input's bytes, so that a run can be
 * repeated.
 */
export function enlarge(input: Buffer): Buffer {
  const hash = input.reduce((sum, byte) => (Math.imul(sum, 31) + byte) >>> 0, 7);
  const from = hash % input.length;
  const length = 1 + ((hash >>> 8) % Math.min(24, input.length - from));
  const part = input.subarray(from, from + length);
  const times = Math.max(0, Math.floor((LARGE - input.length) / length));
  return splice(input, from, 0, Buffer.alloc(times * length, part));
}
