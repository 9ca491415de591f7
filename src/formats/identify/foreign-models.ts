// Models of unsupported kinds, each recognised by a tensor that only it has (mostly those that
// ComfyUI's model_detection tests), so that messages can name them.

const PREFIXES = ['', 'model.diffusion_model.', 'net.', 'module.'];

/**
 * The tensor names of each kind, one of which is enough; of an array, all. A kind that contains the
 * names of another comes before it.
 */
const KINDS: Readonly<Record<string, readonly (string | readonly string[])[]>> = {
  'a Stable Video Diffusion model (video)': [
    'input_blocks.1.0.time_stack.in_layers.0.weight',
    'input_blocks.1.0.time_mixer.mix_factor',
  ],
  'a Zero123 model': ['cc_projection.weight'],
  'a HunyuanVideo model (video)': ['txt_in.individual_token_refiner.blocks.0.norm1.weight'],
  'a Wan model (video)': ['head.modulation'],
  'an LTX-Video model (video)': ['adaln_single.emb.timestep_embedder.linear_1.bias'],
  'a Mochi model (video)': ['t5_yproj.weight'],
  'a Cosmos model (video)': [
    'blocks.block0.blocks.0.block.attn.to_q.0.weight',
    'blocks.0.mlp.layer1.weight',
  ],
  'a CogVideoX model (video)': [
    'patch_embed.text_proj.weight',
    'transformer_blocks.0.norm1.linear.weight_video',
  ],
  'an AnimateDiff motion module (video)': [
    'down_blocks.0.motion_modules.0.temporal_transformer.norm.weight',
    'mid_block.motion_modules.0.temporal_transformer.norm.weight',
  ],
  'a Fun ControlNet for Qwen-Image': ['control_img_in.weight'],
  'a ControlNet for FLUX or Qwen-Image': [
    'controlnet_x_embedder.weight',
    'controlnet_blocks.0.linear.weight',
    'controlnet_mode_embedder.weight',
  ],
  'a ControlNet for FLUX or another transformer model': ['controlnet_blocks.0.weight'],
  'a ControlNet for Hunyuan-DiT': ['after_proj_list.18.bias'],
  'a ControlNet for Stable Cascade': ['backbone.0.0.weight', 'backbone.10.blocks.0.weight'],
  'a ControlNet-LLLite': [
    'lllite_unet_input_blocks_4_1_transformer_blocks_0_attn1_to_q.down.0.weight',
  ],
  'a ControlNet-LLLite for Anima': ['lllite_conditioning1.conv1.weight'],
  'a ControlNet for Wan (video)': ['controlnet_patch_embedding.weight'],
  'a GLIGEN model': ['position_net.linears.0.weight'],
  'a Chroma Radiance model': ['nerf_blocks.0.norm.scale', 'nerf_blocks.0.norm.weight'],
  'a Stable Cascade model': ['clf.1.weight'],
  'a Hunyuan-DiT model': ['mlp_t5.0.weight'],
  'a PixArt model': ['t_block.1.weight'],
  'a NewBie model': ['clip_text_pooled_proj.0.weight'],
  'a Z-Image model for pixels': ['dec_net.cond_embed.weight'],
  'an Ovis-Image model': ['double_blocks.0.img_mlp.gate_proj.weight'],
  'an ERNIE-Image model': ['layers.0.mlp.linear_fc2.weight'],
  'a Lens model': ['transformer_blocks.0.img_mlp.w1.weight'],
  'an Ideogram 4 model': ['embed_image_indicator.weight'],
  'a Kandinsky 5 model': ['visual_transformer_blocks.0.cross_attention.key_norm.weight'],
  'a PixelDiT model': ['core.pixel_embedder.proj.weight'],
  'a SeedVR2 model': [
    'blocks.35.mlp.all.proj_in_gate.weight',
    'blocks.31.mlp.all.proj_in_gate.weight',
  ],
  'a SAM3 model': ['detector.backbone.vision_backbone.trunk.blocks.0.attn.qkv.weight'],
  'an RT-DETR detector': ['encoder.pan_blocks.1.cv4.conv.weight'],
  'a Qwen3.5 text encoder': ['model.language_model.layers.0.linear_attn.A_log'],
  'a GPT-OSS text encoder': ['layers.0.self_attn.sinks', 'model.layers.0.self_attn.sinks'],
  'a Boogu model': ['double_stream_layers.0.img_instruct_attn.processor.img_to_q.weight'],
  'an OmniGen model': ['time_caption_embed.timestep_embedder.linear_1.bias'],
  'a Hunyuan3D model': ['latent_in.weight'],
  'a Stable Audio model': [
    'transformer.rotary_pos_emb.inv_freq',
    'model.model.transformer.rotary_pos_emb.inv_freq',
  ],
  'an ACE-Step model (music)': ['genre_embedder.weight'],
  'a DeepFloyd IF model': ['encoder_pooling.0.weight'],
  'a Kandinsky model': ['ln_model_n.weight', 'add_embedding.image_norm.weight'],
  'a T5 text encoder': [
    'encoder.block.0.layer.0.SelfAttention.q.weight',
    'encoder.block.0.layer.0.SelfAttention.k.weight',
  ],
  'a Llama text encoder': ['model.layers.0.self_attn.q_proj.weight'],
  'an IP-Adapter': ['ip_adapter.1.to_k_ip.weight', 'image_proj.latents', 'image_proj.proj.weight'],
  'an InstantID model or a PhotoMaker model of version 2': ['id_encoder.visual_projection.weight'],
  'a SAM model': [
    'image_encoder.blocks.0.attn.rel_pos_h',
    'prompt_encoder.pe_layer.positional_encoding_gaussian_matrix',
  ],
  'a face restoration model (GFPGAN)': [
    'stylegan_decoder.style_mlp.1.weight',
    'params_ema.stylegan_decoder.style_mlp.1.weight',
  ],
  'a hypernetwork': ['768.0.linear.0.weight', '320.0.linear.0.weight'],
  'an MTCNN face detector': ['prelu1.weight'],
  'a FaceNet face recognition model': ['block8.branch1.2.conv.weight'],
  'an LPIPS picture distance': ['lin0.model.1.weight'],
  'a ResNet classifier': ['layer4.0.downsample.0.weight'],
  'a VGG or AlexNet classifier': ['classifier.6.weight'],
  'a MiDaS depth model': ['pretrained.model.patch_embed.proj.weight'],
};

/** Kinds that are supported where they have one more tensor. */
const SUPPORTED_WITH: Readonly<Record<string, string>> = {
  // Anima
  'a Cosmos model (video)': 'llm_adapter.blocks.0.cross_attn.q_proj.weight',
};

/**
 * The unsupported kind of a model file ('an AuraFlow model'); undefined for all other files.
 */
export function foreignModel(tensors: { has(name: string): boolean }): string | undefined {
  const hasAll = (names: string | readonly string[]): boolean =>
    PREFIXES.some((prefix) => [names].flat().every((name) => tensors.has(prefix + name)));
  return Object.keys(KINDS).find(
    (kind) => KINDS[kind].some(hasAll) && !(SUPPORTED_WITH[kind] && hasAll(SUPPORTED_WITH[kind])),
  );
}
