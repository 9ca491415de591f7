// Names and shapes of the tensors of real model files: SD1.5, SDXL base and refiner with their text
// encoders and VAE, and ControlNets. Derived from the architectures (arXiv 2112.10752, 2307.01952,
// 2302.05543), in the layout of the published checkpoints.

export type Shapes = Map<string, readonly number[]>;

interface UNetSizes {
  readonly width: number;
  /**
   * Width of each level as a multiple of `width`, and the number of transformer blocks after each
   * of its residual blocks.
   */
  readonly levels: readonly { readonly times: number; readonly depth: number }[];
  readonly context: number;
  /** Width of the ADM vector. */
  readonly adm?: number;
  /** Whether transformers project by linear layers instead of 1x1 convolutions. */
  readonly linear?: boolean;
}

const SD15: UNetSizes = {
  width: 320,
  levels: levels([1, 1], [2, 1], [4, 1], [4, 0]),
  context: 768,
};
const SDXL: UNetSizes = {
  width: 320,
  levels: levels([1, 0], [2, 2], [4, 10]),
  context: 2048,
  adm: 2816,
  linear: true,
};
const REFINER: UNetSizes = {
  width: 384,
  levels: levels([1, 0], [2, 4], [4, 4], [4, 0]),
  context: 1280,
  adm: 2560,
  linear: true,
};

function levels(...of: readonly (readonly [number, number])[]): UNetSizes['levels'] {
  return of.map(([times, depth]) => ({ times, depth }));
}

type Put = (name: string, weight: readonly number[], bias?: boolean) => void;

const putter =
  (shapes: Shapes, prefix: string): Put =>
  (name, weight, bias = true) => {
    shapes.set(`${prefix}${name}.weight`, weight);
    if (bias) shapes.set(`${prefix}${name}.bias`, [weight[0]]);
  };

function residual(put: Put, at: string, from: number, to: number, time: number): void {
  put(`${at}.in_layers.0`, [from]);
  put(`${at}.in_layers.2`, [to, from, 3, 3]);
  put(`${at}.emb_layers.1`, [to, time]);
  put(`${at}.out_layers.0`, [to]);
  put(`${at}.out_layers.3`, [to, to, 3, 3]);
  if (from !== to) put(`${at}.skip_connection`, [to, from, 1, 1]);
}

function transformer(
  put: Put,
  at: string,
  c: number,
  depth: number,
  { context, linear }: UNetSizes,
): void {
  const projection = linear ? [c, c] : [c, c, 1, 1];
  put(`${at}.norm`, [c]);
  put(`${at}.proj_in`, projection);
  for (let i = 0; i < depth; i++) {
    const block = `${at}.transformer_blocks.${i}`;
    for (const [n, from] of [c, context].entries()) {
      put(`${block}.attn${n + 1}.to_q`, [c, c], false);
      for (const name of ['to_k', 'to_v']) put(`${block}.attn${n + 1}.${name}`, [c, from], false);
      put(`${block}.attn${n + 1}.to_out.0`, [c, c]);
    }
    put(`${block}.ff.net.0.proj`, [8 * c, c]);
    put(`${block}.ff.net.2`, [c, 4 * c]);
    for (const n of [1, 2, 3]) put(`${block}.norm${n}`, [c]);
  }
  put(`${at}.proj_out`, projection);
}

/** The first half and the middle; returns the widths of the skips. */
function firstHalf(put: Put, sizes: UNetSizes): { skips: number[]; middle: number } {
  const { width, adm } = sizes;
  const time = 4 * width;
  put('time_embed.0', [time, width]);
  put('time_embed.2', [time, time]);
  if (adm) {
    put('label_emb.0.0', [time, adm]);
    put('label_emb.0.2', [time, time]);
  }
  put('input_blocks.0.0', [width, 4, 3, 3]);
  const skips = [width];
  let [n, c] = [1, width];
  for (const [level, { times, depth }] of sizes.levels.entries()) {
    for (let i = 0; i < 2; i++, n++) {
      residual(put, `input_blocks.${n}.0`, c, times * width, time);
      c = times * width;
      if (depth > 0) transformer(put, `input_blocks.${n}.1`, c, depth, sizes);
      skips.push(c);
    }
    if (level === sizes.levels.length - 1) continue;
    put(`input_blocks.${n++}.0.op`, [c, c, 3, 3]);
    skips.push(c);
  }
  residual(put, 'middle_block.0', c, c, time);
  transformer(
    put,
    'middle_block.1',
    c,
    sizes.levels.findLast(({ depth }) => depth > 0)!.depth,
    sizes,
  );
  residual(put, 'middle_block.2', c, c, time);
  return { skips, middle: c };
}

function unet(shapes: Shapes, prefix: string, sizes: UNetSizes): void {
  const put = putter(shapes, prefix);
  const { skips, middle } = firstHalf(put, sizes);
  let [n, c] = [0, middle];
  for (const [level, { times, depth }] of [...sizes.levels.entries()].reverse())
    for (let i = 0; i < 3; i++, n++) {
      residual(put, `output_blocks.${n}.0`, c + skips.pop()!, times * sizes.width, 4 * sizes.width);
      c = times * sizes.width;
      if (depth > 0) transformer(put, `output_blocks.${n}.1`, c, depth, sizes);
      if (i === 2 && level > 0) put(`output_blocks.${n}.${depth > 0 ? 2 : 1}.conv`, [c, c, 3, 3]);
    }
  put('out.0', [c]);
  put('out.2', [4, c, 3, 3]);
}

const HINT = [
  [16, 3],
  [16, 16],
  [32, 16],
  [32, 32],
  [96, 32],
  [96, 96],
  [256, 96],
] as const;

function controlNet(shapes: Shapes, prefix: string, sizes: UNetSizes): void {
  const put = putter(shapes, prefix);
  const { skips, middle } = firstHalf(put, sizes);
  for (const [i, [to, from]] of HINT.entries()) put(`input_hint_block.${2 * i}`, [to, from, 3, 3]);
  put('input_hint_block.14', [sizes.width, 256, 3, 3]);
  for (const [i, c] of skips.entries()) put(`zero_convs.${i}.0`, [c, c, 1, 1]);
  put('middle_block_out.0', [middle, middle, 1, 1]);
}

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

function vae(shapes: Shapes, prefix: string): void {
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
  put('encoder.conv_out', [8, 512, 3, 3]);
  put('decoder.conv_in', [512, 4, 3, 3]);
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

/** The files by name. */
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
} as const satisfies Readonly<Record<string, () => Shapes>>;

export type FullSize = keyof typeof FULL_SIZE;
export const isFullSize = (name: string): name is FullSize => Object.hasOwn(FULL_SIZE, name);
