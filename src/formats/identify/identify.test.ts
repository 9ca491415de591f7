import { describe, expect, it } from 'vitest';
import { fixtureModel } from '../../../test/support/golden.ts';
import { openSafetensors, type TensorInfo } from '../safetensors/safetensors.ts';
import type { ModelFile } from './identified-model.ts';
import { identify } from './identify.ts';
import { resolvePrediction } from './prediction.ts';

const SDXL_CLIPS = [
  {
    kind: 'clip_l',
    layout: 'hugging-face',
    prefix: 'conditioner.embedders.0.transformer.text_model.',
  },
  { kind: 'clip_g', layout: 'open-clip', prefix: 'conditioner.embedders.1.model.' },
];
const UNET = { prefix: 'model.diffusion_model.', inChannels: 4, prediction: { kind: 'eps' } };
const KL = { kind: 'kl', prefix: 'first_stage_model.' };
const ALL = { unet: true, clip: true, vae: true };

it.each<[string, unknown]>([
  [
    'tiny_sdxl_base',
    { kind: 'checkpoint', family: 'sdxl', has: ALL, denoiser: UNET, clips: SDXL_CLIPS, vae: KL },
  ],
  [
    'tiny_sdxl_refiner',
    {
      kind: 'checkpoint',
      family: 'sdxl-refiner',
      has: ALL,
      denoiser: UNET,
      clips: [{ kind: 'clip_g', layout: 'open-clip', prefix: 'conditioner.embedders.0.model.' }],
      vae: KL,
    },
  ],
  [
    'tiny_sd1',
    {
      kind: 'checkpoint',
      family: 'sd1',
      has: ALL,
      denoiser: UNET,
      clips: [
        {
          kind: 'clip_l',
          layout: 'hugging-face',
          prefix: 'cond_stage_model.transformer.text_model.',
        },
      ],
      vae: KL,
    },
  ],
  ['tiny_vae', { kind: 'vae', vae: { kind: 'kl', prefix: '' } }],
  ['taesdxl_encoder', { kind: 'taesd', part: 'encoder' }],
  ['taesdxl_decoder', { kind: 'taesd', part: 'decoder' }],
  ['tinyti', { kind: 'embedding', encoders: ['clip_g', 'clip_l'] }],
  ['tiny_lora_sd1', { kind: 'lora', naming: 'kohya' }],
  ['tiny_lora_sdxl', { kind: 'lora', naming: 'kohya' }],
  ['tiny_esrgan_x4_old', { kind: 'upscaler', architecture: 'esrgan', naming: 'old' }],
  ['tiny_realesrgan_x2_new', { kind: 'upscaler', architecture: 'esrgan', naming: 'new' }],
  ['tiny_srvgg_x2', { kind: 'upscaler', architecture: 'srvgg', naming: 'new' }],
])('identifies the fixture %s', async (name, expected) => {
  const st = await openSafetensors(fixtureModel(name));
  expect(identify(st.tensors)).toEqual(expected);
  await st.close();
});

/** Identifies the tensors of a fixture with names changed, removed or added. */
async function identifyVariant(
  name: string,
  rename: (tensor: string) => string | undefined,
  more: Record<string, readonly number[]> = {},
): Promise<ModelFile> {
  const st = await openSafetensors(fixtureModel(name));
  await st.close();
  const tensors = new Map<string, TensorInfo>();
  for (const [tensor, info] of st.tensors) {
    const to = rename(tensor);
    if (to !== undefined) tensors.set(to, info);
  }
  return identify(shapes(more, tensors));
}

/** A map of tensors with these shapes. */
function shapes(
  more: Record<string, readonly number[]>,
  tensors = new Map<string, TensorInfo>(),
): Map<string, TensorInfo> {
  for (const [name, shape] of Object.entries(more))
    tensors.set(name, { dtype: 'F32', shape, offset: 0, byteLength: 0 });
  return tensors;
}

const same = (name: string) => name;

it('reads the prediction of SDXL files from marker tensors', async () => {
  const prediction = async (more: Record<string, readonly number[]>) => {
    const model = await identifyVariant('tiny_sdxl_base', same, more);
    return model.kind === 'checkpoint' && model.denoiser.prediction;
  };
  expect(await prediction({ v_pred: [0] })).toEqual({ kind: 'v', zsnr: false });
  expect(await prediction({ v_pred: [0], ztsnr: [0] })).toEqual({ kind: 'v', zsnr: true });
  expect(await prediction({ ztsnr: [0] })).toEqual({ kind: 'eps' });
  expect(await prediction({ edm_mean: [4], edm_std: [4] })).toEqual({ kind: 'edm' });
  expect(await prediction({ 'edm_vpred.sigma_max': [], v_pred: [0] })).toEqual({
    kind: 'v-edm',
    sigmaMax: 'edm_vpred.sigma_max',
  });
});

