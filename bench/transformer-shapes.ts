// Names and shapes of the tensors of real transformers: Z-Image, FLUX.1 schnell, FLUX.2 klein 4B,
// SD3.5 medium, Qwen-Image, and the text encoders T5-XXL and Qwen3-4B. Derived from their papers and the layouts of the published
// files. `layers`: how many of each kind of layer there are (a test file has few).
import { type Put, putter, type Shapes } from './shapes.ts';

/** Z-Image (arXiv 2511.22699): a NextDiT with 30 joint layers. */
export function zImage(shapes: Shapes, prefix: string, layers = 30): void {
  const [width, hidden, time] = [3840, 10240, 256];
  const put = putter(shapes, prefix);
  shapes.set(`${prefix}x_pad_token`, [1, width]);
  shapes.set(`${prefix}cap_pad_token`, [1, width]);
  put('x_embedder', [width, 64]);
  const layer = (at: string, isModulated: boolean): void => {
    put(`${at}.attention.qkv`, [3 * width, width], false);
    put(`${at}.attention.out`, [width, width], false);
    for (const name of ['q_norm', 'k_norm']) put(`${at}.attention.${name}`, [128], false);
    put(`${at}.feed_forward.w1`, [hidden, width], false);
    put(`${at}.feed_forward.w2`, [width, hidden], false);
    put(`${at}.feed_forward.w3`, [hidden, width], false);
    for (const name of ['attention_norm1', 'ffn_norm1', 'attention_norm2', 'ffn_norm2'])
      put(`${at}.${name}`, [width], false);
    if (isModulated) put(`${at}.adaLN_modulation.0`, [4 * width, time]);
  };
  for (const i of [0, 1]) layer(`noise_refiner.${i}`, true);
  for (const i of [0, 1]) layer(`context_refiner.${i}`, false);
  put('t_embedder.mlp.0', [1024, 256]);
  put('t_embedder.mlp.2', [time, 1024]);
  put('cap_embedder.0', [2560], false);
  put('cap_embedder.1', [width, 2560]);
  for (let i = 0; i < layers; i++) layer(`layers.${i}`, true);
  put('final_layer.linear', [64, width]);
  put('final_layer.adaLN_modulation.1', [width, time]);
}

/** FLUX.1 schnell: 19 double blocks, 38 single blocks. */
export function fluxSchnell(shapes: Shapes, prefix: string, layers = 19): void {
  const width = 3072;
  const put = putter(shapes, prefix);
  const norms = (at: string): void => {
    for (const name of ['query_norm', 'key_norm'])
      shapes.set(`${prefix}${at}.${name}.scale`, [128]);
  };
  put('img_in', [width, 64]);
  for (const [name, from] of [
    ['time_in', 256],
    ['vector_in', 768],
  ] as const) {
    put(`${name}.in_layer`, [width, from]);
    put(`${name}.out_layer`, [width, width]);
  }
  put('txt_in', [width, 4096]);
  for (let i = 0; i < layers; i++)
    for (const stream of ['img', 'txt']) {
      const at = `double_blocks.${i}.${stream}`;
      put(`${at}_mod.lin`, [6 * width, width]);
      put(`${at}_attn.qkv`, [3 * width, width]);
      norms(`${at}_attn.norm`);
      put(`${at}_attn.proj`, [width, width]);
      put(`${at}_mlp.0`, [4 * width, width]);
      put(`${at}_mlp.2`, [width, 4 * width]);
    }
  for (let i = 0; i < 2 * layers; i++) {
    const at = `single_blocks.${i}`;
    put(`${at}.linear1`, [7 * width, width]);
    put(`${at}.linear2`, [width, 5 * width]);
    norms(`${at}.norm`);
    put(`${at}.modulation.lin`, [3 * width, width]);
  }
  put('final_layer.linear', [64, width]);
  put('final_layer.adaLN_modulation.1', [2 * width, width]);
}

/** FLUX.2 klein 4B: 5 double blocks, 20 single blocks, modulations that they share. */
export function flux2Klein4b(shapes: Shapes, prefix: string, layers = 5): void {
  const width = 3072;
  const put: Put = (name, shape) => putter(shapes, prefix)(name, shape, false);
  const norms = (at: string): void => {
    for (const name of ['query_norm', 'key_norm'])
      shapes.set(`${prefix}${at}.${name}.scale`, [128]);
  };
  put('img_in', [width, 128]);
  put('txt_in', [width, 3 * 2560]);
  put('time_in.in_layer', [width, 256]);
  put('time_in.out_layer', [width, width]);
  for (const stream of ['img', 'txt'])
    put(`double_stream_modulation_${stream}.lin`, [6 * width, width]);
  put('single_stream_modulation.lin', [3 * width, width]);
  for (let i = 0; i < layers; i++)
    for (const stream of ['img', 'txt']) {
      const at = `double_blocks.${i}.${stream}`;
      put(`${at}_attn.qkv`, [3 * width, width]);
      norms(`${at}_attn.norm`);
      put(`${at}_attn.proj`, [width, width]);
      put(`${at}_mlp.0`, [6 * width, width]);
      put(`${at}_mlp.2`, [width, 3 * width]);
    }
  for (let i = 0; i < 4 * layers; i++) {
    const at = `single_blocks.${i}`;
    put(`${at}.linear1`, [9 * width, width]);
    put(`${at}.linear2`, [width, 4 * width]);
    norms(`${at}.norm`);
  }
  put('final_layer.linear', [128, width]);
  put('final_layer.adaLN_modulation.1', [2 * width, width]);
}

