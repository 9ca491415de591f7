// Ctrl-C and SIGTERM.

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/** Calls `handler` with the number of the signal, from 1; returns a function that stops this. */
export function onStopSignals(handler: (count: number) => void): () => void {
  let count = 0;
  const listener = (): void => handler(++count);
  for (const signal of SIGNALS) process.on(signal, listener);
  return () => {
    for (const signal of SIGNALS) process.off(signal, listener);
  };
}

export interface StopSignal {
  /** Aborted by the first signal; the second one ends the program. */
  readonly signal: AbortSignal;
  /** Lets signals end the program again. */
  release(): void;
}

/** For work that stops and cleans up on Ctrl-C. */
export function stopSignal(): StopSignal {
  const controller = new AbortController();
  const release = onStopSignals((count) => {
    if (count > 1) process.exit(130);
    controller.abort();
  });
  return { signal: controller.signal, release };
}
