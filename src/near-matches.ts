// Near matches for names that were mistyped: optimal string alignment distance, case and separators ignored.

/** Edits (insert, delete, replace, swap of neighbours) that turn `a` into `b`. */
export function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replace = last[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1);
      row[j] = Math.min(last[j] + 1, row[j - 1] + 1, replace);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        row[j] = Math.min(row[j], before[j - 2] + 1);
    }
    before = last;
    last = row;
  }
  return last[b.length];
}

const plain = (name: string): string =>
  name
    .toLowerCase()
    .replace(/(?<=.)\.[a-z0-9]{2,12}$/, '')
    .replace(/[\s_\-.]+/g, '');
const fileName = (name: string): string =>
  name.slice(Math.max(name.lastIndexOf('/'), name.lastIndexOf('\\')) + 1);

/** Up to `count` candidates close to `word`, nearest first: few edits, the same file name in another folder, or one inside the other. */
export function nearMatches(word: string, candidates: Iterable<string>, count = 3): string[] {
  const wanted = plain(fileName(word)).slice(0, 200);
  if (wanted === '') return [];
  const found: { name: string; score: number }[] = [];
  for (const name of candidates) {
    const other = plain(fileName(name)).slice(0, 200);
    const edits = editDistance(wanted, other);
    const inside =
      Math.min(wanted.length, other.length) >= 4 &&
      (wanted.includes(other) || other.includes(wanted));
    const score = inside ? Math.min(edits, wanted.length / 4) : edits;
    if (score <= Math.max(1, wanted.length / 3)) found.push({ name, score });
  }
  return found
    .sort((a, b) => a.score - b.score || (a.name < b.name ? -1 : 1))
    .slice(0, count)
    .map((f) => f.name);
}

/** `Did you mean 'x' or 'y'?`; an empty string without near matches. */
export function didYouMean(word: string, candidates: Iterable<string>): string {
  const names = nearMatches(word, candidates).map((name) => `'${name}'`);
  return names.length === 0 ? '' : `Did you mean ${names.join(' or ')}?`;
}
