// Names and shapes of the tensors of real model files: SD1.5, SDXL base and refiner with their text
// encoders and VAE, ControlNets, transformers and their encoders, in the layout of the published
// files. Those of UNets are in unet-shapes.ts, those of transformers in transformer-shapes.ts.

import { putter, type Shapes } from './shapes.ts';
import {
  flux2Klein4b,
  fluxSchnell,
  qwen3,
  qwenImage,
  sd35Medium,
  t5xxl,
  zImage,
} from './transformer-shapes.ts';
import { controlNet, REFINER, SD15, SDXL, unet } from './unet-shapes.ts';

/** CLIP-L in Hugging Face's layout. */
function clipL(shapes: Shapes, prefix: string): void {
  const put = putter(shapes, prefix);
  shapes.set(`${prefix}embeddings.position_ids`, [1, 77]);
  put('embeddings.token_embedding', [49408, 768], false);
  put('embeddings.position_embedding', [77, 768], false);
  for (let i = 0; i < 12; i++) {
    const layer = `encoder.layers.${i}`;
    for (const name of ['k', 'v', 'q', 'out']) put(`${layer}.self_attn.${name}_proj`, [768, 768]);
    put(`${layer}.layer_norm1`, [768]);
    put(`${layer}.mlp.fc1`, [3072, 768]);
    put(`${layer}.mlp.fc2`, [768, 3072]);
    put(`${layer}.layer_norm2`, [768]);
  }
  put('final_layer_norm', [768]);
}

/** CLIP-G in open_clip's layout. */
export function clipG(shapes: Shapes, prefix: string): void {
  const put = putter(shapes, prefix);
  const width = 1280;
  shapes.set(`${prefix}positional_embedding`, [77, width]);
  shapes.set(`${prefix}text_projection`, [width, width]);
  shapes.set(`${prefix}logit_scale`, []);
  put('token_embedding', [49408, width], false);
  for (let i = 0; i < 32; i++) {
    const block = `transformer.resblocks.${i}`;
    put(`${block}.ln_1`, [width]);
    shapes.set(`${prefix}${block}.attn.in_proj_weight`, [3 * width, width]);
    shapes.set(`${prefix}${block}.attn.in_proj_bias`, [3 * width]);
    put(`${block}.attn.out_proj`, [width, width]);
    put(`${block}.ln_2`, [width]);
    put(`${block}.mlp.c_fc`, [4 * width, width]);
    put(`${block}.mlp.c_proj`, [width, 4 * width]);
  }
  put('ln_final', [width]);
}

/** `channels`: 4, or 16 for flow models, whose files have no `quant_conv`. */
function vae(shapes: Shapes, prefix: string, channels = 4): void {
  const put = putter(shapes, prefix);
  const widths = [128, 256, 512, 512];
  const block = (at: string, from: number, to: number): void => {
    put(`${at}.norm1`, [from]);
    put(`${at}.conv1`, [to, from, 3, 3]);
    put(`${at}.norm2`, [to]);
    put(`${at}.conv2`, [to, to, 3, 3]);
    if (from !== to) put(`${at}.nin_shortcut`, [to, from, 1, 1]);
  };
  const middle = (side: string): void => {
    block(`${side}.mid.block_1`, 512, 512);
    put(`${side}.mid.attn_1.norm`, [512]);
    for (const name of ['q', 'k', 'v', 'proj_out'])
      put(`${side}.mid.attn_1.${name}`, [512, 512, 1, 1]);
    block(`${side}.mid.block_2`, 512, 512);
  };
  put('encoder.conv_in', [128, 3, 3, 3]);
  let c = 128;
  for (const [level, width] of widths.entries()) {
    for (let i = 0; i < 2; i++) {
      block(`encoder.down.${level}.block.${i}`, c, width);
      c = width;
    }
    if (level < 3) put(`encoder.down.${level}.downsample.conv`, [c, c, 3, 3]);
  }
  middle('encoder');
  put('encoder.norm_out', [512]);
  put('encoder.conv_out', [2 * channels, 512, 3, 3]);
  put('decoder.conv_in', [512, channels, 3, 3]);
  middle('decoder');
  for (const [level, width] of [...widths.entries()].reverse()) {
    for (let i = 0; i < 3; i++) {
      block(`decoder.up.${level}.block.${i}`, c, width);
      c = width;
    }
    if (level > 0) put(`decoder.up.${level}.upsample.conv`, [c, c, 3, 3]);
  }
  put('decoder.norm_out', [128]);
  put('decoder.conv_out', [3, 128, 3, 3]);
  if (channels !== 4) return;
  put('quant_conv', [8, 8, 1, 1]);
  put('post_quant_conv', [4, 4, 1, 1]);
}

