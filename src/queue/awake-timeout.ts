// A time limit for something that others do for this process: a time in which the process was
// suspended or its thread busy does not count, since it could not have noticed an answer.

/** Steps of a limit; a suspension of any length counts as one. */
const STEPS = 10;

export interface AwakeTimeout {
  cancel(): void;
}

/** Calls `callback` after `milliseconds` in which the program ran. Keeps no process alive. */
export function awakeTimeout(callback: () => void, milliseconds: number): AwakeTimeout {
  let left = STEPS;
  const timer = setInterval(() => {
    left--;
    if (left > 0) return;
    clearInterval(timer);
    callback();
  }, milliseconds / STEPS).unref();
  return { cancel: () => clearInterval(timer) };
}
