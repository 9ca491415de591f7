import { describe, expect, it } from 'vitest';
import { labelsOf, segA, segB, segEye, segsOf, sumOf } from '../../../test/support/segs.ts';
import { emptySegs } from '../segs.ts';
import { concatSegs, mergeSegs } from './merge-segs.ts';
import { segsToCombinedMask } from './segs-to-masks.ts';

describe('mergeSegs', () => {
  it('makes one segment around all of them', () => {
    const [merged] = mergeSegs(segsOf(segA, segB)).segs;
    expect(merged).toMatchObject({
      cropRegion: [0, 0, 8, 5],
      bbox: [0, 0, 8, 5],
      confidence: 0.3,
      label: 'merged',
    });
    expect(merged.croppedMask.shape).toEqual([1, 5, 8]);
  });

  it('makes an empty segment if there are none', () => {
    const merged = mergeSegs(segsOf());
    expect(merged.segs[0].croppedMask.data.length).toBe(0);
    expect(sumOf(segsToCombinedMask(merged))).toBe(0);
  });
});

describe('concatSegs', () => {
  it('joins SEGS of the first size and warns about others', () => {
    const warnings: string[] = [];
    const other = { height: 3, width: 3, segs: [segEye] };
    const all = concatSegs([emptySegs(), segsOf(), segsOf(segA), other, segsOf(segB)], (message) =>
      warnings.push(message),
    );
    expect(labelsOf(all)).toEqual(['a', 'b']);
    expect(warnings).toEqual([
      'SEGS of a 3x3 image are dropped: the first SEGS are of a 10x8 image',
    ]);
  });

  it('returns empty SEGS if all are empty', () => {
    expect(concatSegs([segsOf()])).toEqual(emptySegs());
  });
});