it('identifies an old SD1 checkpoint without text_model. in its names', async () => {
  expect(
    await identifyVariant('tiny_sd1', (n) => n.replace('transformer.text_model.', 'transformer.')),
  ).toMatchObject({
    family: 'sd1',
    clips: [{ kind: 'clip_l', prefix: 'cond_stage_model.transformer.' }],
  });
});

it('identifies a checkpoint without text encoder and VAE', async () => {
  const pruned = await identifyVariant('tiny_sd1', (n) => (n.startsWith('model.') ? n : undefined));
  expect(pruned).toMatchObject({
    kind: 'checkpoint',
    has: { unet: true, clip: false, vae: false },
    clips: [],
  });
});

it('identifies a checkpoint with a TAESD autoencoder', async () => {
  const model = await identifyVariant(
    'tiny_sdxl_base',
    (n) => (n.startsWith('first_stage_model.') ? undefined : n),
    {
      'first_stage_model.taesd_decoder.1.weight': [64, 4, 3, 3],
      'first_stage_model.taesd_encoder.0.weight': [64, 3, 3, 3],
      'first_stage_model.vae_scale': [],
    },
  );
  expect(model).toMatchObject({
    kind: 'checkpoint',
    family: 'sdxl',
    has: ALL,
    vae: { kind: 'taesd', prefix: 'first_stage_model.' },
  });
});

it('identifies the family of a UNet without a checkpoint', async () => {
  const bare = (n: string) => (n.startsWith('model.diffusion_model.') ? n.slice(22) : undefined);
  for (const [name, family] of [
    ['tiny_sdxl_base', 'sdxl'],
    ['tiny_sdxl_refiner', 'sdxl-refiner'],
    ['tiny_sd1', 'sd1'],
  ])
    expect(await identifyVariant(name, bare)).toMatchObject({
      kind: 'diffusion-model',
      family,
      denoiser: { prefix: '' },
    });
});

it('identifies SD2, and its prediction by the deviation of one tensor', async () => {
  const unet = 'model.diffusion_model.';
  const marker = `${unet}output_blocks.11.1.transformer_blocks.0.norm1.bias`;
  const names = {
    [`${unet}input_blocks.0.0.weight`]: [320, 4, 3, 3],
    [`${unet}input_blocks.1.1.proj_in.weight`]: [320, 320],
    [`${unet}out.2.weight`]: [4, 320, 3, 3],
    [marker]: [320],
    'cond_stage_model.model.token_embedding.weight': [49408, 1024],
  };
  const model = identify(shapes(names));
  expect(model).toMatchObject({
    family: 'sd2',
    clips: [{ kind: 'clip_h', prefix: 'cond_stage_model.model.' }],
  });
  const hint = model.kind === 'checkpoint' ? model.denoiser.prediction : undefined;
  expect(hint).toEqual({ kind: 'measured', tensor: marker, above: 0.09 });
  const resolve = (...values: number[]) =>
    resolvePrediction(hint!, async () => ({
      shape: [values.length],
      data: Float32Array.from(values),
    }));
  // >>> torch.std(torch.tensor([.1, -.1]), unbiased=False)  ->  0.1
  expect(await resolve(0.1, -0.1)).toEqual({ kind: 'v', zsnr: false });
  expect(await resolve(0.08, -0.08)).toEqual({ kind: 'eps' });
  expect(
    identify(shapes({ ...names, [`${unet}input_blocks.0.0.weight`]: [320, 9, 3, 3] })),
  ).toMatchObject({
    denoiser: { inChannels: 9, prediction: { kind: 'eps' } },
  });
  // the x4 upscaler has an embedding of noise levels
  expect(identify(shapes({ ...names, [`${unet}label_emb.weight`]: [1000, 1024] }))).toMatchObject({
    family: 'sd2',
    denoiser: { prediction: { kind: 'v', zsnr: false } },
  });
});

