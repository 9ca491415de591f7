// Near matches for mistyped names, by the optimal string alignment distance. Case and separators
// are ignored.

/** The least number of insertions, deletions, replacements and swaps that turn `a` into `b`. */
export function editDistance(a: string, b: string): number {
  let secondLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replace = last[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1);
      row[j] = Math.min(last[j] + 1, row[j - 1] + 1, replace);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        row[j] = Math.min(row[j], secondLast[j - 2] + 1);
    }
    secondLast = last;
    last = row;
  }
  return last[b.length];
}

/** A name without its file extension, separators and case. */
const normalise = (name: string): string =>
  name
    .toLowerCase()
    .replace(/(?<=.)\.[a-z0-9]{2,12}$/, '')
    .replace(/[\s_\-.]+/g, '');
const fileName = (name: string): string =>
  name.slice(Math.max(name.lastIndexOf('/'), name.lastIndexOf('\\')) + 1);

/**
 * Up to `count` candidates close to `word`, the nearest first: few edits apart, equal file names in
 * other folders, or one containing the other.
 */
export function nearMatches(word: string, candidates: Iterable<string>, count = 3): string[] {
  const target = normalise(fileName(word)).slice(0, 200);
  if (target === '') return [];
  const found: { name: string; score: number }[] = [];
  for (const name of candidates) {
    const other = normalise(fileName(name)).slice(0, 200);
    const edits = editDistance(target, other);
    const contained =
      Math.min(target.length, other.length) >= 4 &&
      (target.includes(other) || other.includes(target));
    const score = contained ? Math.min(edits, target.length / 4) : edits;
    if (score <= Math.max(1, target.length / 3)) found.push({ name, score });
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
