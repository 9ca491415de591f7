// Gives images the colours of others: mean and spread of L*a*b* (Reinhard et al. 2001), the linear
// Monge-Kantorovitch map of their covariances (Pitié and Kokaram 2007), or histograms.
// Source: ComfyUI 0.33.0 comfy_extras/nodes_post_processing.py (ColorTransfer).
import { EigenvalueDecomposition, Matrix } from 'ml-matrix';
import { allocate } from '../../tensor/allocate.ts';
import { sliceBatch, type Tensor } from '../../tensor/tensor.ts';
import { labToRgb, rgbToLab } from './lab.ts';

export type TransferMethod = 'reinhard_lab' | 'mkl_lab' | 'histogram';

/** Which frames the statistics of the source are of. */
export type SourceStats =
  | { readonly source_stats: 'per_frame' }
  | { readonly source_stats: 'uniform' }
  | { readonly source_stats: 'target_frame'; readonly target_index: number };

export interface TransferOptions {
  readonly method: TransferMethod;
  readonly stats: SourceStats;
  /** 1 for all of it; more exaggerates. */
  readonly strength: number;
  readonly onFrame?: (frame: number) => void;
}

/** Images [N,H,W,C] with the colours of `reference`; 3 channels except for histograms. */
export function transferColours(
  target: Tensor,
  reference: Tensor,
  options: TransferOptions,
): Tensor {
  const change =
    options.method === 'histogram'
      ? histogramChange(target, reference, options)
      : labChange(target, reference, options);
  const data = allocate(target.data.length);
  const size = target.data.length / target.shape[0];
  for (let frame = 0; frame < target.shape[0]; frame++) {
    const changed = change(frameOf(target, frame), frame);
    for (let i = 0; i < size; i++) data[frame * size + i] = Math.max(0, Math.min(1, changed[i]));
    options.onFrame?.(frame);
  }
  return { shape: [...target.shape], data };
}

/** Changes the pixels of a frame. */
type Change = (pixels: Float32Array, frame: number) => Float32Array;

const frameOf = (images: Tensor, frame: number): Float32Array =>
  sliceBatch(images, frame, frame + 1).data;

const framesOf = (images: Tensor): Float32Array[] =>
  Array.from({ length: images.shape[0] }, (_, frame) => frameOf(images, frame));

/** The frames whose statistics hold for all; undefined where each frame has its own. */
function commonSource(target: Tensor, stats: SourceStats): Float32Array[] | undefined {
  if (stats.source_stats === 'per_frame') return undefined;
  if (stats.source_stats === 'uniform') return framesOf(target);
  return [frameOf(target, Math.min(stats.target_index, target.shape[0] - 1))];
}

/** torch.lerp in float32. */
const f = Math.fround;
const lerp = (from: number, to: number, weight: number): number =>
  weight < 0.5 ? f(from + f(f(weight) * f(to - from))) : f(to - f(f(to - from) * f(1 - f(weight))));

const blend = (from: Float32Array, to: Float32Array, strength: number): Float32Array =>
  strength === 1 ? to : to.map((value, i) => lerp(from[i], value, strength));

// ---- histograms ----

const BINS = 256;
const binOf = (value: number): number =>
  Math.max(0, Math.min(BINS - 1, Math.trunc(f(value * (BINS - 1)))));

/** The share of values up to each bin, for each channel. */
function cumulativeShares(frames: readonly Float32Array[], channels: number): Float32Array[] {
  const counts = Array.from({ length: channels }, () => new Float64Array(BINS));
  for (const frame of frames)
    for (let i = 0; i < frame.length; i++) counts[i % channels][binOf(frame[i])]++;
  return counts.map((bins) => {
    const total = bins.reduce((sum, count) => sum + count, 0);
    let sum = 0;
    return Float32Array.from(bins, (count) => {
      sum += count;
      return sum / total;
    });
  });
}

/** The value that each bin of the source becomes, for each channel. */
function lookUpTables(source: Float32Array[], reference: Float32Array[]): Float32Array[] {
  return source.map((shares, channel) =>
    shares.map((share) => {
      const found = reference[channel].findIndex((other) => other >= share);
      return (found < 0 ? BINS - 1 : found) / (BINS - 1);
    }),
  );
}

function histogramChange(
  target: Tensor,
  reference: Tensor,
  { stats, strength }: TransferOptions,
): Change {
  const channels = target.shape[3];
  const source = commonSource(target, stats);
  const common =
    source &&
    lookUpTables(
      cumulativeShares(source, channels),
      cumulativeShares(framesOf(reference), channels),
    );
  return (pixels, frame) => {
    const other = frameOf(reference, Math.min(frame, reference.shape[0] - 1));
    const tables =
      common ??
      lookUpTables(cumulativeShares([pixels], channels), cumulativeShares([other], channels));
    const matched = pixels.map((value, i) => tables[i % channels][binOf(value)]);
    return blend(pixels, matched, strength);
  };
}

