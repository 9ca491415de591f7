// Holds the open networks. A network is opened when it is first evaluated, and closed when others need its memory.
import { availableParallelism, totalmem } from 'node:os';
import { dirname } from 'node:path';
import type { Graph } from '../onnx/builder.ts';
import type { DerivedStore } from './derived.ts';
import { openSession, type Session } from './session.ts';
import type { Network } from './types.ts';

export interface RuntimeOptions {
  /** 'cpu' is the only device so far; 'auto' takes it. */
  readonly device?: 'cpu' | 'auto';
  /** Threads of one evaluation; all cores unless given. */
  readonly threads?: number;
  /** What text encoders' weights are rounded to: fp16 as in ComfyUI unless told, or not at all (its --fp32-text-enc). */
  readonly textEncoders?: 'fp16' | 'fp32';
  /** Bytes of weights that may be open together; three quarters of the machine's memory unless given. */
  readonly memoryBudget?: number;
  /** Where weights are kept that were made ready for faster operators; none are made without. */
  readonly derived?: DerivedStore;
  /** Called before a network is loaded (seconds for a large one). */
  readonly onLoad?: (spec: NetworkSpec) => void;
  /** Called when it is loaded. */
  readonly onLoaded?: (spec: NetworkSpec) => void;
}

/** What it takes to open a network. Two with the same file, part and variant are the same. */
export interface NetworkSpec {
  readonly file: string;
  /** 'unet', 'clip_l', 'vae decoder' … */
  readonly part: string;
  readonly variant?: string;
  readonly outputs: readonly string[];
  /** Builds the graph; called when it is opened. */
  build(): BuiltGraph | Promise<BuiltGraph>;
}

export interface BuiltGraph extends Pick<Graph, 'serialize' | 'weightBytes' | 'folder'> {
  /** Called when a session is open, or could not be opened. */
  readonly opened?: () => void;
}

export interface Runtime {
  readonly device: string;
  readonly threads: number;
  readonly textEncoders: 'fp16' | 'fp32';
  readonly derived?: DerivedStore;
  /** A network that opens itself when it is run. */
  network(spec: NetworkSpec): Network;
  /** Names of the networks that are open now, least recently used first. */
  open(): readonly string[];
  /** Closes all networks. They open again when run. */
  close(): Promise<void>;
}

interface Entry {
  readonly session: Session;
  readonly bytes: number;
}

/** A runtime without any network open yet. */
export function createRuntime(options: RuntimeOptions = {}): Runtime {
  const threads = options.threads ?? availableParallelism();
  const budget = options.memoryBudget ?? totalmem() * 0.75;
  // A Map remembers insertion order: the first entry is the least recently used.
  const entries = new Map<string, Entry>();
  // Evaluations and loads follow one another: none may be closed while it runs.
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const result = last.then(work, work);
    last = result.catch(() => undefined);
    return result;
  };

  const makeRoom = async (bytes: number): Promise<void> => {
    let used = [...entries.values()].reduce((n, e) => n + e.bytes, 0);
    for (const [key, entry] of entries) {
      if (used + bytes <= budget) return;
      entries.delete(key);
      used -= entry.bytes;
      await entry.session.close();
    }
  };

  const use = async (key: string, spec: NetworkSpec): Promise<Session> => {
    let entry = entries.get(key);
    if (!entry) {
      options.onLoad?.(spec);
      const graph = await spec.build();
      try {
        const model = graph.serialize();
        await makeRoom(graph.weightBytes());
        const session = await openSession(model, { name: key, folder: graph.folder() || dirname(spec.file), threads, providers: ['cpu'] });
        entry = { session, bytes: graph.weightBytes() };
        options.onLoaded?.(spec);
      } finally {
        graph.opened?.();
      }
    }
    entries.delete(key);
    entries.set(key, entry);
    return entry.session;
  };

  return {
    device: 'cpu',
    threads,
    textEncoders: options.textEncoders ?? 'fp16',
    derived: options.derived,
    network: (spec) => {
      const key = [spec.file, spec.part, spec.variant].filter((part) => part).join(' ');
      return { run: (inputs) => inTurn(async () => (await use(key, spec)).run(inputs, spec.outputs)) };
    },
    open: () => [...entries.keys()],
    close: () =>
      inTurn(async () => {
        for (const entry of entries.values()) await entry.session.close();
        entries.clear();
      }),
  };
}
