// The normalisation that SentencePiece compiles into a vocabulary (Kudo and Richardson 2018), read
// as Hugging Face's tokenizers read it (spm_precompiled): a trie of UTF-8 texts in a double array
// (Darts), followed by the texts that replace them.

/** Replaces texts that the trie knows, by grapheme clusters. */
export type Normalise = (text: string) => string;

const ASCII = /^[\x20-\x7e]*$/;
/** Longer grapheme clusters (in bytes) are replaced character by character. */
const MAX_CLUSTER_BYTES = 5;

/** Creates the normalisation from the bytes of a precompiled charsmap. */
export function charsmap(bytes: Buffer): Normalise {
  const size = bytes.readUInt32LE(0);
  const units = Uint32Array.from({ length: size / 4 }, (_, i) => bytes.readUInt32LE(4 + 4 * i));
  const texts = bytes.subarray(4 + size);
  /** The replacement for the shortest text in the trie that `text` begins with. */
  const replacement = (text: string): string | undefined => {
    const at = shortestMatch(units, Buffer.from(text, 'utf8'));
    return at === undefined ? undefined : texts.toString('utf8', at, texts.indexOf(0, at));
  };
  const normaliseCluster = (cluster: string): string => {
    const whole =
      Buffer.byteLength(cluster) <= MAX_CLUSTER_BYTES ? replacement(cluster) : undefined;
    return (
      whole ?? Array.from(cluster, (character) => replacement(character) ?? character).join('')
    );
  };
  return (text) =>
    ASCII.test(text) ? text : Array.from(graphemeClusters(text), normaliseCluster).join('');
}

/** Characters that are segmented at once: the time of Intl.Segmenter grows with the square. */
const WINDOW = 256;

/** The grapheme clusters of a text, in order. */
function* graphemeClusters(text: string): Iterable<string> {
  const segmenter = new Intl.Segmenter('en', { granularity: 'grapheme' });
  for (let start = 0, size = WINDOW; start < text.length; ) {
    const isLast = start + size >= text.length;
    const found = Array.from(segmenter.segment(text.slice(start, start + size)));
    // the last cluster may go on after the window
    const whole = isLast ? found : found.slice(0, -1);
    for (const { segment } of whole) {
      yield segment;
      start += segment.length;
    }
    size = whole.length === 0 ? 2 * size : WINDOW;
  }
}

const offsetOf = (unit: number): number => (unit >>> 10) << ((unit & 0x200) >>> 6);

/** The value of the shortest key in a double array that `bytes` begin with. */
function shortestMatch(units: Uint32Array, bytes: Uint8Array): number | undefined {
  let node = offsetOf(units[0]);
  for (const byte of bytes) {
    if (byte === 0) return undefined;
    node ^= byte;
    const unit = units[node];
    if ((unit & 0x8000_00ff) !== byte) return undefined;
    node ^= offsetOf(unit);
    if (unit & 0x100) return units[node] & 0x7fff_ffff;
  }
  return undefined;
}
