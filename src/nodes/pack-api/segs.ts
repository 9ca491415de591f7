// SEGS: regions of an image with their masks, as the Impact Pack has them.

export { type DetailerSettings, detailForEach } from '../../segs/detail/detailer.ts';
export { blurSegs, dilateSegs } from '../../segs/edit/edit-masks.ts';
export { filterByLabel } from '../../segs/edit/filter-segs.ts';
export { segsToCombinedMask, segsToMaskList } from '../../segs/edit/segs-to-masks.ts';
export { type MaskToSegsOptions, maskToSegs } from '../../segs/make/mask-to-segs.ts';
export { emptySegs, mapSegs, type Seg, type Segs } from '../../segs/segs.ts';
