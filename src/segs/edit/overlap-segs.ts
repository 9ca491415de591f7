// Filters of segments that overlap (Impact Pack: SEGSIntersectionFilter, SEGSNMSFilter).
import type { Tensor } from '../../tensor/tensor.ts';
import type { Seg, Segs } from '../segs.ts';
import { segsToCombinedMask } from './segs-to-masks.ts';

/** The mask of one segment, [1,H,W]. */
const maskOf = (segs: Segs, seg: Seg): Tensor => segsToCombinedMask({ ...segs, segs: [seg] });

/** The numbers of pixels in which both masks, the first, and either of them are above 0. */
function overlap(
  { data: a }: Tensor,
  { data: b }: Tensor,
): { readonly both: number; readonly first: number; readonly either: number } {
  let [both, first, either] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    const [inFirst, inSecond] = [a[i] > 0, b[i] > 0];
    if (inFirst) first++;
    if (inFirst && inSecond) both++;
    if (inFirst || inSecond) either++;
  }
  return { both, first, either };
}

const share = (part: number, whole: number): number => (whole > 0 ? Math.fround(part / whole) : 0);

/**
 * SEGSIntersectionFilter: the segments of which at most `threshold` (0..1) of the area is inside
 * any one of `others`. As in the original, masks of another size cover everything.
 */
export function withoutIntersecting(segs: Segs, others: Segs, threshold: number): Segs {
  const limit = Math.fround(threshold);
  const sameSize = segs.width === others.width && segs.height === others.height;
  const masks = others.segs.map((seg) => maskOf(others, seg));
  const isCovered = (seg: Seg): boolean => {
    const mask = maskOf(segs, seg);
    return masks.some((other) => {
      const { both, first } = overlap(mask, sameSize ? other : mask);
      return share(both, first) > limit;
    });
  };
  return { ...segs, segs: segs.segs.filter((seg) => !isCovered(seg)) };
}

/**
 * SEGSNMSFilter: of segments whose masks share at least `threshold` (0..1) of their union, the one
 * of the highest confidence; the highest first. Of equal confidences, the last one is the first.
 */
export function withoutOverlaps(segs: Segs, threshold: number): Segs {
  const limit = Math.fround(threshold);
  let candidates = segs.segs
    .map((seg, i) => ({ seg, i, mask: maskOf(segs, seg) }))
    .sort((a, b) => b.seg.confidence - a.seg.confidence || b.i - a.i);
  const kept: Seg[] = [];
  while (candidates.length > 0) {
    const [best, ...rest] = candidates;
    kept.push(best.seg);
    candidates = rest.filter(({ mask }) => {
      const { both, either } = overlap(best.mask, mask);
      return share(both, either) < limit;
    });
  }
  return { ...segs, segs: kept };
}
