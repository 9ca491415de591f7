// Which layers of a UNet compute in 8-bit integers with --precision int8.
import type { Int8Plan, Scaling } from '../int8.ts';

interface Rule {
  readonly layers: RegExp;
  /** Absent: float32. */
  readonly scaling?: Scaling;
}

/** The first rule that names a layer counts. */
const RULES: readonly Rule[] = [
  // of a row per picture: no time to be won, and they reach every layer
  { layers: /^(time_embed|label_emb)\.|\.emb_layers\./ },
  { layers: /./, scaling: 'tensor' },
];

/** Narrower layers win nothing; among them are the first and the last convolution. */
const NARROW = 64;

/** The plan of UNets. */
export const INT8_LAYERS: Int8Plan = (layer, [out, width]) => {
  if (out < NARROW || width < NARROW) return undefined;
  return RULES.find(({ layers }) => layers.test(layer))?.scaling;
};
