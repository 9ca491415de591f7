// Identifies ControlNets of diffusion transformers by their tensor names, as ComfyUI's
// load_controlnet does.
import type { TransformerControlLayout } from './identified-model.ts';

interface Marker {
  readonly layout: TransformerControlLayout;
  /** All of these tensors are there. */
  readonly names: readonly string[];
}

const FLUX_BLOCK = 'double_blocks.0.img_attn.norm.key_norm.scale';
const DIFFUSERS_BLOCK = 'transformer_blocks.0.attn.add_q_proj.weight';
const BLOCK = 'controlnet_blocks.0.weight';

/** The first match counts. */
const MARKERS: readonly Marker[] = [
  { layout: 'flux-xlabs', names: [BLOCK, FLUX_BLOCK] },
  { layout: 'flux-mistoline', names: ['controlnet_blocks.0.linear.weight', FLUX_BLOCK] },
  {
    layout: 'sd35',
    names: ['pos_embed_input.proj.weight', BLOCK, 'transformer_blocks.0.adaLN_modulation.1.bias'],
  },
  { layout: 'sd3', names: ['pos_embed_input.proj.weight', BLOCK, DIFFUSERS_BLOCK] },
  {
    layout: 'qwen',
    names: [
      'controlnet_x_embedder.weight',
      BLOCK,
      'transformer_blocks.0.img_mlp.net.0.proj.weight',
    ],
  },
  // those of Qwen-Image have img_in instead of x_embedder
  {
    layout: 'flux',
    names: ['controlnet_x_embedder.weight', 'x_embedder.weight', BLOCK, DIFFUSERS_BLOCK],
  },
];

/** The layout of a ControlNet of a transformer; undefined for other files. */
export const transformerControlIn = (tensors: {
  has(name: string): boolean;
}): TransformerControlLayout | undefined =>
  MARKERS.find(({ names }) => names.every((name) => tensors.has(name)))?.layout;
