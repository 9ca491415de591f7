// The prompts of Segment Anything as tokens: random Fourier features of places, and what they stand for.
import type { Tensor } from '../../tensor/tensor.ts';

export interface PromptWeights {
  /** [2,F]. */
  readonly frequencies: Tensor;
  /** Not of it, of it, upper left corner, lower right corner; [1,C] each. */
  readonly kinds: readonly Tensor[];
  readonly notAPoint: Tensor;
}

/** Where a token is, in pixels of the network's input, and which kind it is; -1: it fills up. */
export interface Place {
  readonly x: number;
  readonly y: number;
  readonly kind: number;
}

const f = Math.fround;

/** Features of a place whose coordinates are 0..1, [2 F]. */
function features({ shape: [, count], data }: Tensor, x: number, y: number): Float32Array {
  const [a, b] = [f(f(2 * x) - 1), f(f(2 * y) - 1)];
  const result = new Float32Array(2 * count);
  for (let i = 0; i < count; i++) {
    const angle = f(f(2 * Math.PI) * f(f(a * data[i]) + f(b * data[count + i])));
    result[i] = Math.sin(angle);
    result[count + i] = Math.cos(angle);
  }
  return result;
}

/** Tokens [N,C] of places. */
export function promptTokens(
  places: readonly Place[],
  { frequencies, kinds, notAPoint }: PromptWeights,
  side: number,
): Tensor {
  const width = 2 * frequencies.shape[1];
  const data = new Float32Array(places.length * width);
  for (const [i, { x, y, kind }] of places.entries()) {
    const where =
      kind < 0
        ? new Float32Array(width)
        : features(frequencies, f(f(x + 0.5) / side), f(f(y + 0.5) / side));
    const what = kind < 0 ? notAPoint : kinds[kind];
    for (let c = 0; c < width; c++) data[i * width + c] = where[c] + what.data[c];
  }
  return { shape: [places.length, width], data };
}

/** The places of all cells [1,C,cells,cells]. */
export function gridPositions({ frequencies }: PromptWeights, cells: number): Tensor {
  const width = 2 * frequencies.shape[1];
  const data = new Float32Array(width * cells * cells);
  for (let y = 0; y < cells; y++)
    for (let x = 0; x < cells; x++) {
      const at = features(frequencies, f((x + 0.5) / cells), f((y + 0.5) / cells));
      for (let c = 0; c < width; c++) data[c * cells * cells + y * cells + x] = at[c];
    }
  return { shape: [1, width, cells, cells], data };
}
