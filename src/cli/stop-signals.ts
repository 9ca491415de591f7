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
