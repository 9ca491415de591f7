// The boxes that detectors return, and non-maximum suppression.

export interface Box {
  /** In pixels of the image. */
  readonly corners: readonly [left: number, top: number, right: number, bottom: number];
  /** Confidence, 0..1. */
  readonly score: number;
  readonly label: string;
}

/** The corners of a box around a centre, in float32. */
export const cornersAround = (
  centreX: number,
  centreY: number,
  width: number,
  height: number,
): Box['corners'] => [
  Math.fround(centreX - width / 2),
  Math.fround(centreY - height / 2),
  Math.fround(centreX + width / 2),
  Math.fround(centreY + height / 2),
];

const areaOf = ([x1, y1, x2, y2]: Box['corners']): number =>
  Math.max(0, x2 - x1) * Math.max(0, y2 - y1);

/** Returns the intersection over union of two boxes, 0..1. */
export function intersectionOverUnion(a: Box['corners'], b: Box['corners']): number {
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
 * Non-maximum suppression: returns at most `maxCount` boxes by falling score, without those whose
 * overlap with a better one of the same label (intersection over union) is above `maxOverlap`.
 */
export function suppressOverlaps<T extends Box>(
  boxes: readonly T[],
  maxOverlap: number,
  maxCount: number,
): T[] {
  const selected: T[] = [];
  const isSuppressed = ({ label, corners }: T): boolean =>
    selected.some(
      (better) =>
        better.label === label && intersectionOverUnion(better.corners, corners) > maxOverlap,
    );
  for (const box of [...boxes].sort((a, b) => b.score - a.score)) {
    if (selected.length >= maxCount) break;
    if (!isSuppressed(box)) selected.push(box);
  }
  return selected;
}
