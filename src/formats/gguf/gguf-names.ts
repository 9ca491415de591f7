// Which models GGUF files hold, and the names of their tensors in the original files: llama.cpp has
// names of its own for text models (ComfyUI-GGUF, loader.py).

/**
 * What `general.architecture` says of the diffusion models and text models that are known. `llama`
 * is not among them: only other families use it, and its q and k are permuted.
 */
export const IMAGE_ARCHITECTURES: readonly string[] = [
  ...['flux', 'sd1', 'sdxl', 'sd3', 'aura', 'hidream', 'cosmos', 'ltxv', 'hyvid', 'wan', 'lumina2'],
  'qwen_image',
];
export const TEXT_ARCHITECTURES: readonly string[] = [
  ...['t5', 't5encoder', 'qwen2vl', 'qwen3', 'qwen3vl'],
];

/** Architectures that say nothing: the model is recognised by its tensors. */
export const NO_ARCHITECTURES: readonly string[] = ['pig', 'cow'];

const T5: readonly (readonly [string, string])[] = [
  ['enc.', 'encoder.'],
  ['.blk.', '.block.'],
  ['token_embd', 'shared'],
  ['output_norm', 'final_layer_norm'],
  ['attn_q', 'layer.0.SelfAttention.q'],
  ['attn_k', 'layer.0.SelfAttention.k'],
  ['attn_v', 'layer.0.SelfAttention.v'],
  ['attn_o', 'layer.0.SelfAttention.o'],
  ['attn_norm', 'layer.0.layer_norm'],
  ['attn_rel_b', 'layer.0.SelfAttention.relative_attention_bias'],
  ['ffn_up', 'layer.1.DenseReluDense.wi_1'],
  ['ffn_down', 'layer.1.DenseReluDense.wo'],
  ['ffn_gate', 'layer.1.DenseReluDense.wi_0'],
  ['ffn_norm', 'layer.1.layer_norm'],
];

const LLAMA: readonly (readonly [string, string])[] = [
  ['blk.', 'model.layers.'],
  ['attn_norm', 'input_layernorm'],
  ['attn_q_norm.', 'self_attn.q_norm.'],
  ['attn_k_norm.', 'self_attn.k_norm.'],
  ['attn_v_norm.', 'self_attn.v_norm.'],
  ['attn_q', 'self_attn.q_proj'],
  ['attn_k', 'self_attn.k_proj'],
  ['attn_v', 'self_attn.v_proj'],
  ['attn_output', 'self_attn.o_proj'],
  ['ffn_up', 'mlp.up_proj'],
  ['ffn_down', 'mlp.down_proj'],
  ['ffn_gate', 'mlp.gate_proj'],
  ['ffn_norm', 'post_attention_layernorm'],
  ['token_embd', 'model.embed_tokens'],
  ['output_norm', 'model.norm'],
  ['output.weight', 'lm_head.weight'],
];

const TEXT_NAMES: Readonly<Record<string, typeof T5>> = { t5: T5, t5encoder: T5 };

/** Returns the original name of a tensor of a text model: all parts replaced in order. */
export const originalTextName = (architecture: string, name: string): string =>
  (TEXT_NAMES[architecture] ?? LLAMA).reduce((text, [from, to]) => text.replaceAll(from, to), name);
