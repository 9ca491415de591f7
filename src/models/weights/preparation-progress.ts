// Messages about a preparation that takes long: how much of it is done, and the time that is left.

/** Between two messages. */
const INTERVAL_MS = 2000;

/**
 * Returns a function to be called with the share that is done, 0 to 1. It reports `what` with the
 * percentage and the remaining time, at intervals; nothing of what takes less than one.
 */
export function preparationProgress(
  what: string,
  onStatus: (message: string) => void,
  now: () => number = () => performance.now(),
): (share: number) => void {
  const start = now();
  let reported = start;
  return (share) => {
    const time = now();
    if (time - reported < INTERVAL_MS || share <= 0 || share >= 1) return;
    reported = time;
    const seconds = (((time - start) / 1000) * (1 - share)) / share;
    onStatus(`${what} … ${Math.floor(100 * share)} %, ${remainingTime(seconds)} left`);
  };
}

const remainingTime = (seconds: number): string =>
  seconds < 60 ? `${Math.max(1, Math.round(seconds))} s` : `${Math.round(seconds / 60)} min`;
