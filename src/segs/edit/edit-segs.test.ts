import { describe, expect, it } from 'vitest';
import { labelsOf, segA, segB, segment, segsOf } from '../../../test/support/segs.ts';
import { full } from '../../tensor/tensor.ts';
import { emptySegs } from '../segs.ts';
import {
  assignLabels,
  clearControlNets,
  removeImages,
  segsToImageList,
  setDefaultImage,
} from './edit-segs.ts';
import { segsScaleMatch } from './scale-segs.ts';

describe('assignLabels', () => {
  it('assigns labels in order and warns if their number differs', () => {
    const warnings: string[] = [];
    const labelled = assignLabels(segsOf(segA, segB), 'x', (message) => warnings.push(message));
    expect(labelsOf(labelled)).toEqual(['x', 'b']);
    expect(warnings).toEqual(['the number of labels (1) differs from that of SEGS (2)']);
  });
});

describe('images', () => {
  const image = full([1, 8, 10, 3], 0.5);
  const withImages = setDefaultImage(segsOf(segA, segB), image, true);

  it('are cropped from the whole image', () => {
    expect(withImages.segs.map(({ croppedImage }) => croppedImage!.shape)).toEqual([
      [1, 4, 4, 3],
      [1, 3, 6, 3],
    ]);
  });

  it('are not replaced unless they are overridden', () => {
    expect(setDefaultImage(withImages, full([1, 8, 10, 3], 0), false)).toEqual(withImages);
  });

  it('are removed', () => {
    expect(removeImages(withImages).segs[0].croppedImage).toBeUndefined();
  });

  it('are listed, cropped from the fallback, or black', () => {
    expect(segsToImageList(segsOf(segA), image)[0].shape).toEqual([1, 4, 4, 3]);
    expect(segsToImageList(segsOf())[0].shape).toEqual([1, 64, 64, 3]);
  });
});

describe('clearControlNets', () => {
  it('removes the wrappers', () => {
    const controlNetWrapper = { apply: () => ({ positive: [], negative: [], images: [] }) };
    const segs = segsOf(segment([0, 0, 4, 4], { controlNetWrapper }));
    expect(clearControlNets(segs).segs[0].controlNetWrapper).toBeUndefined();
  });
});

describe('segsScaleMatch', () => {
  it('throws for segments without pixels after scaling', () => {
    expect(() => segsScaleMatch(segsOf(segment([8, 0, 9, 8])), [1, 8, 100, 3])).toThrow(
      'has no pixels',
    );
  });

  it('leaves empty SEGS unchanged', () => {
    expect(segsScaleMatch(emptySegs(), [1, 8, 100, 3])).toEqual(emptySegs());
  });
});
