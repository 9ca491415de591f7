// Near matches for mistyped names, by the optimal string alignment distance. Case and separators
// are ignored. Most candidates are ruled out by their lengths and letters alone.

const MAX_LENGTH = 200;
/** Candidates that are kept prepared. */
const MAX_CANDIDATES = 20_000;

/**
 * The least number of insertions, deletions, replacements and swaps that turn `a` into `b`; any
 * larger number than `limit` if it is larger than that.
 */
export function distanceWithin(a: string, b: string, limit: number): number {
  let [secondLast, last, row] = [0, 1, 2].map(() => new Uint16Array(b.length + 1));
  const far = limit + 1;
  let leastOfLast = 0;
  for (let j = 0; j <= b.length; j++) last[j] = Math.min(j, far);
  for (let i = 1; i <= a.length; i++) {
    // further from the diagonal than `limit`, every distance is larger
    const from = Math.max(1, i - limit);
    const to = Math.min(b.length, i + limit);
    row.fill(far);
    row[0] = Math.min(i, far);
    let least = row[0];
    for (let j = from; j <= to; j++) {
      let edits = last[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1);
      edits = Math.min(edits, last[j] + 1, row[j - 1] + 1, far);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        edits = Math.min(edits, secondLast[j - 2] + 1);
      row[j] = edits;
      least = Math.min(least, edits);
    }
    // a swap reaches back by two rows
    if (least === far && leastOfLast === far) return far;
    leastOfLast = least;
    [secondLast, last, row] = [last, row, secondLast];
  }
  return last[b.length];
}

/** A name without its folder, file extension, separators and case, and how often it has letters. */
interface PreparedName {
  readonly text: string;
  readonly letters: Uint8Array;
}

function prepare(name: string): PreparedName {
  const text = normalise(fileName(name)).slice(0, MAX_LENGTH);
  const letters = new Uint8Array(64);
  for (let i = 0; i < text.length; i++) letters[text.charCodeAt(i) & 63]++;
  return { text, letters };
}

const candidatesBefore = new Map<string, PreparedName>();

/** Prepares a name that will be compared again: those of nodes and files. */
function prepareCandidate(name: string): PreparedName {
  const known = candidatesBefore.get(name);
  if (known) return known;
  if (candidatesBefore.size >= MAX_CANDIDATES) candidatesBefore.clear();
  const candidate = prepare(name);
  candidatesBefore.set(name, candidate);
  return candidate;
}

const normalise = (name: string): string =>
  name
    .toLowerCase()
    .replace(/(?<=.)\.[a-z0-9]{2,12}$/, '')
    .replace(/[\s_\-.]+/g, '');
const fileName = (name: string): string =>
  name.slice(Math.max(name.lastIndexOf('/'), name.lastIndexOf('\\')) + 1);

/** The letters that only one of two names has: no fewer edits turn one into the other. */
function differentLetters(a: PreparedName, b: PreparedName): number {
  let more = 0;
  let fewer = 0;
  for (let i = 0; i < a.letters.length; i++) {
    const difference = a.letters[i] - b.letters[i];
    if (difference > 0) more += difference;
    else fewer -= difference;
  }
  return Math.max(more, fewer);
}

/**
 * Up to `count` candidates close to `word`, the nearest first: few edits apart, equal file names in
 * other folders, or one containing the other.
 */
export function nearMatches(word: string, candidates: Iterable<string>, count = 3): string[] {
  const target = prepare(word);
  const { length } = target.text;
  if (length === 0) return [];
  const limit = Math.max(1, length / 3);
  const found: { name: string; score: number }[] = [];
  for (const name of candidates) {
    const other = prepareCandidate(name);
    const contained =
      Math.min(length, other.text.length) >= 4 &&
      (target.text.includes(other.text) || other.text.includes(target.text));
    const edits =
      differentLetters(target, other) <= limit
        ? distanceWithin(target.text, other.text, Math.floor(limit))
        : Number.POSITIVE_INFINITY;
    const score = contained ? Math.min(edits, length / 4) : edits;
    if (score <= limit) found.push({ name, score });
  }
  return found
    .sort((a, b) => a.score - b.score || (a.name < b.name ? -1 : 1))
    .slice(0, count)
    .map((f) => f.name);
}

/** `Did you mean 'x' or 'y'?`, or an empty string without near matches. */
export function didYouMean(word: string, candidates: Iterable<string>): string {
  const names = nearMatches(word, candidates).map((name) => `'${name}'`);
  return names.length === 0 ? '' : `Did you mean ${names.join(' or ')}?`;
}
