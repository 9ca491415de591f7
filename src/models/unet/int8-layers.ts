// The layers of a UNet that compute in 8-bit integers with --precision int8.
import type { Int8Plan, Scaling } from '../layers/int8.ts';

interface Rule {
  readonly layers: RegExp;
  /** Absent: float32. */
  readonly scaling?: Scaling;
}

/**
 * The first rule that matches a layer applies. Errors are relative to a trained UNet's output, as
 * measured in docs/benchmarks.md.
 */
const RULES: readonly Rule[] = [
  // Skip connections carry the first half's features past all other layers: alone they add an error
  // of 3e-2 to 4e-2, more than the rest together, for 2 % of the work.
  { layers: /\.skip_connection$/ },
  // One row per image: nothing to gain, and their error reaches every layer.
  { layers: /^(time_embed|label_emb)\.|\.emb_layers\./ },
  // Some tokens are far larger than others here: a scale per row removes up to two thirds of the
  // error.
  { layers: /\.(ff\.net\.2|attn2\.to_out\.0|proj_in|proj_out)$/, scaling: 'row' },
  { layers: /./, scaling: 'tensor' },
];

/** Narrower layers gain nothing; the first and the last convolution are among them. */
const NARROW = 64;

/** The int8 plan of UNets. */
export const INT8_LAYERS: Int8Plan = (layer, [out, width]) => {
  if (out < NARROW || width < NARROW) return undefined;
  return RULES.find(({ layers }) => layers.test(layer))?.scaling;
};
