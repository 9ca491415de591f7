// Identifies autoencoders by their tensor names and shapes: KL, TAESD, Wan's, and those that are
// named but not supported. The decisions and their order are those of ComfyUI's sd.VAE.
import type { TensorInfo } from '../tensor-file.ts';
import type { ModelFile, VaePart } from './identified-model.ts';

type Tensors = ReadonlyMap<string, TensorInfo>;

/** The prefix in checkpoints of the Stable Diffusion families. */
export const VAE_PREFIX = 'first_stage_model.';
/** The prefix in checkpoints of flow models. */
export const FLOW_VAE_PREFIX = 'vae.';
/** The prefixes under which files have an autoencoder. */
const VAE_PREFIXES = ['', VAE_PREFIX, FLOW_VAE_PREFIX] as const;

/** The tensors of a file below a prefix. */
interface Below {
  has(name: string): boolean;
  /** Undefined if there is no such tensor. */
  shape(name: string): readonly number[] | undefined;
}

const below = (tensors: Tensors, prefix: string): Below => ({
  has: (name) => tensors.has(prefix + name),
  shape: (name) => tensors.get(prefix + name)?.shape,
});

/** Whether a convolution of the decoder takes this number of channels, in 2 or 3 dimensions. */
const takes = ({ shape }: Below, name: string, channels: number, dimensions?: number): boolean => {
  const found = shape(name);
  return found?.[1] === channels && (!dimensions || found.length === dimensions + 2);
};

const hasWan22Levels = ({ has }: Below): boolean =>
  has('decoder.middle.0.residual.0.gamma') &&
  has('decoder.upsamples.0.upsamples.0.residual.2.weight');
const seesOneFrame = ({ shape }: Below): boolean => shape('decoder.head.2.weight')?.[2] === 1;

/** Autoencoders that are not supported, by whose they are. The first match counts. */
const FOREIGN: Readonly<Record<string, (vae: Below) => boolean>> = {
  'Stable Video Diffusion (video)': ({ has }) => has('decoder.mid.block_1.mix_factor'),
  'Stable Cascade': ({ has }) =>
    has('vquantizer.codebook.weight') ||
    has('backbone.1.0.block.0.1.num_batches_tracked') ||
    has('blocks.11.num_batches_tracked') ||
    has('encoder.backbone.1.0.block.0.1.num_batches_tracked'),
  'SeedVR2 (video)': ({ has }) => has('decoder.up_blocks.2.upsamplers.0.upscale_conv.weight'),
  'Mage-Flow': ({ has }) => has('student.dconv_encoder.proj_out.weight'),
  'LTX-Video (video)': ({ has }) =>
    has('decoder.conv_in_x_t.weight') || has('decoder.up_blocks.0.res_blocks.0.conv1.conv.weight'),
  HunyuanImage: (vae) => takes(vae, 'decoder.conv_in.weight', 64),
  'HunyuanVideo 1.5 (video)': (vae) =>
    takes(vae, 'decoder.conv_in.weight', 32, 3) || takes(vae, 'decoder.conv_in.conv.weight', 32),
  'Stable Audio (sound)': ({ has }) =>
    has('decoder.layers.1.layers.0.beta') || has('decoder.layers.3.transformers.0.pre_norm.alpha'),
  'Mochi (video)': ({ has }) =>
    has('decoder.blocks.2.blocks.3.stack.5.weight') ||
    has('encoder.layers.4.layers.1.attn_block.attn.qkv.weight') ||
    has('blocks.2.blocks.3.stack.5.weight') ||
    has('layers.4.layers.1.attn_block.attn.qkv.weight'),
  'CogVideoX (video)': ({ has }) =>
    has('decoder.conv_in.conv.weight') &&
    has('decoder.mid_block.resnets.0.norm1.norm_layer.weight'),
  'HunyuanVideo (video)': ({ has }) => has('decoder.conv_in.conv.weight'),
  'Cosmos (video)': ({ has }) => has('decoder.unpatcher3d.wavelets'),
  'Wan 2.2 (video)': (vae) => hasWan22Levels(vae) && !seesOneFrame(vae),
  'Hunyuan3D (3D models)': ({ has }) => has('geo_decoder.cross_attn_decoder.ln_1.bias'),
  'ACE-Step (music)': ({ has }) => has('vocoder.backbone.channel_layers.0.0.bias'),
  'a video model (TAEHV)': ({ has, shape }) =>
    has('decoder.22.bias') && shape('decoder.1.weight')?.length === 4,
  'a video model': ({ shape }) => shape('decoder.conv_in.weight')?.length === 5,
};

/**
 * What an unsupported autoencoder is: `the VAE of Stable Cascade`; undefined for all other files.
 */
const foreignVae = (vae: Below): string | undefined => {
  const whose = Object.keys(FOREIGN).find((one) => FOREIGN[one](vae));
  return whose === undefined ? undefined : `the VAE of ${whose}`;
};

/** The autoencoder below a prefix; undefined if there is none that is supported. */
export function vaePart(tensors: Tensors, prefix: string): VaePart | undefined {
  const vae = below(tensors, prefix);
  if (foreignVae(vae)) return undefined;
  if (vae.has('taesd_decoder.1.weight')) return { kind: 'taesd', prefix };
  if (vae.has('decoder.middle.0.residual.0.gamma'))
    return { kind: hasWan22Levels(vae) ? 'wan-image' : 'wan', prefix };
  if (vae.shape('decoder.conv_in.weight')?.length !== 4) return undefined;
  if (vae.has('decoder.up_blocks.0.resnets.0.norm1.weight'))
    return { kind: 'kl', layout: 'diffusers', prefix };
  return vae.has('decoder.mid.block_1.norm1.weight') ? { kind: 'kl', prefix } : undefined;
}

/** A file that is an autoencoder and nothing else. */
export function autoencoder(tensors: Tensors): ModelFile | undefined {
  for (const prefix of VAE_PREFIXES) {
    const vae = vaePart(tensors, prefix);
    if (vae) return { kind: 'vae', vae };
    const reason = foreignVae(below(tensors, prefix));
    if (reason) return { kind: 'unknown', reason, isVae: true };
  }
  return undefined;
}

/**
 * An encoder or decoder of TAESD: a sequence of layers whose first convolution has the channels of
 * pixels or latents.
 */
export function taesd(tensors: Tensors): ModelFile | undefined {
  const convolution = (name: string) =>
    tensors.get(name)?.shape.length === 4 ? tensors.get(name)!.shape : undefined;
  if (convolution('0.weight')?.[1] === 3 && convolution('1.conv.0.weight'))
    return { kind: 'taesd', part: 'encoder' };
  if (convolution('1.weight') && convolution('3.conv.0.weight'))
    return { kind: 'taesd', part: 'decoder' };
  const both = ['encoder.layers.', 'decoder.layers.'].every((start) =>
    [...tensors.keys()].some((name) => name.startsWith(start)),
  );
  return both ? { kind: 'taesd', part: 'both' } : undefined;
}
