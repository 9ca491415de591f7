// Names of files in folders. Programs on Windows write them with `\`, all others with `/`; both
// name the same file here, on every system.

/** Returns a name with `/` between folders. */
export const withSlashes = (name: string): string => name.replaceAll('\\', '/');
