// The width of the token features that a CLIP returns.
import { zeros } from '../../tensor/tensor.ts';
import type { Clip } from './clip.ts';
import { CLIP_FAMILIES } from './families.ts';

/** Returns the width of the features of each token; it depends on the encoders alone. */
export function featureWidth({ family, encoders }: Pick<Clip, 'family' | 'encoders'>): number {
  const { parts: rules, join } = CLIP_FAMILIES[family];
  const parts = encoders.map(({ kind, width }) => {
    const layer = rules.find((rule) => rule.kind === kind)?.layer;
    const states = typeof layer === 'object' ? layer.length : 1;
    return [kind, { cond: zeros([1, 1, states * width]), pooled: null }] as const;
  });
  return join(new Map(parts)).cond.shape[2];
}
