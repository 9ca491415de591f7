// The order in which CPython 3.10+ runs through a set of integers (Objects/setobject.c): the Impact Pack's picker depends on it.

const PROBES = 9;

/** hash() of an integer of a safe size; -1 hashes to -2. */
const hashOf = (v: number): bigint => (v === -1 ? -2n : BigInt(v));

/** Puts `value` into the first free place of its probe sequence; false if it is there already. */
function insert(table: (number | undefined)[], value: number): boolean {
  const mask = BigInt(table.length - 1);
  let perturb = BigInt.asUintN(64, hashOf(value));
  let at = perturb & mask;
  for (;;) {
    const reach = at + BigInt(PROBES) <= mask ? PROBES : 0;
    for (let k = 0; k <= reach; k++) {
      const place = Number(at) + k;
      if (table[place] === value) return false;
      if (table[place] === undefined) {
        table[place] = value;
        return true;
      }
    }
    perturb >>= 5n;
    at = (at * 5n + 1n + perturb) & mask;
  }
}

/** The distinct values in the order of a set to which they were added one after the other. */
export function pythonIntSet(values: readonly number[]): number[] {
  let table: (number | undefined)[] = new Array(8).fill(undefined);
  let used = 0;
  for (const value of values) {
    if (!insert(table, value)) continue;
    used++;
    if (used * 5 < (table.length - 1) * 3) continue;
    const least = used > 50000 ? used * 2 : used * 4;
    let size = 8;
    while (size <= least) size *= 2;
    const larger: (number | undefined)[] = new Array(size).fill(undefined);
    for (const old of table) if (old !== undefined) insert(larger, old);
    table = larger;
  }
  return table.filter((v) => v !== undefined);
}
