// The bilinear filters by which FFmpeg's swscale enlarges rows and columns of chroma samples, in
// its fixed point numbers.

/** Where the filter of an output sample begins in the input, and its weights. */
export interface FilterTap {
  readonly from: number;
  readonly weights: readonly number[];
}

/** Taps that together weigh less than this share are dropped. */
const CUTOFF = 0.002;

/**
 * The filters of `to` samples over `from` centred ones, at most as many; the weights of each add up
 * to `one`.
 */
export function bilinearFilter(from: number, to: number, one: number): readonly FilterTap[] {
  const step = Math.floor((from * 65536 + (to >> 1)) / to);
  if (Math.abs(step - 65536) < 10)
    return Array.from({ length: to }, (_, i) => ({ from: i, weights: [one] }));
  return withinInput(reduced(wideFilter(from, to, step)), from).map((tap) => normalised(tap, one));
}

interface Tap {
  from: number;
  weights: number[];
}

/** Triangles of two samples' width; positions are in units of 1 / 131072 samples. */
function wideFilter(from: number, to: number, step: number): Tap[] {
  const size = Math.max(Math.min(3, from - 2), 1);
  return Array.from({ length: to }, (_, i) => {
    const centre = step - 65536 + 2 * step * i;
    const first = Math.trunc((centre - (size - 2) * 65536) / 131072);
    const weights = Array.from({ length: size }, (_, j) =>
      Math.max(1 - Math.abs((first + j) * 131072 - centre) / 131072, 0),
    );
    return { from: first, weights };
  });
}

/** Drops taps that weigh nothing: first at the left, keeping the order of beginnings. */
function reduced(taps: Tap[]): Tap[] {
  const size = taps[0].weights.length;
  let needed = 0;
  for (let i = taps.length - 1; i >= 0; i--) {
    const tap = taps[i];
    let dropped = 0;
    for (let j = 0; j < size; j++) {
      dropped += tap.weights[0];
      if (dropped > CUTOFF || (i < taps.length - 1 && tap.from >= taps[i + 1].from)) break;
      tap.weights = [...tap.weights.slice(1), 0];
      tap.from++;
    }
    let used = size;
    for (let j = size - 1, right = 0; j > 0; j--, used--) {
      right += tap.weights[j];
      if (right > CUTOFF) break;
    }
    needed = Math.max(needed, used);
  }
  return taps.map(({ from, weights }) => ({ from, weights: weights.slice(0, needed) }));
}

/** Adds the weights of samples before the first and behind the last one to those. */
function withinInput(taps: Tap[], count: number): Tap[] {
  return taps.map(({ from, weights }) => {
    const size = weights.length;
    const begin = Math.max(Math.min(from, count - size), 0);
    const inside = new Array<number>(size).fill(0);
    weights.forEach((weight, j) => {
      const at = Math.min(Math.max(from + j, 0), count - 1);
      inside[at - begin] += weight;
    });
    return { from: begin, weights: inside };
  });
}

/** Rounds the weights; each takes over the error of the one before. */
function normalised({ from, weights }: Tap, one: number): FilterTap {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  let error = 0;
  return {
    from,
    weights: weights.map((weight) => {
      const value = (weight / total) * one + error;
      const rounded = Math.round(value);
      error = value - rounded;
      return rounded;
    }),
  };
}