describe('ControlNets of transformers', () => {
  const block = 'controlnet_blocks.0.weight';
  const sd3 = ['transformer_blocks.0.attn.add_q_proj.weight', 'pos_embed.proj.weight'];
  const flux = 'double_blocks.0.img_attn.norm.key_norm.scale';
  const qwen = 'transformer_blocks.0.img_mlp.net.0.proj.weight';
  const named = (...names: readonly string[]) =>
    identify(shapes(Object.fromEntries(names.map((name) => [name, [64, 16]]))));

  it.each([
    ['sd3', [block, 'pos_embed_input.proj.weight', ...sd3]],
    [
      'sd35',
      [block, 'pos_embed_input.proj.weight', 'transformer_blocks.0.adaLN_modulation.1.bias'],
    ],
    ['flux', [block, 'controlnet_x_embedder.weight', 'x_embedder.weight', sd3[0]]],
    ['flux-xlabs', [block, flux]],
    ['flux-mistoline', ['controlnet_blocks.0.linear.weight', flux]],
    ['qwen', [block, 'controlnet_x_embedder.weight', sd3[0], 'img_in.weight', qwen]],
  ])('are identified: %s', (layout, names) => {
    expect(named(...names)).toEqual({ kind: 'controlnet', layout, prefix: '' });
  });

  it('are told from models and from unsupported ones', () => {
    expect(named(...sd3)).toMatchObject({ kind: 'diffusion-model', family: 'sd3' });
    expect(named(block, 'pos_embed_input.proj.weight')).toEqual({
      kind: 'unknown',
      reason: 'a ControlNet for FLUX or another transformer model',
    });
  });
});

it('identifies ControlNets in three layouts', () => {
  expect(identify(shapes({ 'control_model.input_hint_block.0.weight': [16, 3, 3, 3] }))).toEqual({
    kind: 'controlnet',
    layout: 'sgm',
    prefix: 'control_model.',
  });
  expect(
    identify(shapes({ 'controlnet_cond_embedding.conv_in.weight': [16, 3, 3, 3] })),
  ).toMatchObject({ layout: 'diffusers' });
  expect(
    identify(shapes({ lora_controlnet: [], 'input_hint_block.0.weight': [16, 3, 3, 3] })),
  ).toMatchObject({ layout: 'lora' });
});

describe('models in the layout of diffusers', () => {
  const marker = 'up_blocks.3.attentions.2.transformer_blocks.0.norm1.bias';
  const identifyUnet = (more: Record<string, readonly number[]>) =>
    identify(
      shapes({
        'conv_in.weight': [320, 4, 3, 3],
        'conv_norm_out.weight': [320],
        'up_blocks.0.resnets.0.norm1.weight': [320],
        ...more,
      }),
    );
  const linear = { 'down_blocks.1.attentions.0.proj_in.weight': [320, 320], [marker]: [320] };
  const adm = { 'add_embedding.linear_1.weight': [1280, 2816] };
  const part = { prefix: '', layout: 'diffusers', inChannels: 4 };

  it('are UNets of SD1', () => {
    expect(identifyUnet({})).toEqual({
      kind: 'diffusion-model',
      family: 'sd1',
      denoiser: { ...part, prediction: { kind: 'eps' } },
    });
  });

  it('are UNets of SD2 with linear projections', () => {
    expect(identifyUnet(linear)).toMatchObject({
      family: 'sd2',
      denoiser: { prediction: { kind: 'measured', tensor: marker, above: 0.09 } },
    });
  });

  it('are inpainting UNets of SD2 with nine channels', () => {
    expect(identifyUnet({ ...linear, 'conv_in.weight': [320, 9, 3, 3] })).toMatchObject({
      family: 'sd2',
      denoiser: { inChannels: 9, prediction: { kind: 'eps' } },
    });
  });

  it('are UNets of SDXL with an ADM vector', () => {
    expect(identifyUnet({ ...linear, ...adm })).toMatchObject({ family: 'sdxl', denoiser: part });
  });

  it('are UNets of the SDXL refiner with four levels', () => {
    const fourLevels = { 'down_blocks.3.resnets.0.norm1.weight': [1] };
    expect(identifyUnet({ ...linear, ...adm, ...fourLevels })).toMatchObject({
      family: 'sdxl-refiner',
    });
  });

  it('are VAEs', () => {
    const vae = {
      'decoder.conv_in.weight': [512, 4, 3, 3],
      'decoder.up_blocks.0.resnets.0.norm1.weight': [512],
    };
    expect(identify(shapes(vae))).toEqual({
      kind: 'vae',
      vae: { kind: 'kl', layout: 'diffusers', prefix: '' },
    });
  });

  it('are not VAEs with three-dimensional kernels', () => {
    const video = {
      'decoder.conv_in.weight': [512, 4, 3, 3, 3],
      'decoder.up_blocks.0.resnets.0.norm1.weight': [512],
    };
    expect(identify(shapes(video))).toMatchObject({ kind: 'unknown' });
  });
});