/** Real-ESRGAN with 23 blocks, x4. */
function esrgan(shapes: Shapes): void {
  const put = putter(shapes, '');
  put('conv_first', [64, 3, 3, 3]);
  for (let block = 0; block < 23; block++)
    for (const part of [1, 2, 3])
      for (const i of [1, 2, 3, 4, 5])
        put(`body.${block}.rdb${part}.conv${i}`, [i === 5 ? 64 : 32, 32 + 32 * i, 3, 3]);
  for (const name of ['conv_body', 'conv_up1', 'conv_up2', 'conv_hr']) put(name, [64, 64, 3, 3]);
  put('conv_last', [3, 64, 3, 3]);
}

/** Tables of the noise schedule, which checkpoints contain beside the networks. */
const SCHEDULE = [
  ...[
    'betas',
    'alphas_cumprod',
    'alphas_cumprod_prev',
    'sqrt_alphas_cumprod',
    'sqrt_one_minus_alphas_cumprod',
  ],
  ...[
    'log_one_minus_alphas_cumprod',
    'sqrt_recip_alphas_cumprod',
    'sqrt_recipm1_alphas_cumprod',
    'posterior_variance',
  ],
  ...['posterior_log_variance_clipped', 'posterior_mean_coef1', 'posterior_mean_coef2'],
];

const made = (...parts: readonly ((shapes: Shapes) => void)[]): Shapes => {
  const shapes: Shapes = new Map();
  for (const part of parts) part(shapes);
  return shapes;
};

const UNET = 'model.diffusion_model.';
const VAE = 'first_stage_model.';

/** The files by name. `layers`: the layers of a transformer; fewer make a small file for tests. */
export const FULL_SIZE = {
  sd15: () =>
    made(
      (s) => clipL(s, 'cond_stage_model.transformer.text_model.'),
      (s) => vae(s, VAE),
      (s) => unet(s, UNET, SD15),
      (s) => SCHEDULE.forEach((name) => void s.set(name, [1000])),
    ),
  sdxl: () =>
    made(
      (s) => clipL(s, 'conditioner.embedders.0.transformer.text_model.'),
      (s) => clipG(s, 'conditioner.embedders.1.model.'),
      (s) => s.set('denoiser.sigmas', [1000]),
      (s) => vae(s, VAE),
      (s) => unet(s, UNET, SDXL),
    ),
  'sdxl-refiner': () =>
    made(
      (s) => clipG(s, 'conditioner.embedders.0.model.'),
      (s) => s.set('denoiser.sigmas', [1000]),
      (s) => vae(s, VAE),
      (s) => unet(s, UNET, REFINER),
    ),
  'controlnet-sd15': () => made((s) => controlNet(s, 'control_model.', SD15)),
  'controlnet-sdxl': () => made((s) => controlNet(s, 'control_model.', SDXL)),
  esrgan: () => made(esrgan),
  'z-image': (layers?: number) => made((s) => zImage(s, '', layers)),
  'flux1-schnell': (layers?: number) => made((s) => fluxSchnell(s, '', layers)),
  'flux2-klein-4b': (layers?: number) => made((s) => flux2Klein4b(s, '', layers)),
  'qwen-image': (layers?: number) => made((s) => qwenImage(s, '', layers)),
  'sd3.5-medium': (layers?: number) =>
    made(
      (s) => sd35Medium(s, UNET, layers),
      (s) => vae(s, VAE, 16),
    ),
  't5xxl-fp16': (layers?: number) => made((s) => t5xxl(s, layers)),
  'qwen-3-4b': (layers?: number) => made((s) => qwen3(s, layers)),
} as const satisfies Readonly<Record<string, (layers?: number) => Shapes>>;

export type FullSize = keyof typeof FULL_SIZE;
export const isFullSize = (name: string): name is FullSize => Object.hasOwn(FULL_SIZE, name);

/** The files whose published ones are in bfloat16; all others are in float16. */
export const IN_BFLOAT16: ReadonlySet<FullSize> = new Set([
  'z-image',
  'flux1-schnell',
  'flux2-klein-4b',
  'qwen-image',
  'qwen-3-4b',
]);
