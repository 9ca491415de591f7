// A gate for work that takes much memory: lets in as much at once as there is room for; the rest
// waits in order.

export interface Gate {
  /**
   * Waits until there is room for `weight`, at most the whole capacity. Returns a function that
   * makes room again; calling it twice has no effect.
   */
  enter(weight: number): Promise<() => void>;
}

/** Creates a gate. `capacity` and weights have the same unit, such as bytes. */
export function createGate(capacity: number): Gate {
  const waiting: { readonly weight: number; readonly start: () => void }[] = [];
  let free = capacity;
  const startWaiting = (): void => {
    while (waiting.length > 0 && waiting[0].weight <= free) {
      free -= waiting[0].weight;
      waiting.shift()?.start();
    }
  };
  return {
    enter: (wanted) => {
      const weight = Math.min(wanted, capacity);
      let isInside = true;
      const leave = (): void => {
        if (!isInside) return;
        isInside = false;
        free += weight;
        startWaiting();
      };
      return new Promise((resolve) => {
        waiting.push({ weight, start: () => resolve(leave) });
        startWaiting();
      });
    },
  };
}