// ---- L*a*b* ----

/** The means of the three planes, and their covariances; for Reinhard only the variances count. */
interface Statistics {
  readonly mean: readonly number[];
  readonly covariance: Matrix;
}

const EPSILON = 1e-6;

/** Statistics of all frames together; each frame counts the same. */
function statisticsOf(frames: readonly Float32Array[]): Statistics {
  const planes = frames.map((lab) =>
    [0, 1, 2].map((plane) =>
      lab.subarray((plane * lab.length) / 3, ((plane + 1) * lab.length) / 3),
    ),
  );
  const average = (of: (frame: Float32Array[]) => number): number =>
    planes.reduce((sum, frame) => sum + of(frame), 0) / planes.length;
  const mean = [0, 1, 2].map((plane) =>
    average((frame) => frame[plane].reduce((sum, value) => sum + value, 0) / frame[plane].length),
  );
  const covariance = Matrix.zeros(3, 3);
  for (let a = 0; a < 3; a++)
    for (let b = 0; b < 3; b++)
      covariance.set(
        a,
        b,
        average((frame) => {
          let sum = 0;
          for (let i = 0; i < frame[a].length; i++)
            sum += (frame[a][i] - mean[a]) * (frame[b][i] - mean[b]);
          return sum / frame[a].length;
        }),
      );
  return { mean, covariance };
}

const eigen = (matrix: Matrix): EigenvalueDecomposition =>
  new EigenvalueDecomposition(matrix, { assumeSymmetric: true });

/** The linear map that gives values of covariance `from` the covariance `to`. */
function kantorovitchMap(from: Matrix, to: Matrix): Matrix {
  const source = eigen(from);
  const roots = source.realEigenvalues.map((value) =>
    Math.max(EPSILON, Math.sqrt(Math.max(0, value))),
  );
  const vectors = source.eigenvectorMatrix;
  const scaled = vectors.mmul(Matrix.diag(roots));
  const middle = eigen(scaled.transpose().mmul(to).mmul(scaled));
  const half = middle.eigenvectorMatrix
    .mmul(Matrix.diag(middle.realEigenvalues.map((value) => Math.sqrt(Math.max(0, value)))))
    .mmul(middle.eigenvectorMatrix.transpose());
  const inverse = vectors.mmul(Matrix.diag(roots.map((root) => 1 / root)));
  return inverse.mmul(half).mmul(inverse.transpose());
}

/** Scales each plane by itself. */
function reinhardMap(from: Matrix, to: Matrix): Matrix {
  const deviation = (matrix: Matrix, plane: number): number =>
    Math.max(EPSILON, Math.sqrt(matrix.get(plane, plane)));
  return Matrix.diag([0, 1, 2].map((plane) => deviation(to, plane) / deviation(from, plane)));
}

function labChange(
  target: Tensor,
  reference: Tensor,
  { method, stats, strength }: TransferOptions,
): Change {
  const mapOf = method === 'mkl_lab' ? kantorovitchMap : reinhardMap;
  const source = commonSource(target, stats);
  const labs = (frames: readonly Float32Array[]): Float32Array[] => frames.map(rgbToLab);
  const common = source && statisticsOf(labs(source));
  const all =
    source || reference.shape[0] === 1 ? statisticsOf(labs(framesOf(reference))) : undefined;
  return (pixels, frame) => {
    const lab = rgbToLab(pixels);
    const from = common ?? statisticsOf([lab]);
    const other = Math.min(frame, reference.shape[0] - 1);
    const to = all ?? statisticsOf(labs([frameOf(reference, other)]));
    const corrected = mapped(lab, from.mean, mapOf(from.covariance, to.covariance), to.mean);
    return labToRgb(blend(lab, corrected, strength));
  };
}

/** map * (lab - from) + to */
function mapped(
  lab: Float32Array,
  from: readonly number[],
  map: Matrix,
  to: readonly number[],
): Float32Array {
  const count = lab.length / 3;
  const result = allocate(lab.length);
  for (let i = 0; i < count; i++)
    for (let row = 0; row < 3; row++) {
      let sum = to[row];
      for (let plane = 0; plane < 3; plane++)
        sum += map.get(row, plane) * (lab[plane * count + i] - from[plane]);
      result[row * count + i] = sum;
    }
  return result;
}
