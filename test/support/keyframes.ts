// Keyframes of hooks as the golden `hooks/keyframes` has them.
import type { Keyframes } from '../../src/models/hooks/keyframes.ts';

export type Frame = [strength: number, startPercent: number, guaranteeSteps: number];

export const keyframesOf = (frames: readonly Frame[]): Keyframes =>
  frames.map(([strength, startPercent, guaranteeSteps]) => ({
    strength,
    startPercent,
    guaranteeSteps,
  }));
