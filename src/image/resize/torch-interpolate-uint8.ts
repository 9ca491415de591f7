// torch's bilinear interpolation of 8-bit planes: weights of 16 bits, one axis after the other, rounded to whole numbers after each
// (torch.nn.functional.interpolate of uint8, which follows Pillow's resize).

interface Tap {
  readonly low: number;
  readonly high: number;
  readonly weights: readonly [number, number];
}

const MOST_BITS = 22;
const LIMIT = 2 ** 15;

function tapsOf(from: number, to: number): { taps: Tap[]; bits: number } {
  const inside = (i: number): number => Math.min(Math.max(i, 0), from - 1);
  const parts = Array.from({ length: to }, (_, i) => {
    const at = (i + 0.5) * (from / to) - 0.5;
    const low = Math.floor(at);
    const part = inside(low) === inside(low + 1) ? 0 : at - low;
    return { low: inside(low), high: inside(low + 1), part };
  });
  const largest = parts.reduce((most, { part }) => Math.max(most, part, 1 - part), 0);
  let bits = 0;
  while (bits < MOST_BITS && Math.trunc(0.5 + largest * 2 ** (bits + 1)) < LIMIT) bits++;
  const whole = (w: number): number => Math.trunc(0.5 + w * 2 ** bits);
  return {
    taps: parts.map(({ low, high, part }) => ({
      low,
      high,
      weights: [whole(1 - part), whole(part)],
    })),
    bits,
  };
}

function alongRows(plane: Uint8Array, width: number, to: number): Uint8Array {
  if (width === to) return plane;
  const { taps, bits } = tapsOf(width, to);
  const rows = plane.length / width;
  const result = new Uint8Array(rows * to);
  for (let y = 0; y < rows; y++)
    for (let x = 0; x < to; x++) {
      const { low, high, weights } = taps[x];
      const sum =
        plane[y * width + low] * weights[0] +
        plane[y * width + high] * weights[1] +
        2 ** (bits - 1);
      result[y * to + x] = Math.min(255, sum >> bits);
    }
  return result;
}

function turned(plane: Uint8Array, width: number): Uint8Array {
  const height = plane.length / width;
  const result = new Uint8Array(plane.length);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) result[x * height + y] = plane[y * width + x];
  return result;
}

/** A plane [from.height, from.width] at another size. */
export function interpolateBytes(
  plane: Uint8Array,
  from: { readonly width: number; readonly height: number },
  to: { readonly width: number; readonly height: number },
): Uint8Array {
  const wide = alongRows(plane, from.width, to.width);
  return turned(alongRows(turned(wide, to.width), from.height, to.height), to.height);
}
