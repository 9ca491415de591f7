// Compares two image files in 8-bit levels.
import { sharp } from './codec/load-sharp.ts';

export interface ImageDifference {
  /** The largest difference between two values, 0..255. */
  readonly worst: number;
  /** The share of values (channels of pixels) that differ, 0..1. */
  readonly share: number;
}

/** The difference of two files, alpha included; undefined when their sizes differ. */
export async function compareImages(
  a: Uint8Array,
  b: Uint8Array,
): Promise<ImageDifference | undefined> {
  const [x, y] = await Promise.all(
    [a, b].map((bytes) => sharp(bytes).ensureAlpha().raw().toBuffer({ resolveWithObject: true })),
  );
  if (
    x.info.width !== y.info.width ||
    x.info.height !== y.info.height ||
    x.info.channels !== y.info.channels
  )
    return undefined;
  let worst = 0;
  let changed = 0;
  for (let i = 0; i < x.data.length; i++) {
    const d = Math.abs(x.data[i] - y.data[i]);
    if (d > 0) changed++;
    if (d > worst) worst = d;
  }
  // alpha that was added to both does not count
  const opaque =
    x.data.every((value, i) => i % 4 !== 3 || value === 255) &&
    y.data.every((value, i) => i % 4 !== 3 || value === 255);
  return { worst, share: changed / (opaque ? (x.data.length * 3) / 4 : x.data.length) };
}
