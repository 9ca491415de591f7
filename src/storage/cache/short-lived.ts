// Values that are computed again after a short time, for listings of folders.
const LIFETIME_MS = 2000;

interface Cached<T> {
  readonly time: number;
  readonly value: T;
  /** Nothing else has run since `isCurrent` said so. */
  isCertain: boolean;
}

/**
 * Returns a function that computes `make(key)` at most once in two seconds while `isCurrent`, which
 * is called once in each synchronous run of the program.
 */
export function shortLived<T>(
  make: (key: string) => T,
  isCurrent: (value: T) => boolean = () => true,
): (key: string) => T {
  const results = new Map<string, Cached<T>>();
  const isUsable = (cached: Cached<T>): boolean => {
    if (performance.now() - cached.time >= LIFETIME_MS) return false;
    if (cached.isCertain) return true;
    cached.isCertain = isCurrent(cached.value);
    queueMicrotask(() => {
      cached.isCertain = false;
    });
    return cached.isCertain;
  };
  return (key) => {
    const cached = results.get(key);
    if (cached && isUsable(cached)) return cached.value;
    const value = make(key);
    results.set(key, { time: performance.now(), value, isCertain: false });
    return value;
  };
}
