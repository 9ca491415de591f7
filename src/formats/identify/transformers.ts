// Identifies diffusion transformers by their tensor names, as ComfyUI's model_detection does.
import type { TensorInfo } from '../tensor-file.ts';
import type { DenoiserPart, TransformerFamily } from './identified-model.ts';

type Tensors = ReadonlyMap<string, TensorInfo>;

interface Marker {
  readonly family: (has: (name: string) => boolean) => TransformerFamily;
  /** All of these tensors are there; of an array, one of them. */
  readonly names: readonly (string | readonly string[])[];
  /** The width of a tensor that tells the family from another one with the same names. */
  readonly width?: { readonly name: string; readonly isNot: number };
  readonly layout?: 'diffusers';
}

/** The first match counts. */
const MARKERS: readonly Marker[] = [
  {
    family: () => 'qwen-image-21',
    names: [
      'txt_in.text_norm.weight',
      'modulation.1.weight',
      'transformer_blocks.0.attn.norm_q.weight',
      'img_in.weight',
      'proj_out.weight',
      ['transformer_blocks.0.img_mlp.gate_up.weight', 'transformer_blocks.0.img_mlp.proj.weight'],
    ],
  },
  {
    family: () => 'qwen-image',
    // its ControlNets have no last layer
    names: [
      'txt_norm.weight',
      'img_in.weight',
      'transformer_blocks.0.attn.add_q_proj.weight',
      'proj_out.weight',
    ],
    // Mage-Flow
    width: { name: 'txt_norm.weight', isNot: 2560 },
  },
  {
    family: () => 'krea2',
    names: ['txtfusion.projector.weight', 'first.weight', 'blocks.0.attn.wq.weight'],
  },
  {
    family: () => 'anima',
    names: [
      'blocks.0.mlp.layer1.weight',
      'llm_adapter.blocks.0.cross_attn.q_proj.weight',
      'x_embedder.proj.1.weight',
    ],
  },
  { family: () => 'sd3', names: ['joint_blocks.0.context_block.attn.qkv.weight'] },
  {
    family: () => 'auraflow',
    names: ['double_layers.0.attn.w1q.weight', 'positional_encoding', 'cond_seq_linear.weight'],
  },
  {
    family: () => 'auraflow',
    layout: 'diffusers',
    names: ['joint_transformer_blocks.0.attn.add_k_proj.weight', 'pos_embed.pos_embed'],
  },
  {
    family: () => 'hidream',
    names: ['caption_projection.0.linear.weight', 'double_stream_blocks.0.block.ff_t.w1.weight'],
  },
  {
    family: () => 'chroma',
    names: [
      [
        'distilled_guidance_layer.0.norms.0.scale',
        'distilled_guidance_layer.norms.0.scale',
        'distilled_guidance_layer.norms.0.weight',
      ],
      'double_blocks.0.img_attn.qkv.weight',
      'img_in.weight',
    ],
  },
  {
    family: () => 'flux2',
    names: [
      'double_stream_modulation_img.lin.weight',
      'double_blocks.0.img_attn.qkv.weight',
      'img_in.weight',
    ],
  },
  {
    family: (has) => {
      if (!has('vector_in.in_layer.weight')) return 'longcat-image';
      return has('guidance_in.in_layer.weight') ? 'flux' : 'flux-schnell';
    },
    names: [
      [
        'double_blocks.0.img_attn.norm.key_norm.scale',
        'double_blocks.0.img_attn.norm.key_norm.weight',
      ],
      'double_blocks.0.img_mod.lin.weight',
      'img_in.weight',
    ],
  },
  {
    family: (has) => (has('layers.0.adaLN_modulation.0.weight') ? 'z-image' : 'lumina2'),
    names: [
      'cap_embedder.1.weight',
      'noise_refiner.0.attention.k_norm.weight',
      'x_embedder.weight',
      'final_layer.linear.weight',
    ],
  },
  {
    family: () => 'z-image',
    layout: 'diffusers',
    names: ['noise_refiner.0.attention.norm_k.weight', 'all_x_embedder.2-1.weight'],
  },
  {
    family: () => 'flux2',
    layout: 'diffusers',
    names: [
      'x_embedder.weight',
      'transformer_blocks.0.attn.norm_added_k.weight',
      'double_stream_modulation_img.linear.weight',
    ],
  },
  {
    family: (has) =>
      has('time_text_embed.guidance_embedder.linear_1.weight') ? 'flux' : 'flux-schnell',
    layout: 'diffusers',
    names: [
      'x_embedder.weight',
      'transformer_blocks.0.attn.norm_added_k.weight',
      'single_transformer_blocks.0.attn.norm_q.weight',
    ],
  },
  {
    family: () => 'sd3',
    layout: 'diffusers',
    names: ['transformer_blocks.0.attn.add_q_proj.weight', 'pos_embed.proj.weight'],
  },
];

/** The prefixes that diffusion models have in their files. */
const PREFIXES = ['', 'model.diffusion_model.', 'model.', 'net.'];

/** The transformer in a file; undefined if there is none of a known family. */
export function transformerIn(
  tensors: Tensors,
): { family: TransformerFamily; denoiser: DenoiserPart } | undefined {
  for (const prefix of PREFIXES) {
    const has = (name: string): boolean => tensors.has(prefix + name);
    const found = MARKERS.find(
      ({ names, width }) =>
        names.every((name) => (typeof name === 'string' ? has(name) : name.some(has))) &&
        (!width || tensors.get(prefix + width.name)?.shape[0] !== width.isNot),
    );
    if (found) {
      const { layout } = found;
      return {
        family: found.family(has),
        denoiser: { prefix, ...(layout && { layout }), prediction: { kind: 'flow' } },
      };
    }
  }
  return undefined;
}
