// The width of the token features that a CLIP returns.
import { zeros } from '../../tensor/tensor.ts';
import type { Clip } from './clip.ts';
import { CLIP_FAMILIES } from './families.ts';

/** Returns the width of the features of each token; it depends on the encoders alone. */
export function featureWidth({ family, encoders }: Pick<Clip, 'family' | 'encoders'>): number {
  const parts = encoders.map(
    ({ kind, width }) => [kind, { cond: zeros([1, 1, width]), pooled: null }] as const,
  );
  return CLIP_FAMILIES[family].join(new Map(parts)).cond.shape[2];
}
