// Runs asynchronous work one piece at a time, in the order in which it was requested.

/**
 * Returns a function that starts `work` after all work passed to it before has settled, and returns
 * its result. A failure reaches only its own caller.
 */
export function serial(): <T>(work: () => Promise<T> | T) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const result = last.then(work);
    last = result.catch(() => undefined);
    return result;
  };
}
