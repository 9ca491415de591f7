// A memo shares work between the calls of one run: each value is computed once per key.

/**
 * Returns the value that `compute` returned for the first call with this name and key; later calls
 * do not compute. The parts of a key are compared by identity.
 */
export type Memo = <T>(name: string, key: readonly unknown[], compute: () => T) => T;

/** Stores nothing: computes each time. */
export const noMemo: Memo = (_name, _key, compute) => compute();

interface Node {
  readonly next: Map<unknown, Node>;
  result?: { readonly value: unknown };
}

/**
 * A memo that holds every value as long as it exists itself: for one run with few different keys.
 */
export function createMemo(): Memo {
  const createNode = (): Node => ({ next: new Map() });
  const root = createNode();
  return <T>(name: string, key: readonly unknown[], compute: () => T): T => {
    let node = root;
    for (const part of [name, ...key]) {
      let next = node.next.get(part);
      if (!next) {
        next = createNode();
        node.next.set(part, next);
      }
      node = next;
    }
    node.result ??= { value: compute() };
    return node.result.value as T;
  };
}
