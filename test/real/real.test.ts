// Real weights beside the originals. They are not part of the project: `npm run real-files` fetches
// them and runs the originals; without that these tests are skipped.
import { describe, expect, it } from 'vitest';
import { detectorFigures } from './detectors.ts';
import type { Figure } from './figure.ts';
import { hasRealFiles } from './packages.ts';
import { descriptionFigures, tensorFigures } from './tensors.ts';
import { upscalerFigures } from './upscalers.ts';

const GROUPS: Readonly<Record<string, () => Promise<Figure[]>>> = {
  'tensors are read to the bit': tensorFigures,
  'models are named': descriptionFigures,
  'detectors find the same boxes': detectorFigures,
  'upscalers return the same pictures': upscalerFigures,
};

describe.skipIf(!hasRealFiles())('real files', () => {
  it.each(Object.entries(GROUPS))('%s', { timeout: 900_000 }, async (_, figuresOf) => {
    const figures = await figuresOf();
    expect(figures.length).toBeGreaterThan(0);
    expect(figures.filter(({ passed }) => !passed)).toEqual([]);
  });
});
