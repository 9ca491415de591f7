// Nodes that are ready to run, by rank and then by the order in which they were added: a binary
// heap.

export interface ReadyNode {
  readonly id: string;
  /** Nodes of a smaller rank run first. */
  readonly rank: number;
  /** The position among nodes of the same rank. */
  readonly position: number;
}

export interface ReadyQueue {
  add(node: ReadyNode): void;
  /** The node that runs first; undefined when there is none. */
  first(): ReadyNode | undefined;
  removeFirst(): void;
}

export function createReadyQueue(): ReadyQueue {
  const heap: ReadyNode[] = [];
  const isBefore = (a: ReadyNode, b: ReadyNode): boolean =>
    a.rank === b.rank ? a.position < b.position : a.rank < b.rank;
  const swap = (i: number, k: number): void => {
    [heap[i], heap[k]] = [heap[k], heap[i]];
  };
  const moveUp = (from: number): void => {
    for (let i = from; i > 0; ) {
      const parent = (i - 1) >> 1;
      if (!isBefore(heap[i], heap[parent])) return;
      swap(i, parent);
      i = parent;
    }
  };
  const moveDown = (from: number): void => {
    for (let i = from; ; ) {
      const [left, right] = [2 * i + 1, 2 * i + 2];
      let first = i;
      if (left < heap.length && isBefore(heap[left], heap[first])) first = left;
      if (right < heap.length && isBefore(heap[right], heap[first])) first = right;
      if (first === i) return;
      swap(i, first);
      i = first;
    }
  };
  return {
    add: (node) => {
      heap.push(node);
      moveUp(heap.length - 1);
    },
    first: () => heap[0],
    removeFirst: () => {
      const last = heap.pop();
      if (last === undefined || heap.length === 0) return;
      heap[0] = last;
      moveDown(0);
    },
  };
}
