const { fround } = Math;

/** torch.lerp in float32: from the nearer end, each operation rounded. */
export const lerp = (a: number, b: number, weight: number): number =>
  Math.abs(weight) < 0.5
    ? fround(a + fround(weight * fround(b - a)))
    : fround(b - fround(fround(b - a) * fround(1 - weight)));