/** Qwen-Image (arXiv 2508.02324): 60 blocks. */
export function qwenImage(shapes: Shapes, prefix: string, layers = 60): void {
  const [width, context] = [3072, 3584];
  const put = putter(shapes, prefix);
  put('img_in', [width, 64]);
  put('txt_norm', [context], false);
  put('txt_in', [width, context]);
  put('time_text_embed.timestep_embedder.linear_1', [width, 256]);
  put('time_text_embed.timestep_embedder.linear_2', [width, width]);
  for (let i = 0; i < layers; i++) {
    const at = `transformer_blocks.${i}`;
    for (const name of ['to_q', 'to_k', 'to_v', 'to_out.0'])
      put(`${at}.attn.${name}`, [width, width]);
    for (const name of ['add_q_proj', 'add_k_proj', 'add_v_proj', 'to_add_out'])
      put(`${at}.attn.${name}`, [width, width]);
    for (const name of ['norm_q', 'norm_k', 'norm_added_q', 'norm_added_k'])
      put(`${at}.attn.${name}`, [128], false);
    for (const stream of ['img', 'txt']) {
      put(`${at}.${stream}_mod.1`, [6 * width, width]);
      put(`${at}.${stream}_mlp.net.0.proj`, [4 * width, width]);
      put(`${at}.${stream}_mlp.net.2`, [width, 4 * width]);
    }
  }
  put('norm_out.linear', [2 * width, width]);
  put('proj_out', [64, width]);
}

/** The first blocks of SD3.5 medium have a second attention, of the image alone. */
const SELF_ATTENDING = 13;

/** SD3.5 medium (arXiv 2403.03206, MMDiT-X): 24 joint blocks. */
export function sd35Medium(shapes: Shapes, prefix: string, layers = 24): void {
  const width = 1536;
  const put = putter(shapes, prefix);
  shapes.set(`${prefix}pos_embed`, [1, 384 ** 2, width]);
  put('x_embedder.proj', [width, 16, 2, 2]);
  for (const [name, from] of [
    ['t_embedder', 256],
    ['y_embedder', 2048],
  ] as const) {
    put(`${name}.mlp.0`, [width, from]);
    put(`${name}.mlp.2`, [width, width]);
  }
  put('context_embedder', [width, 4096]);
  for (let i = 0; i < layers; i++) {
    const twice = i < Math.min(SELF_ATTENDING, layers);
    joint(put, `joint_blocks.${i}.context_block`, { width, isLast: i === layers - 1 });
    joint(put, `joint_blocks.${i}.x_block`, { width, twice });
  }
  put('final_layer.linear', [64, width]);
  put('final_layer.adaLN_modulation.1', [2 * width, width]);
}

/** One stream of a joint block. The last one of the prompt ends with the attention's inputs. */
function joint(
  put: Put,
  at: string,
  {
    width,
    twice,
    isLast,
  }: { readonly width: number; readonly twice?: boolean; readonly isLast?: boolean },
): void {
  const attention = (name: string): void => {
    put(`${at}.${name}.qkv`, [3 * width, width]);
    if (!isLast) put(`${at}.${name}.proj`, [width, width]);
    for (const norm of ['ln_q', 'ln_k']) put(`${at}.${name}.${norm}`, [64], false);
  };
  attention('attn');
  if (twice) attention('attn2');
  if (!isLast) {
    put(`${at}.mlp.fc1`, [4 * width, width]);
    put(`${at}.mlp.fc2`, [width, 4 * width]);
  }
  put(`${at}.adaLN_modulation.1`, [(isLast ? 2 : twice ? 9 : 6) * width, width]);
}

/** The encoder of T5-XXL (version 1.1, arXiv 1910.10683): 24 layers. */
export function t5xxl(shapes: Shapes, layers = 24): void {
  const [width, hidden] = [4096, 10240];
  const put = putter(shapes, '');
  put('shared', [32128, width], false);
  for (let i = 0; i < layers; i++) {
    const at = `encoder.block.${i}.layer`;
    for (const name of ['q', 'k', 'v', 'o'])
      put(`${at}.0.SelfAttention.${name}`, [width, width], false);
    if (i === 0) put(`${at}.0.SelfAttention.relative_attention_bias`, [32, 64], false);
    put(`${at}.0.layer_norm`, [width], false);
    put(`${at}.1.DenseReluDense.wi_0`, [hidden, width], false);
    put(`${at}.1.DenseReluDense.wi_1`, [hidden, width], false);
    put(`${at}.1.DenseReluDense.wo`, [width, hidden], false);
    put(`${at}.1.layer_norm`, [width], false);
  }
  put('encoder.final_layer_norm', [width], false);
}

/** Qwen3-4B (arXiv 2505.09388): 36 layers. */
export function qwen3(shapes: Shapes, layers = 36): void {
  const [width, hidden, head] = [2560, 9728, 128];
  const [queries, keys] = [32 * head, 8 * head];
  const put = putter(shapes, 'model.');
  put('embed_tokens', [151936, width], false);
  for (let i = 0; i < layers; i++) {
    const at = `layers.${i}`;
    put(`${at}.self_attn.q_proj`, [queries, width], false);
    for (const name of ['k_proj', 'v_proj']) put(`${at}.self_attn.${name}`, [keys, width], false);
    put(`${at}.self_attn.o_proj`, [width, queries], false);
    for (const name of ['q_norm', 'k_norm']) put(`${at}.self_attn.${name}`, [head], false);
    for (const name of ['gate_proj', 'up_proj']) put(`${at}.mlp.${name}`, [hidden, width], false);
    put(`${at}.mlp.down_proj`, [width, hidden], false);
    for (const name of ['input_layernorm', 'post_attention_layernorm'])
      put(`${at}.${name}`, [width], false);
  }
  put('norm', [width], false);
}
