// FreeU (Si et al. 2023, arXiv 2309.11497): in the output blocks of the two greatest widths, half
// of the backbone's channels are amplified and the low frequencies of the skip are damped.
import type { Value } from '../../onnx/builder.ts';
import { ELEMENT } from '../../onnx/serialize.ts';
import { add, type Net } from '../layers/blocks.ts';

export interface FreeUScales {
  /**
   * Factor of the first half of the backbone's channels (version 1), or of their growth where the
   * backbone is strong (version 2).
   */
  readonly backbone: Value;
  /** What is added to the skip's low frequencies, as a factor of them: scale - 1. */
  readonly skip: Value;
}

/** The features of the backbone [B, C, H, W], and of the skip connection that they meet. */
export interface JoinedFeatures {
  readonly h: Value;
  readonly skip: Value;
}

/** Scales backbone, of `channels`, and skip. The scales are values of one element. */
export function scaleFreeU(
  net: Net,
  version: 1 | 2,
  { h, skip }: JoinedFeatures,
  channels: number,
  scales: FreeUScales,
): JoinedFeatures {
  const { g } = net;
  const half = Math.floor(channels / 2);
  const channelRange = (from: number, to: number): Value =>
    g.op('Slice', [h, g.ints([from]), g.ints([to]), g.ints([1])]);
  const factor = version === 1 ? scales.backbone : structureFactor(net, h, scales.backbone);
  const amplified = g.op('Mul', [channelRange(0, half), factor]);
  return {
    h: g.op('Concat', [amplified, channelRange(half, channels)], { axis: 1 }),
    skip: scaleLowFrequencies(net, skip, scales.skip),
  };
}

/** 1 + scale * the mean over the channels, normalised to 0..1 per image; [B, 1, H, W]. */
function structureFactor(net: Net, h: Value, scale: Value): Value {
  const { g } = net;
  const mean = g.op('ReduceMean', [h, g.ints([1])], { keepdims: 1 });
  const [max, min] = ['ReduceMax', 'ReduceMin'].map((type) =>
    g.op(type, [mean, g.ints([1, 2, 3])], { keepdims: 1 }),
  );
  const normed = g.op('Div', [g.op('Sub', [mean, min]), g.op('Sub', [max, min])]);
  return add(net, g.op('Mul', [normed, scale]), g.floats([1], [1, 1, 1, 1]));
}

/**
 * Adds to x [B, C, H, W] `gain` times its frequencies 0 and -1 of each axis (the four around the
 * middle of the shifted spectrum). They are the projection onto seven waves: 1, and cosine and sine
 * along y, along x and along both.
 */
export function scaleLowFrequencies(net: Net, x: Value, gain: Value): Value {
  const { g } = net;
  const waves = lowFrequencyWaves(net, x);
  const flat = g.op('Reshape', [x, g.ints([0, 0, -1])]);
  const coefficients = g.op('MatMul', [flat, g.op('Transpose', [waves], { perm: [1, 0] })]);
  const low = g.op('MatMul', [coefficients, waves]);
  const size = g.op(
    'Cast',
    [g.op('ReduceProd', [g.op('Shape', [x], { start: 2, end: 4 }), g.ints([0])], { keepdims: 1 })],
    {
      to: ELEMENT.f32,
    },
  );
  const change = g.op('Reshape', [
    g.op('Mul', [low, g.op('Div', [gain, size])]),
    g.op('Shape', [x]),
  ]);
  return add(net, x, change);
}

/**
 * Returns the seven waves, [7, H*W]. On an axis of one cell, frequency -1 is frequency 0, and its
 * waves are 0.
 */
function lowFrequencyWaves(net: Net, x: Value): Value {
  const { g } = net;
  const axis = (index: number, dims: readonly number[]): { phase: Value; counts: Value } => {
    const size = g.op('Cast', [g.op('Shape', [x], { start: index, end: index + 1 })], {
      to: ELEMENT.f32,
    });
    const steps = g.op('Range', [g.floats([0], []), g.op('Squeeze', [size]), g.floats([1], [])]);
    const angle = g.op('Mul', [g.op('Div', [steps, size]), g.floats([2 * Math.PI])]);
    const counts = g.op('Min', [g.op('Sub', [size, g.floats([1])]), g.floats([1])]);
    return { phase: g.op('Reshape', [angle, g.ints(dims)]), counts };
  };
  const [vertical, horizontal] = [axis(2, [-1, 1]), axis(3, [1, -1])];
  const planeShape = g.op('Shape', [x], { start: 2, end: 4 });
  const row = (values: Value): Value =>
    g.op('Reshape', [g.op('Expand', [values, planeShape]), g.ints([1, -1])]);
  const pair = (phase: Value, counts: Value): Value[] =>
    ['Cos', 'Sin'].map((type) => row(g.op('Mul', [g.op(type, [phase]), counts])));
  const rows = [
    row(g.floats([1], [1, 1])),
    ...pair(vertical.phase, vertical.counts),
    ...pair(horizontal.phase, horizontal.counts),
    ...pair(
      add(net, vertical.phase, horizontal.phase),
      g.op('Mul', [vertical.counts, horizontal.counts]),
    ),
  ];
  return g.op('Concat', rows, { axis: 0 });
}
