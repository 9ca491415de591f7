// The current keyframes of a run's hooks (comfy.hooks HookKeyframeGroup).
import type { Keyframes } from '../../models/hooks/keyframes.ts';
import { f32 } from '../float32.ts';
import type { ModelSampling } from '../model/model-sampling.ts';

/**
 * The last sigma at which keyframes were advanced. The original does not forget it between runs: a
 * run that begins there takes the first keyframe for its first evaluation.
 */
export type LastSigmas = WeakMap<Keyframes, number>;

interface KeyframeProgress {
  /** Moves on to the keyframe for `sigma`; without effect if it was the last sigma too. */
  advance(keyframes: Keyframes, sigma: number): void;
  /** The strength of the current keyframe; 1 without keyframes. */
  strength(keyframes: Keyframes): number;
}

interface Position {
  index: number;
  /** Evaluations since the keyframe began. */
  used: number;
}

/** Returns the progress at the beginning of a run over `sigmas`. */
export function keyframeProgress(
  { percentToSigma }: Pick<ModelSampling, 'percentToSigma'>,
  sigmas: Float32Array,
  lastSigmas: LastSigmas = new WeakMap(),
): KeyframeProgress {
  const largest = sigmas.reduce((most, sigma) => Math.max(most, sigma), 0);
  const positions = new Map<Keyframes, Position>();
  const startOf = (keyframes: Keyframes, index: number): number =>
    f32(percentToSigma(keyframes[index].startPercent));
  // a keyframe that begins before the run need not last
  const guaranteed = (keyframes: Keyframes, index: number): number =>
    startOf(keyframes, index) > largest ? 0 : keyframes[index].guaranteeSteps;
  const positionOf = (keyframes: Keyframes): Position => {
    const position = positions.get(keyframes) ?? { index: 0, used: 0 };
    positions.set(keyframes, position);
    return position;
  };
  return {
    advance: (keyframes, sigma) => {
      if (keyframes.length === 0 || lastSigmas.get(keyframes) === sigma) return;
      const position = positionOf(keyframes);
      if (position.used >= guaranteed(keyframes, position.index))
        for (let i = position.index + 1; i < keyframes.length; i++) {
          if (startOf(keyframes, i) < sigma) break;
          position.index = i;
          position.used = 0;
          if (guaranteed(keyframes, i) > 0) break;
        }
      position.used += 1;
      lastSigmas.set(keyframes, sigma);
    },
    strength: (keyframes) => keyframes[positionOf(keyframes).index]?.strength ?? 1,
  };
}