describe.each([
  { kind: 'clip_l', layers: 12 },
  { kind: 'clip_h', layers: 23 },
  { kind: 'clip_g', layers: 32 },
])('a text encoder of $layers layers', ({ kind, layers }) => {
  const layersNamed = (name: (i: number) => string) =>
    Object.fromEntries(Array.from({ length: layers }, (_, i) => [name(i), [4, 4]]));

  it(`is ${kind} in the layout of Hugging Face`, () => {
    const huggingFace = layersNamed((i) => `text_model.encoder.layers.${i}.mlp.fc1.weight`);
    expect(identify(shapes(huggingFace))).toEqual({
      kind: 'text-encoder',
      clip: { kind, layout: 'hugging-face', prefix: 'text_model.' },
    });
  });

  it(`is ${kind} in the layout of open_clip`, () => {
    const openClip = {
      'token_embedding.weight': [1, 1],
      'transformer.resblocks.0.ln_1.weight': [4],
      ...layersNamed((i) => `transformer.resblocks.${i}.mlp.c_fc.weight`),
    };
    expect(identify(shapes(openClip))).toEqual({
      kind: 'text-encoder',
      clip: { kind, layout: 'open-clip', prefix: '' },
    });
  });
});

it('ignores averaged weights beside those of the model', async () => {
  const ema = {
    'model_ema.decay': [],
    'model_ema.diffusion_modelinput_blocks00weight': [32, 4, 3, 3],
  };
  expect(await identifyVariant('tiny_sd1', same, ema)).toEqual(
    await identifyVariant('tiny_sd1', same),
  );
});

it('identifies T2I-Adapters in three layouts', () => {
  const kernel = [320, 192, 3, 3];
  const adapters: Record<string, readonly number[]>[] = [
    { 'conv_in.weight': kernel, 'body.0.block1.weight': kernel },
    { 'adapter.conv_in.weight': kernel, 'adapter.body.0.resnets.0.block1.weight': kernel },
    { 'body.0.in_conv.weight': kernel },
  ];
  for (const names of adapters)
    expect(identify(shapes(names))).toEqual({ kind: 'controlnet', layout: 't2i', prefix: '' });
});

it('identifies CLIP vision models in two layouts', () => {
  const huggingFace = {
    'vision_model.encoder.layers.22.layer_norm1.weight': [1024],
    'vision_model.embeddings.class_embedding': [1024],
  };
  expect(identify(shapes(huggingFace))).toEqual({
    kind: 'clip-vision',
    layout: 'hugging-face',
    prefix: '',
  });
  const openClip = {
    'visual.transformer.resblocks.22.attn.in_proj_weight': [3072, 1024],
    'visual.conv1.weight': [1024, 3, 14, 14],
  };
  expect(identify(shapes(openClip))).toEqual({
    kind: 'clip-vision',
    layout: 'open-clip',
    prefix: 'visual.',
  });
});

it('identifies LoRAs by their naming', () => {
  expect(
    identify(shapes({ 'unet.down_blocks.0.attentions.0.to_q.lora_A.weight': [4, 64] })),
  ).toEqual({
    kind: 'lora',
    naming: 'diffusers',
  });
  expect(identify(shapes({ 'lora_unet_input_blocks_4_1_proj_in.hada_w1_a': [4, 64] }))).toEqual({
    kind: 'lora',
    naming: 'kohya',
  });
  // of XLabs
  expect(
    identify(shapes({ 'double_blocks.0.processor.qkv_lora1.down.weight': [16, 3072] })),
  ).toEqual({ kind: 'lora', naming: 'other' });
});

it('identifies embeddings', () => {
  expect(identify(shapes({ emb_params: [4, 768] }))).toEqual({
    kind: 'embedding',
    encoders: ['emb_params'],
  });
});

it('returns a reason for unidentified files', () => {
  expect(identify(shapes({ 'a.b.c': [1, 2, 3] }))).toMatchObject({ kind: 'unknown' });
  expect(identify(shapes({}))).toEqual({ kind: 'unknown', reason: 'it contains no tensors' });
});

it.each([
  ['prelu1.weight', 'an MTCNN face detector'],
  ['block8.branch1.2.conv.weight', 'a FaceNet face recognition model'],
  ['lin0.model.1.weight', 'an LPIPS picture distance'],
  ['module.layer4.0.downsample.0.weight', 'a ResNet classifier'],
  ['classifier.6.weight', 'a VGG or AlexNet classifier'],
])('names networks that prepare or judge pictures: %s', (name, reason) => {
  expect(identify(shapes({ 'conv1.weight': [8, 3, 3, 3], [name]: [8] }))).toEqual({
    kind: 'unknown',
    reason,
  });
});
