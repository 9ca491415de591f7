// The iteration order of a set of integers in CPython 3.10+ (Objects/setobject.c), which the Impact
// Pack's picker depends on.

/** LINEAR_PROBES: slots that are tried in a row before the next jump. */
const LINEAR_PROBES = 9;

type HashTable = (number | undefined)[];

const emptyTable = (size: number): HashTable => new Array(size).fill(undefined);

/** hash() of a safe integer; that of -1 is -2. */
const hashOf = (value: number): bigint => (value === -1 ? -2n : BigInt(value));

/** Stores `value` in the first free slot of its probe sequence; false if it is already present. */
function insert(table: HashTable, value: number): boolean {
  const mask = BigInt(table.length - 1);
  let perturb = BigInt.asUintN(64, hashOf(value));
  let start = perturb & mask;
  for (;;) {
    const probes = start + BigInt(LINEAR_PROBES) <= mask ? LINEAR_PROBES : 0;
    for (let probe = 0; probe <= probes; probe++) {
      const slot = Number(start) + probe;
      if (table[slot] === value) return false;
      if (table[slot] === undefined) {
        table[slot] = value;
        return true;
      }
    }
    perturb >>= 5n;
    start = (start * 5n + 1n + perturb) & mask;
  }
}

/** A larger table with the same values (set_table_resize, called by set_add_entry). */
function resized(table: HashTable, used: number): HashTable {
  const minUsed = used > 50000 ? used * 2 : used * 4;
  let size = 8;
  while (size <= minUsed) size *= 2;
  const larger = emptyTable(size);
  for (const value of table) if (value !== undefined) insert(larger, value);
  return larger;
}

/** Returns the distinct values in the iteration order of a Python set, added in the given order. */
export function pythonSetOrder(values: readonly number[]): number[] {
  let table = emptyTable(8);
  let used = 0;
  for (const value of values) {
    if (!insert(table, value)) continue;
    used++;
    if (used * 5 >= (table.length - 1) * 3) table = resized(table, used);
  }
  return table.filter((value) => value !== undefined);
}
