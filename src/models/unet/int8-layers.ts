// Which layers of a UNet compute in 8-bit integers with --precision int8.
import type { Int8Plan, Scaling } from '../layers/int8.ts';

interface Rule {
  readonly layers: RegExp;
  /** Absent: float32. */
  readonly scaling?: Scaling;
}

/** The first rule that names a layer counts. Errors are those of docs/benchmarks.md: relative, of a trained UNet's output. */
const RULES: readonly Rule[] = [
  // they carry all that the first half found past everything else: alone 3e-2 to 4e-2, more than the rest together, for 2 % of the work
  { layers: /\.skip_connection$/ },
  // one row per picture: no time to be won, and they reach every layer
  { layers: /^(time_embed|label_emb)\.|\.emb_layers\./ },
  // some tokens are far larger than others here: a scale for each takes up to two thirds off the error
  { layers: /\.(ff\.net\.2|attn2\.to_out\.0|proj_in|proj_out)$/, scaling: 'row' },
  { layers: /./, scaling: 'tensor' },
];

/** Narrower layers win nothing; among them are the first and the last convolution. */
const NARROW = 64;

/** The plan of UNets. */
export const INT8_LAYERS: Int8Plan = (layer, [out, width]) => {
  if (out < NARROW || width < NARROW) return undefined;
  return RULES.find(({ layers }) => layers.test(layer))?.scaling;
};
