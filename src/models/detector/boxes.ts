// Boxes found by detectors, and non-maximum suppression.

export interface Box {
  /** Left, top, right, bottom in pixels of the image. */
  readonly corners: readonly [number, number, number, number];
  readonly score: number;
  readonly label: string;
}

const areaOf = ([x1, y1, x2, y2]: Box['corners']): number =>
  Math.max(0, x2 - x1) * Math.max(0, y2 - y1);

/** Intersection over union of two boxes. */
export function overlap(a: Box['corners'], b: Box['corners']): number {
  const shared = areaOf([
    Math.max(a[0], b[0]),
    Math.max(a[1], b[1]),
    Math.min(a[2], b[2]),
    Math.min(a[3], b[3]),
  ]);
  const union = areaOf(a) + areaOf(b) - shared;
  return union > 0 ? shared / union : 0;
}

/**
 * Non-maximum suppression: returns at most `most` boxes by falling score, without those that
 * overlap a better one of the same label by more than `limit`.
 */
export function suppress<T extends Box>(boxes: readonly T[], limit: number, most: number): T[] {
  const kept: T[] = [];
  for (const box of [...boxes].sort((a, b) => b.score - a.score)) {
    if (kept.length >= most) break;
    if (
      !kept.some(
        (other) => other.label === box.label && overlap(other.corners, box.corners) > limit,
      )
    )
      kept.push(box);
  }
  return kept;
}
