// OpenCV's bilinear resize of 8-bit pictures (INTER_LINEAR), in its fixed-point arithmetic: 11 bits of weight, four bits dropped between
// the axes. Equal to OpenCV byte by byte.

interface Place {
  readonly first: number;
  readonly second: number;
  readonly weights: readonly [number, number];
}

/** Across, a place outside takes the outermost pixel alone; down, it mixes the outermost with itself (which rounds otherwise). */
function places(from: number, to: number, alone: boolean): Place[] {
  const scale = from / to;
  const inside = (i: number): number => Math.min(Math.max(i, 0), from - 1);
  return Array.from({ length: to }, (_, i) => {
    const at = Math.fround((i + 0.5) * scale - 0.5);
    const low = Math.floor(at);
    const part = alone && (low < 0 || low >= from - 1) ? 0 : Math.fround(at - low);
    const weights = [Math.fround(1 - part), part].map((w) => halfEven(w * 2048)) as [
      number,
      number,
    ];
    return { first: inside(low), second: inside(low + 1), weights };
  });
}

function halfEven(v: number): number {
  const floor = Math.floor(v);
  const rest = v - floor;
  return rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? floor + 1 : floor;
}

/** Pixels [height, width, channels] at another size. */
export function resizeBytes(
  bytes: Uint8Array,
  from: { readonly width: number; readonly height: number },
  to: { readonly width: number; readonly height: number },
  channels: number,
): Uint8Array {
  if (from.width === to.width && from.height === to.height) return bytes;
  if (from.width === 2 * to.width && from.height === 2 * to.height)
    return halved(bytes, to, channels);
  const columns = places(from.width, to.width, true);
  const rows = places(from.height, to.height, false);
  const length = to.width * channels;
  const wide = new Map<number, Int32Array>();
  const row = (y: number): Int32Array => {
    const known = wide.get(y);
    if (known) return known;
    const made = new Int32Array(length);
    const start = y * from.width * channels;
    for (const [x, { first, second, weights }] of columns.entries())
      for (let c = 0; c < channels; c++)
        made[x * channels + c] =
          bytes[start + first * channels + c] * weights[0] +
          bytes[start + second * channels + c] * weights[1];
    wide.delete(y - 2);
    wide.set(y, made);
    return made;
  };
  const result = new Uint8Array(to.height * length);
  for (const [y, { first, second, weights }] of rows.entries()) {
    const [a, b] = [row(first), row(second)];
    for (let i = 0; i < length; i++)
      result[y * length + i] =
        (((weights[0] * (a[i] >> 4)) >> 16) + ((weights[1] * (b[i] >> 4)) >> 16) + 2) >> 2;
  }
  return result;
}

/** Half the size on both sides is the mean of four pixels. */
function halved(
  bytes: Uint8Array,
  to: { readonly width: number; readonly height: number },
  channels: number,
): Uint8Array {
  const result = new Uint8Array(to.width * to.height * channels);
  const line = 2 * to.width * channels;
  for (let y = 0, at = 0; y < to.height; y++)
    for (let x = 0; x < to.width; x++)
      for (let c = 0; c < channels; c++, at++) {
        const i = 2 * y * line + 2 * x * channels + c;
        result[at] =
          (bytes[i] + bytes[i + channels] + bytes[i + line] + bytes[i + line + channels] + 2) >> 2;
      }
  return result;
}
