import { describe, expect, it } from 'vitest';
import { labelsOf, segA, segB, segEye, segment, segsOf } from '../../../test/support/segs.ts';
import { filterByLabel, filterByOrder, filterByRange, pickSegs } from './filter-segs.ts';
import { pythonSetOrder } from './python-set-order.ts';

const all = segsOf(segA, segB, segEye);

describe('filterByLabel', () => {
  it('selects labels, and both labels of a pair', () => {
    expect(labelsOf(filterByLabel(all, ' eyes , b').filtered)).toEqual(['b', 'left_eye']);
    expect(labelsOf(filterByLabel(all, 'eyes').remained)).toEqual(['a', 'b']);
  });

  it('selects everything for all', () => {
    expect(filterByLabel(all, 'all')).toEqual({ filtered: all, remained: segsOf() });
  });
});

describe('filterByOrder', () => {
  it('selects a range of the sorted segments', () => {
    const byArea = filterByOrder(all, 'area(=w*h)', true, 0, 2);
    const byConfidence = filterByOrder(all, 'confidence', false, 1, 1);
    expect(labelsOf(byArea.filtered)).toEqual(['b', 'a']);
    expect(labelsOf(byConfidence.filtered)).toEqual(['left_eye']);
  });

  it('keeps the order of the segments for none, in both directions', () => {
    expect(labelsOf(filterByOrder(all, 'none', true, 1, 2).filtered)).toEqual(['b', 'left_eye']);
    expect(labelsOf(filterByOrder(all, 'none', false, 0, 1).filtered)).toEqual(['a']);
  });
});

describe('filterByRange', () => {
  it('selects segments inside or outside a range', () => {
    const inside = filterByRange(all, 'length_percent', true, 150, 300);
    const outside = filterByRange(all, 'confidence(0-100)', false, 40, 60);
    expect(labelsOf(inside.filtered)).toEqual(['b']);
    expect(labelsOf(outside.filtered)).toEqual(['a', 'b']);
  });
});

describe('pickSegs', () => {
  const ten = segsOf(
    ...Array.from({ length: 10 }, (_, i) => segment([0, 0, 2, 2], { label: `${i + 1}` })),
  );

  it('ignores repeated, unknown and malformed numbers', () => {
    expect(labelsOf(pickSegs(ten, '3, x, 1, 40, 3'))).toEqual(['1', '3']);
  });

  it('returns the segments in the order of a Python set', () => {
    expect(labelsOf(pickSegs(ten, '2,9'))).toEqual(['9', '2']);
  });
});

describe('pythonSetOrder', () => {
  it('is the order of CPython: list({8, 1}) == [8, 1]', () => {
    expect(pythonSetOrder([8, 1])).toEqual([8, 1]);
  });
});
