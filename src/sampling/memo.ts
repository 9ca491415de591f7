// Work that many calls have in common, done once: what a run keeps from call to call.

/** Gives what `make` made when it was first asked with these parts of a key; parts are compared by identity, `what` says what is made. */
export type Memo = <T>(what: string, key: readonly unknown[], make: () => T) => T;

/** Keeps nothing. */
export const noMemo: Memo = (_what, _key, make) => make();

interface Node {
  readonly next: Map<unknown, Node>;
  value?: { readonly made: unknown };
}

/** Keeps everything as long as it lives itself: for one run of a bounded number of keys. */
export function createMemo(): Memo {
  const place = (): Node => ({ next: new Map() });
  const root = place();
  return <T>(what: string, key: readonly unknown[], make: () => T): T => {
    let at = root;
    for (const part of [what, ...key]) {
      let next = at.next.get(part);
      if (!next) {
        next = place();
        at.next.set(part, next);
      }
      at = next;
    }
    at.value ??= { made: make() };
    return at.value.made as T;
  };
}
