// The networks that are open, and which of them are closed to make room for others.
import type { NetworkSpec } from './network.ts';
import type { Session } from './session.ts';

export interface OpenNetwork {
  readonly spec: NetworkSpec;
  readonly session: Session;
  /** Bytes of its weights as float32. */
  readonly weightBytes: number;
  /** Bytes that it holds of its largest evaluation so far; its next one uses them again. */
  heldBytes: number;
}

export interface OpenNetworks {
  /** Keys of the open networks, least recently used first. */
  keys(): readonly string[];
  weightBytes(): number;
  get(key: string): OpenNetwork | undefined;
  /** Adds a network, or marks one as the most recently used. */
  use(key: string, network: OpenNetwork): void;
  /**
   * Closes networks until `isEnough`: first those with the weights of `spec`, then the least
   * recently used. The one of `exceptKey` stays open.
   */
  closeUntil(isEnough: () => boolean, spec: NetworkSpec, exceptKey?: string): Promise<void>;
  closeAll(): Promise<void>;
}

export function openNetworks(): OpenNetworks {
  // a Map remembers insertion order: the first entry is the least recently used
  const byKey = new Map<string, OpenNetwork>();
  return {
    keys: () => [...byKey.keys()],
    weightBytes: () => [...byKey.values()].reduce((sum, network) => sum + network.weightBytes, 0),
    get: (key) => byKey.get(key),
    use: (key, network) => {
      byKey.delete(key);
      byKey.set(key, network);
    },
    closeUntil: async (isEnough, { file, part }, exceptKey) => {
      const others = [...byKey].filter(([key]) => key !== exceptKey);
      const sameWeights = others.filter(([, { spec }]) => spec.file === file && spec.part === part);
      for (const [key, { session }] of new Set([...sameWeights, ...others])) {
        if (isEnough()) return;
        byKey.delete(key);
        await session.close();
      }
    },
    closeAll: async () => {
      for (const { session } of byKey.values()) await session.close();
      byKey.clear();
    },
  };
}
