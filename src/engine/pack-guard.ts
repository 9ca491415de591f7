// Watches the nodes of packs while they run in the engine process: one that gives no sign of life
// for too long is ended with its process by the watchdog thread, and none can exit the process.
import type { NodeDeclaration } from '../nodes/declare.ts';
import type { NodeTable } from '../workflow/node-table.ts';

/** The numbers that the process and its watchdog share. */
export const SIGNS = {
  /** 1 while code of a pack runs, and no network is evaluated for it. */
  isRunning: 0,
  /** Counts up with every sign of life. */
  count: 1,
  /** How long there may be none, in milliseconds. */
  limitMs: 2,
} as const;

/** The time that a node of a pack may take between two signs of life. */
export const NODE_TIMEOUT_MS = 300_000;

export interface PackGuard {
  readonly memory: SharedArrayBuffer;
  setLimit(milliseconds: number): void;
  /** Notes a sign of life: an event, or the start or end of a network's evaluation. */
  sign(): void;
  /** Runs code of a pack. */
  watch<T>(work: () => Promise<T> | T): Promise<T>;
  /** Runs something that may take any time. */
  evaluate<T>(work: () => Promise<T>): Promise<T>;
  /** The nodes with those of packs under watch. */
  guard(nodes: NodeTable): NodeTable;
}

export function createPackGuard(): PackGuard {
  const memory = new SharedArrayBuffer(Object.keys(SIGNS).length * Int32Array.BYTES_PER_ELEMENT);
  const signs = new Int32Array(memory);
  Atomics.store(signs, SIGNS.limitMs, NODE_TIMEOUT_MS);
  let watched = 0;
  let evaluations = 0;
  const sign = (): void => {
    Atomics.add(signs, SIGNS.count, 1);
    Atomics.store(signs, SIGNS.isRunning, watched > 0 && evaluations === 0 ? 1 : 0);
  };
  const watch: PackGuard['watch'] = async (work) => {
    watched += 1;
    sign();
    try {
      return await work();
    } finally {
      watched -= 1;
      sign();
    }
  };
  const guarded = new WeakMap<NodeDeclaration, NodeDeclaration>();
  const guardNode = (node: NodeDeclaration): NodeDeclaration => {
    if (!node.origin) return node;
    const { run, fingerprint, needs } = node;
    const made = guarded.get(node) ?? {
      ...node,
      run: (...given: Parameters<typeof run>) => watch(() => run(...given)),
      ...(fingerprint && { fingerprint: (...given) => watch(() => fingerprint(...given)) }),
      ...(needs && { needs: (...given) => watch(() => needs(...given)) }),
    };
    guarded.set(node, made);
    return made;
  };
  return {
    memory,
    setLimit: (milliseconds) => Atomics.store(signs, SIGNS.limitMs, milliseconds),
    sign,
    watch,
    evaluate: async (work) => {
      evaluations += 1;
      sign();
      try {
        return await work();
      } finally {
        evaluations -= 1;
        sign();
      }
    },
    guard: (nodes) =>
      [...nodes.values()].some(({ origin }) => origin)
        ? new Map([...nodes].map(([type, node]) => [type, guardNode(node)]))
        : nodes,
  };
}

/** A guard for tests and processes that run no packs. */
export const NO_GUARD: PackGuard = createPackGuard();

/** What the watchdog prints before it ends the process; the parent finds it in the output. */
export const TIMEOUT_MARK = 'darkroom: a node of a pack gave no sign of life';

/** Makes `process.exit` throw for everybody; returns the original. */
export function refuseExit(): typeof process.exit {
  const exit = process.exit.bind(process);
  process.exit = () => {
    throw new Error('it called process.exit(), which nodes must not');
  };
  return exit;
}
