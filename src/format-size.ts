// Sizes of files and memory as people read them.

/** Returns a number of bytes in decimal units: `3.4 GB`, `210 MB`, `12 kB`. */
export const formatSize = (bytes: number): string => {
  if (bytes >= 0.95e9) return `${(bytes / 1e9).toFixed(1)} GB`;
  if (bytes >= 0.95e6) return `${Math.round(bytes / 1e6)} MB`;
  return `${Math.ceil(bytes / 1e3)} kB`;
};
