// Several segments as one, and several SEGS as one (Impact Pack: SEGSMerge, SEGSConcat).
import { cropMaskRegion } from '../crop-region.ts';
import { emptySegs, type Region, type Seg, type Segs } from '../segs.ts';
import { segsToCombinedMask } from './segs-to-masks.ts';

/** The smallest region that contains all `regions`. */
const boundingRegion = (regions: readonly Region[]): Region => [
  Math.min(Number.MAX_SAFE_INTEGER, ...regions.map((region) => region[0])),
  Math.min(Number.MAX_SAFE_INTEGER, ...regions.map((region) => region[1])),
  Math.max(0, ...regions.map((region) => region[2])),
  Math.max(0, ...regions.map((region) => region[3])),
];

/**
 * SEGSMerge: one segment around all of them, labelled `merged`, with the lowest confidence. Images
 * and ControlNets are dropped.
 */
export function mergeSegs(segs: Segs): Segs {
  const cropRegion = boundingRegion(segs.segs.map((seg) => seg.cropRegion));
  const merged: Seg = {
    croppedMask: cropMaskRegion(segsToCombinedMask(segs), cropRegion),
    confidence: Math.min(1, ...segs.segs.map((seg) => seg.confidence)),
    cropRegion,
    bbox: boundingRegion(segs.segs.map((seg) => seg.bbox)),
    label: 'merged',
  };
  return { ...segs, segs: [merged] };
}

/**
 * SEGSConcat: the segments of all SEGS that have the image size of the first non-empty one. The
 * others are dropped with a warning.
 */
export function concatSegs(list: readonly Segs[], warn?: (message: string) => void): Segs {
  const nonEmpty = list.filter(
    (segs) => segs.segs.length > 0 && (segs.height !== 0 || segs.width !== 0),
  );
  if (!nonEmpty.length) return emptySegs();
  const { height, width } = nonEmpty[0];
  const hasSameSize = (segs: Segs): boolean => segs.height === height && segs.width === width;
  for (const other of nonEmpty.filter((segs) => !hasSameSize(segs)))
    warn?.(
      `SEGS of a ${other.width}x${other.height} image are dropped: ` +
        `the first SEGS are of a ${width}x${height} image`,
    );
  return { height, width, segs: nonEmpty.filter(hasSameSize).flatMap((segs) => segs.segs) };
}
