// The matrices of ordered dithering (Bayer, "An optimum method for two-level rendition of
// continuous-tone pictures", 1973), in float32 as ComfyUI's ImageQuantize computes them.

const f = Math.fround;

/** Bayer's matrix of `side` x `side`, a power of 2: thresholds around 0, less than 0.5 from it. */
export function bayer(side: number): Float32Array {
  if (side === 1) return new Float32Array(1);
  const half = side / 2;
  const inner = bayer(half);
  const offsets = [-1.5, 0.5, 1.5, -0.5];
  return Float32Array.from({ length: side * side }, (_, i) => {
    const [y, x] = [Math.floor(i / side), i % side];
    const quarter = 2 * Math.floor(y / half) + Math.floor(x / half);
    const value = f(side * side * inner[(y % half) * half + (x % half)]);
    return f(value + offsets[quarter]) / (side * side);
  });
}
