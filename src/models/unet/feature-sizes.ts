// The sizes of a UNet's feature maps: where deep shrink changes them, and what they are in one
// evaluation.
import { DarkroomError } from '../../errors.ts';
import type { Size } from '../../image/geometry.ts';
import { roundHalfEven } from '../../tensor/round-half-even.ts';
import { hasLayer, type UNetConfig, type UNetLayer } from './config.ts';
import type { Resize } from './feature-resize.ts';
import type { DeepShrink } from './unet-patch.ts';

/** Where features are resized. Numbers are indices of patches and blocks. */
export interface ShrinkPoints {
  /** The patches. */
  readonly shrinks: readonly DeepShrink[];
  /** By input block: the patches that act before its output is stored as a skip connection. */
  readonly before: readonly (readonly number[])[];
  /** By input block: the patches that act after that. */
  readonly after: readonly (readonly number[])[];
  /** By input block: the number of patches before the skip. */
  readonly depths: readonly number[];
  /** Output blocks whose features may differ in size from the skip. */
  readonly joins: ReadonlySet<number>;
  /** Output blocks that enlarge to a size that may be neither twice theirs nor one less. */
  readonly ups: ReadonlySet<number>;
}

/** Returns the points at which `shrinks` act in a UNet. */
export function shrinkPoints(
  { input, output }: UNetConfig,
  shrinks: readonly DeepShrink[],
): ShrinkPoints {
  const at = (block: number, afterSkip: boolean): number[] =>
    [...shrinks.keys()].filter(
      (i) => shrinks[i].block === block && shrinks[i].afterSkip === afterSkip,
    );
  const before = input.map((_, i) => at(i, false));
  const after = input.map((_, i) => at(i, true));
  const depths: number[] = [];
  let depth = 0;
  for (const i of input.keys()) {
    depth += before[i].length;
    depths.push(depth);
    depth += after[i].length;
  }
  const [joins, ups] = [new Set<number>(), new Set<number>()];
  for (const [j, block] of output.entries()) {
    const skip = input.length - 1 - j;
    if (depth !== depths[skip]) joins.add(j);
    depth = depths[skip];
    if (!hasLayer(block, 'up') || skip === 0) continue;
    if (depth !== depths[skip - 1]) ups.add(j);
    depth = depths[skip - 1];
  }
  return { shrinks, before, after, depths, joins, ups };
}

/** The sizes in one evaluation. */
export interface FeatureSizes {
  /** By patch of deep shrink; absent where it does not act in this UNet. */
  readonly shrunk: readonly (Resize | undefined)[];
  /** By output block: from its features to the skip connection. */
  readonly joins: readonly Resize[];
  /** By output block: from its features to the next skip connection. */
  readonly ups: readonly Resize[];
  /** The outputs of the input blocks, before deep shrink. */
  readonly input: readonly Size[];
  /** The skip connections, by input block. */
  readonly skips: readonly Size[];
  readonly middle: Size;
  /** By self-attention, in the order of evaluation. */
  readonly attentions: readonly Size[];
}

/**
 * Follows an input of `size` through the UNet at noise level `sigma`. Throws DR_INPUT_INVALID where
 * features would have no size, or cannot meet their skip connection.
 */
export function featureSizes(
  config: UNetConfig,
  { shrinks, before, after }: ShrinkPoints,
  size: Size,
  sigma: number,
): FeatureSizes {
  const shrunk: (Resize | undefined)[] = shrinks.map(() => undefined);
  const attentions: Size[] = [];
  const [input, skips, joins, ups]: [Size[], Size[], Resize[], Resize[]] = [[], [], [], []];
  let h = size;
  const attend = (block: readonly UNetLayer[]): void => {
    for (const layer of block)
      if (layer.kind === 'transformer') for (let i = 0; i < layer.depth; i++) attentions.push(h);
  };
  const shrink = (indices: readonly number[]): void => {
    for (const i of indices) {
      const to = shrunkSize(h, shrinks[i], sigma);
      shrunk[i] = { from: h, to };
      h = to;
    }
  };
  for (const [i, block] of config.input.entries()) {
    if (hasLayer(block, 'down')) h = { width: (h.width + 1) >> 1, height: (h.height + 1) >> 1 };
    attend(block);
    input.push(h);
    shrink(before[i]);
    skips.push(h);
    shrink(after[i]);
  }
  attend(config.middle);
  const middle = h;
  for (const [j, block] of config.output.entries()) {
    const skip = skips[skips.length - 1 - j];
    joins.push({ from: h, to: skip });
    checkJoin(h, skip);
    h = skip;
    attend(block);
    const next = skips[skips.length - 2 - j] ?? h;
    ups.push({ from: h, to: next });
    if (hasLayer(block, 'up')) h = next;
  }
  return { shrunk, joins, ups, input, skips, middle, attentions };
}

function shrunkSize(size: Size, { factor, startSigma, endSigma }: DeepShrink, sigma: number): Size {
  if (sigma > startSigma || sigma < endSigma) return size;
  const scale = (length: number): number => roundHalfEven(length * (1 / factor));
  const scaled = { width: scale(size.width), height: scale(size.height) };
  if (scaled.width > 0 && scaled.height > 0) return scaled;
  throw new DarkroomError('DR_INPUT_INVALID', {
    message:
      `PatchModelAddDownscale: features of ${size.width}x${size.height} divided by ${factor} ` +
      'would have no size',
    hint: 'Use a smaller downscale_factor or block_number, or a larger image.',
    input: 'downscale_factor',
  });
}

/** As in the original, features are resized where their height differs from the skip's. */
function checkJoin(h: Size, skip: Size): void {
  if (h.height !== skip.height || h.width === skip.width) return;
  throw new DarkroomError('DR_INPUT_INVALID', {
    message:
      `PatchModelAddDownscale changed the width of features from ${skip.width} to ${h.width}, ` +
      'but not their height, and ComfyUI enlarges only what differs in height',
    hint: 'Use a downscale_factor that is farther from 1, or another image size.',
    input: 'downscale_factor',
  });
}
