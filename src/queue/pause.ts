// A wait that can be ended early.
import { setTimeout as sleep } from 'node:timers/promises';

export interface Pause {
  /** Waits for a time or until `end` is called. `ref`: keeps the process alive meanwhile (true). */
  wait(milliseconds: number, options?: { readonly ref?: boolean }): Promise<void>;
  /** Ends the current wait; does nothing when there is none. */
  end(): void;
}

export function createPause(): Pause {
  let controller: AbortController | undefined;
  return {
    wait: async (milliseconds, { ref = true } = {}) => {
      controller = new AbortController();
      const { signal } = controller;
      await sleep(milliseconds, undefined, { signal, ref }).catch(() => undefined);
      controller = undefined;
    },
    end: () => controller?.abort(),
  };
}
