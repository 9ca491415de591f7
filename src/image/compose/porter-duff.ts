// Composites two images with transparency ("Compositing Digital Images", Porter and Duff 1984, and
// later blend modes) as ComfyUI's comfy_extras/nodes_compositing.py does. Values are float32;
// colours are premultiplied by their alpha. In formulas s, sa, d and da are source and destination
// colour and alpha.
import { allocate } from '../../tensor/allocate.ts';
import { type Tensor, tensor } from '../../tensor/tensor.ts';

const f = Math.fround;
const unit = (value: number): number => Math.min(Math.max(value, 0), 1);
/** The alpha of two layers together. */
const union = (a: number, b: number): number => f(f(a + b) - f(a * b));
const rest = (alpha: number): number => f(1 - alpha);
/** The colour of each layer where the other does not cover it. */
const uncovered = (s: number, sa: number, d: number, da: number): number =>
  f(f(rest(da) * s) + f(rest(sa) * d));

interface Mode {
  /** The alpha of the result. */
  alpha(sa: number, da: number): number;
  /** A premultiplied colour of the result. */
  colour(s: number, sa: number, d: number, da: number): number;
}

/** The modes by their names in the node's list. */
export const PORTER_DUFF = {
  ADD: { alpha: (sa, da) => unit(f(sa + da)), colour: (s, _, d) => unit(f(s + d)) },
  CLEAR: { alpha: () => 0, colour: () => 0 },
  DARKEN: { alpha: union, colour: (s, sa, d, da) => f(uncovered(s, sa, d, da) + Math.min(s, d)) },
  DST: { alpha: (_, da) => da, colour: (_s, _sa, d) => d },
  DST_ATOP: { alpha: (sa) => sa, colour: (s, sa, d, da) => f(f(sa * d) + f(rest(da) * s)) },
  DST_IN: { alpha: (sa, da) => f(sa * da), colour: (_, sa, d) => f(d * sa) },
  DST_OUT: { alpha: (sa, da) => f(rest(sa) * da), colour: (_, sa, d) => f(rest(sa) * d) },
  DST_OVER: {
    alpha: (sa, da) => f(da + f(rest(da) * sa)),
    colour: (s, _, d, da) => f(d + f(rest(da) * s)),
  },
  LIGHTEN: { alpha: union, colour: (s, sa, d, da) => f(uncovered(s, sa, d, da) + Math.max(s, d)) },
  MULTIPLY: { alpha: (sa, da) => f(sa * da), colour: (s, _, d) => f(s * d) },
  OVERLAY: {
    alpha: union,
    colour: (s, sa, d, da) =>
      2 * d < da ? f(f(2 * s) * d) : f(f(sa * da) - f(f(2 * f(da - s)) * f(sa - d))),
  },
  SCREEN: { alpha: union, colour: (s, _, d) => f(f(s + d) - f(s * d)) },
  SRC: { alpha: (sa) => sa, colour: (s) => s },
  SRC_ATOP: { alpha: (_, da) => da, colour: (s, sa, d, da) => f(f(da * s) + f(rest(sa) * d)) },
  SRC_IN: { alpha: (sa, da) => f(sa * da), colour: (s, _sa, _d, da) => f(s * da) },
  SRC_OUT: { alpha: (sa, da) => f(rest(da) * sa), colour: (s, _sa, _d, da) => f(rest(da) * s) },
  SRC_OVER: {
    alpha: (sa, da) => f(sa + f(rest(sa) * da)),
    colour: (s, sa, d) => f(s + f(rest(sa) * d)),
  },
  XOR: { alpha: (sa, da) => f(f(rest(da) * sa) + f(rest(sa) * da)), colour: uncovered },
} as const satisfies Record<string, Mode>;

export type PorterDuffMode = keyof typeof PORTER_DUFF;

/** An image with transparency: colours [1,H,W,C] in 0..1 and a mask [1,H,W] of 1 - alpha. */
export interface Cutout {
  readonly image: Tensor;
  readonly mask: Tensor;
}

/** Composites `source` with `destination`, which has the same size. */
export function porterDuff(source: Cutout, destination: Cutout, name: PorterDuffMode): Cutout {
  const mode: Mode = PORTER_DUFF[name];
  const channels = source.image.shape[3];
  const colours = allocate(source.image.data.length);
  const mask = allocate(source.mask.data.length);
  for (let i = 0; i < mask.length; i++) {
    const [sa, da] = [rest(source.mask.data[i]), rest(destination.mask.data[i])];
    const alpha = mode.alpha(sa, da);
    mask[i] = 1 - alpha;
    for (let at = i * channels; at < (i + 1) * channels; at++) {
      const colour = mode.colour(
        f(source.image.data[at] * sa),
        sa,
        f(destination.image.data[at] * da),
        da,
      );
      colours[at] = alpha > 1e-5 ? unit(colour / alpha) : 0;
    }
  }
  return { image: tensor(source.image.shape, colours), mask: tensor(source.mask.shape, mask) };
}
