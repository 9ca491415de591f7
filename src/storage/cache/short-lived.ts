// Values that are computed again after a short time, for listings of folders.
const LIFETIME_MS = 2000;

/** Returns a function that computes `make(key)` at most once in two seconds. */
export function shortLived<T>(make: (key: string) => T): (key: string) => T {
  const results = new Map<string, { readonly time: number; readonly value: T }>();
  return (key) => {
    const cached = results.get(key);
    if (cached && performance.now() - cached.time < LIFETIME_MS) return cached.value;
    const value = make(key);
    results.set(key, { time: performance.now(), value });
    return value;
  };
}
