// The prompts of Segment Anything as tokens: the random Fourier features of a point's position plus
// an embedding of its kind.
import { allocate } from '../../tensor/allocate.ts';
import { cos, sin } from '../../tensor/float32/trigonometry.ts';
import type { Tensor } from '../../tensor/tensor.ts';

/** The weights of the prompt encoder. */
export interface PromptWeights {
  /** Frequencies of the Fourier features, [2,F]. */
  readonly frequencies: Tensor;
  /**
   * Embeddings of background point, foreground point, upper left and lower right corner; [1,C]
   * each.
   */
  readonly kinds: readonly Tensor[];
  /** The embedding of padding, [1,C]. */
  readonly notAPoint: Tensor;
}

/**
 * A point of the prompt in pixels of the network's input, and its kind (index into `kinds`); -1 is
 * padding.
 */
export interface PromptPoint {
  readonly x: number;
  readonly y: number;
  readonly kind: number;
}

const f = Math.fround;

/** Returns the Fourier features of a point with coordinates in 0..1, [2 F]. */
function features({ shape: [, count], data }: Tensor, x: number, y: number): Float32Array {
  const [a, b] = [f(f(2 * x) - 1), f(f(2 * y) - 1)];
  const result = allocate(2 * count);
  for (let i = 0; i < count; i++) {
    const angle = f(f(2 * Math.PI) * f(f(a * data[i]) + f(b * data[count + i])));
    result[i] = sin(angle);
    result[count + i] = cos(angle);
  }
  return result;
}

/** Returns the tokens [N,C] of points; `side`: of the network's input, in pixels. */
export function promptTokens(
  points: readonly PromptPoint[],
  { frequencies, kinds, notAPoint }: PromptWeights,
  side: number,
): Tensor {
  const width = 2 * frequencies.shape[1];
  const data = allocate(points.length * width);
  for (const [i, { x, y, kind }] of points.entries()) {
    const position =
      kind < 0
        ? allocate(width)
        : features(frequencies, f(f(x + 0.5) / side), f(f(y + 0.5) / side));
    const embedding = kind < 0 ? notAPoint : kinds[kind];
    for (let c = 0; c < width; c++) data[i * width + c] = position[c] + embedding.data[c];
  }
  return { shape: [points.length, width], data };
}

/** Returns the position features of all cells, [1,C,cells,cells]. */
export function gridPositions({ frequencies }: PromptWeights, cells: number): Tensor {
  const width = 2 * frequencies.shape[1];
  const data = allocate(width * cells * cells);
  for (let y = 0; y < cells; y++)
    for (let x = 0; x < cells; x++) {
      const position = features(frequencies, f((x + 0.5) / cells), f((y + 0.5) / cells));
      for (let c = 0; c < width; c++) data[c * cells * cells + y * cells + x] = position[c];
    }
  return { shape: [1, width, cells, cells], data };
}
