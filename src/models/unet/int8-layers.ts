// The layers of a UNet that compute in 8-bit integers with --precision int8.
import type { Int8Plan, Scaling } from '../layers/int8.ts';

interface Rule {
  readonly layers: RegExp;
  /** Absent: the layers stay in float32. */
  readonly scaling?: Scaling;
}

/**
 * The first rule that matches a layer applies. Errors are relative to a trained UNet's output, as
 * measured in docs/benchmarks.md.
 */
const RULES: readonly Rule[] = [
  // Skip connections pass the first half's features by all other layers: alone they add an error of
  // 3e-2 to 4e-2, more than all other layers together, for 2 % of the work.
  { layers: /\.skip_connection$/ },
  // These compute one row per image: int8 saves no time, and their error reaches every layer.
  { layers: /^(time_embed|label_emb)\.|\.emb_layers\./ },
  // In their inputs, some tokens are far larger than others: a scale per row removes up to two
  // thirds of the error.
  { layers: /\.(ff\.net\.2|attn2\.to_out\.0|proj_in|proj_out)$/, scaling: 'row' },
  { layers: /./, scaling: 'tensor' },
];

/** Narrower layers, the first and the last convolution among them, stay in float32. */
const MIN_WIDTH = 64;

/** Says which layers of a UNet compute in int8, and how their activations are scaled. */
export const INT8_LAYERS: Int8Plan = (layer, [out, width]) => {
  if (out < MIN_WIDTH || width < MIN_WIDTH) return undefined;
  return RULES.find(({ layers }) => layers.test(layer))?.scaling;
};
