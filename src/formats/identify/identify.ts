// Identifies model files by their tensor names and shapes: a table of recognisers, of which the
// first match counts. The decisions are those of ComfyUI's loaders (model_detection,
// supported_models, sd.VAE) for SD and SDXL.
import type { TensorInfo } from '../tensor-file.ts';
import { foreignModel } from './foreign-models.ts';
import type {
  ClipPart,
  DenoiserPart,
  ModelFile,
  UNetFamily,
  VisionPart,
} from './identified-model.ts';
import { autoencoder, FLOW_VAE_PREFIX, taesd, VAE_PREFIX, vaePart } from './identify-vae.ts';
import type { PredictionHint } from './prediction.ts';
import { allInOneEncoders, sequenceEncoder, vocabularyOf } from './sequence-encoders.ts';
import { transformerControlIn } from './transformer-controls.ts';
import { transformerIn } from './transformers.ts';

type Tensors = ReadonlyMap<string, TensorInfo>;
type Recogniser = (tensors: Tensors) => ModelFile | undefined;

const hasPrefix = (tensors: Tensors, prefix: string): boolean => {
  for (const name of tensors.keys()) if (name.startsWith(prefix)) return true;
  return false;
};

export const UNET_PREFIX = 'model.diffusion_model.';
/** Above this standard deviation ComfyUI treats an SD2 UNet as a v-prediction model. */
const SD2_V_THRESHOLD = 0.09;

/** The family of a UNet, by its label embedding, number of levels and kind of projections. */
function familyOf(tensors: Tensors, prefix: string): UNetFamily {
  const linear = [...tensors].some(
    ([name, info]) =>
      name.startsWith(prefix) && name.endsWith('.proj_in.weight') && info.shape.length === 2,
  );
  if (!tensors.has(`${prefix}label_emb.0.0.weight`)) return linear ? 'sd2' : 'sd1';
  // unCLIP: a label embedding, and attention on the first level
  if (hasPrefix(tensors, `${prefix}input_blocks.1.1.`)) return 'sd2';
  return hasPrefix(tensors, `${prefix}input_blocks.9.`) ? 'sdxl-refiner' : 'sdxl';
}

/** The prediction by marker tensors (SDXL), or by a tensor to be measured (SD2). */
function predictionOf(
  tensors: Tensors,
  prefix: string,
  family: UNetFamily,
  inChannels: number,
): PredictionHint {
  if (family === 'sdxl') {
    if (tensors.has('edm_mean') && tensors.has('edm_std')) return { kind: 'edm' };
    if (tensors.has('edm_vpred.sigma_max')) {
      const sigmaMin = tensors.has('edm_vpred.sigma_min') ? 'edm_vpred.sigma_min' : undefined;
      return { kind: 'v-edm', sigmaMax: 'edm_vpred.sigma_max', sigmaMin };
    }
    if (tensors.has('v_pred')) return { kind: 'v', zsnr: tensors.has('ztsnr') };
  }
  // the x4 upscaler, which has an embedding of noise levels
  if (tensors.has(`${prefix}label_emb.weight`)) return { kind: 'v', zsnr: false };
  const tensor = `${prefix}output_blocks.11.1.transformer_blocks.0.norm1.bias`;
  if (family === 'sd2' && inChannels === 4 && tensors.has(tensor))
    return { kind: 'measured', tensor, above: SD2_V_THRESHOLD };
  return { kind: 'eps' };
}

/** The UNet under a prefix, in the layout of the original checkpoints. */
function unetPart(
  tensors: Tensors,
  prefix: string,
): { family: UNetFamily; denoiser: DenoiserPart } | undefined {
  const first = tensors.get(`${prefix}input_blocks.0.0.weight`);
  if (first?.shape.length !== 4 || !tensors.has(`${prefix}out.2.weight`)) return undefined;
  const family = familyOf(tensors, prefix);
  const inChannels = first.shape[1];
  return {
    family,
    denoiser: { prefix, inChannels, prediction: predictionOf(tensors, prefix, family, inChannels) },
  };
}

/**
 * Where each family stores its text encoders. Of several locations for one, the first that exists
 * counts.
 */
export const CLIP_LOCATIONS: Readonly<Record<UNetFamily, readonly ClipPart[]>> = {
  sdxl: [
    {
      kind: 'clip_l',
      layout: 'hugging-face',
      prefix: 'conditioner.embedders.0.transformer.text_model.',
    },
    { kind: 'clip_g', layout: 'open-clip', prefix: 'conditioner.embedders.1.model.' },
  ],
  'sdxl-refiner': [
    { kind: 'clip_g', layout: 'open-clip', prefix: 'conditioner.embedders.0.model.' },
  ],
  sd1: [
    { kind: 'clip_l', layout: 'hugging-face', prefix: 'cond_stage_model.transformer.text_model.' },
    { kind: 'clip_l', layout: 'hugging-face', prefix: 'cond_stage_model.transformer.' },
  ],
  sd2: [
    { kind: 'clip_h', layout: 'open-clip', prefix: 'cond_stage_model.model.' },
    { kind: 'clip_h', layout: 'open-clip', prefix: 'conditioner.embedders.0.model.' },
  ],
};

const TOKENS: Readonly<Record<ClipPart['layout'], string>> = {
  'hugging-face': 'embeddings.token_embedding.weight',
  'open-clip': 'token_embedding.weight',
};

function clipParts(tensors: Tensors, family: UNetFamily): readonly ClipPart[] {
  const present = CLIP_LOCATIONS[family].filter((part) =>
    tensors.has(part.prefix + TOKENS[part.layout]),
  );
  return present.filter((part, i) => present.findIndex((other) => other.kind === part.kind) === i);
}

const checkpoint: Recogniser = (tensors) => {
  const found = unetPart(tensors, UNET_PREFIX);
  if (!found) return undefined;
  const clips = clipParts(tensors, found.family);
  const vae = vaePart(tensors, VAE_PREFIX);
  return {
    kind: 'checkpoint',
    ...found,
    has: { unet: true, clip: clips.length > 0, vae: vae !== undefined },
    clips,
    vae,
  };
};

/** A transformer alone, or with text encoders or an autoencoder. */
const transformer: Recogniser = (tensors) => {
  const found = transformerIn(tensors);
  if (!found) return undefined;
  const vae = [VAE_PREFIX, FLOW_VAE_PREFIX]
    .map((prefix) => vaePart(tensors, prefix))
    .find((part) => part);
  const clips = allInOneEncoders(tensors);
  if (!vae && clips.length === 0) return { kind: 'diffusion-model', ...found };
  return {
    kind: 'checkpoint',
    ...found,
    has: { unet: true, clip: clips.length > 0, vae: vae !== undefined },
    clips,
    vae,
  };
};

const controlnet: Recogniser = (tensors) => {
  if (tensors.has('lora_controlnet')) return { kind: 'controlnet', layout: 'lora', prefix: '' };
  for (const prefix of ['control_model.', ''])
    if (tensors.has(`${prefix}input_hint_block.0.weight`))
      return { kind: 'controlnet', layout: 'sgm', prefix };
  if (tensors.has('controlnet_cond_embedding.conv_in.weight'))
    return { kind: 'controlnet', layout: 'diffusers', prefix: '' };
  for (const prefix of ['adapter.', '']) {
    const full =
      tensors.get(`${prefix}conv_in.weight`)?.shape.length === 4 &&
      hasPrefix(tensors, `${prefix}body.0.`);
    if (full || tensors.get(`${prefix}body.0.in_conv.weight`)?.shape.length === 4)
      return { kind: 'controlnet', layout: 't2i', prefix: '' };
  }
  return undefined;
};

/** Their blocks have the names of a model's. */
const transformerControl: Recogniser = (tensors) => {
  const layout = transformerControlIn(tensors);
  return layout && { kind: 'controlnet', layout, prefix: '' };
};

/** The ends of tensor names that only LoRAs and their relatives have. */
const LORA_ENDINGS = [
  String.raw`[._]lora_(down|up|A|B)\.(default\.)?weight`,
  String.raw`[._]lora\d?\.(down|up)\.weight`,
  '[._](hada_w1_a|lokr_w1(_a)?|diff|diff_b|w_norm)',
  String.raw`\.lora_(A|B)`,
];
const LORA_FACTOR = new RegExp(`(${LORA_ENDINGS.join('|')})$`);

const lora: Recogniser = (tensors) => {
  let kohya = false;
  let other = false;
  for (const name of tensors.keys()) {
    if (!LORA_FACTOR.test(name)) continue;
    if (/^lora_(unet|te\d?|prior)/.test(name)) kohya = true;
    else if (/^(unet|text_encoder(_2)?)\./.test(name)) return { kind: 'lora', naming: 'diffusers' };
    else other = true;
  }
  if (kohya) return { kind: 'lora', naming: 'kohya' };
  return other ? { kind: 'lora', naming: 'other' } : undefined;
};

const bareUnet: Recogniser = (tensors) => {
  const found = unetPart(tensors, '');
  return found && { kind: 'diffusion-model', ...found };
};

/** The layout of diffusers: the sizes of the original layout under other names. */
const diffusersUnet: Recogniser = (tensors) => {
  const first = tensors.get('conv_in.weight');
  if (
    first?.shape.length !== 4 ||
    !tensors.has('conv_norm_out.weight') ||
    !hasPrefix(tensors, 'up_blocks.')
  )
    return undefined;
  const linear = [...tensors].some(
    ([name, { shape }]) => name.endsWith('.proj_in.weight') && shape.length === 2,
  );
  const adm = tensors.has('add_embedding.linear_1.weight');
  const xl = hasPrefix(tensors, 'down_blocks.3.') ? 'sdxl-refiner' : 'sdxl';
  const family = adm ? xl : linear ? 'sd2' : 'sd1';
  const inChannels = first.shape[1];
  const tensor = 'up_blocks.3.attentions.2.transformer_blocks.0.norm1.bias';
  const measured = family === 'sd2' && inChannels === 4 && tensors.has(tensor);
  const prediction: PredictionHint = measured
    ? { kind: 'measured', tensor, above: SD2_V_THRESHOLD }
    : { kind: 'eps' };
  return {
    kind: 'diffusion-model',
    family,
    denoiser: { prefix: '', layout: 'diffusers', inChannels, prediction },
  };
};

/**
 * The layout of a vision model and which of the prefixes it has; undefined when there is none.
 * The smallest one in use has 24 layers.
 */
export function locateClipVision(
  tensors: Tensors,
  prefixes: readonly string[],
): VisionPart | undefined {
  for (const prefix of prefixes) {
    if (
      tensors.has(`${prefix}transformer.resblocks.22.attn.in_proj_weight`) &&
      tensors.get(`${prefix}conv1.weight`)?.shape.length === 4
    )
      return { layout: 'open-clip', prefix };
    if (!tensors.has(`${prefix}vision_model.encoder.layers.22.layer_norm1.weight`)) continue;
    const embeddings = `${prefix}vision_model.embeddings`;
    if (tensors.has(`${embeddings}.class_embedding`)) return { layout: 'hugging-face', prefix };
    // SigLIP has no class token; SigLIP 2 for pictures of any aspect has no convolution
    const patches = tensors.get(`${embeddings}.patch_embedding.weight`);
    if (patches?.shape.length === 4 && tensors.has(`${embeddings}.patch_embedding.bias`))
      return { layout: 'siglip', prefix };
  }
  return undefined;
}

const clipVision: Recogniser = (tensors) => {
  const found = locateClipVision(tensors, ['', 'visual.']);
  return found && { kind: 'clip-vision', ...found };
};

/** A text encoder without a checkpoint, whose kind is determined by its number of layers. */
const textEncoder: Recogniser = (tensors) => {
  const kindOf = (layer: (i: number) => string): ClipPart['kind'] =>
    tensors.has(layer(30)) ? 'clip_g' : tensors.has(layer(22)) ? 'clip_h' : 'clip_l';
  const clip = (part: ClipPart): ModelFile => ({ kind: 'text-encoder', clip: part });
  if (tensors.has('text_model.encoder.layers.0.mlp.fc1.weight'))
    return clip({
      kind: kindOf((i) => `text_model.encoder.layers.${i}.mlp.fc1.weight`),
      layout: 'hugging-face',
      prefix: 'text_model.',
    });
  if (tensors.has('transformer.resblocks.0.ln_1.weight') && tensors.has('token_embedding.weight'))
    return clip({
      kind: kindOf((i) => `transformer.resblocks.${i}.mlp.c_fc.weight`),
      layout: 'open-clip',
      prefix: '',
    });
  return undefined;
};

/** A text encoder beside CLIP; unsupported ones are named. */
const sequences: Recogniser = (tensors) => {
  const found = sequenceEncoder(tensors);
  if (!found) return undefined;
  return 'kind' in found
    ? {
        kind: 'text-encoder',
        clip: { kind: found.kind, prefix: '', vocabulary: vocabularyOf(found.kind) },
      }
    : { kind: 'unknown', reason: found.unsupported };
};

const upscaler: Recogniser = (tensors) => {
  for (const prefix of ['', 'params.', 'params_ema.']) {
    if (tensors.has(`${prefix}body.0.rdb1.conv1.weight`))
      return { kind: 'upscaler', architecture: 'esrgan', naming: 'new' };
    if (tensors.has(`${prefix}RRDB_trunk.0.RDB1.conv1.weight`))
      return { kind: 'upscaler', architecture: 'esrgan', naming: 'bsrgan' };
    if (
      tensors.get(`${prefix}body.0.weight`)?.shape.length === 4 &&
      tensors.get(`${prefix}body.1.weight`)?.shape.length === 1
    )
      return { kind: 'upscaler', architecture: 'srvgg', naming: 'new' };
  }
  if (tensors.has('model.1.sub.0.RDB1.conv1.0.weight'))
    return { kind: 'upscaler', architecture: 'esrgan', naming: 'old' };
  return undefined;
};

/** Textual inversion: few tensors, each a vector or rows of vectors. */
const embedding: Recogniser = (tensors) => {
  const names = [...tensors.keys()];
  const vectors = [...tensors.values()].every((t) => t.shape.length === 1 || t.shape.length === 2);
  const hasEmbeddingName = names.some((name) =>
    /^(clip_[lgh]|emb_params|string_to_param\..*|<.*>|\*)$/.test(name),
  );
  return vectors &&
    names.length > 0 &&
    names.length <= 8 &&
    (hasEmbeddingName || names.length === 1)
    ? { kind: 'embedding', encoders: names }
    : undefined;
};

/** GLIGEN: gated attention for each transformer of a UNet, and the network of positions. */
const gligen: Recogniser = (tensors) =>
  tensors.has('position_net.null_positive_feature') &&
  [...tensors.keys()].some((name) => name.endsWith('.fuser.linear.weight'))
    ? { kind: 'gligen' }
    : undefined;

/** PhotoMaker (version 1): a CLIP vision model with a second projection, and a fuse module. */
const photomaker: Recogniser = (tensors) => {
  const prefix = ['id_encoder.', ''].find(
    (one) =>
      tensors.has(`${one}visual_projection_2.weight`) &&
      tensors.has(`${one}fuse_module.mlp1.fc1.weight`) &&
      !hasPrefix(tensors, `${one}qformer_perceiver.`),
  );
  return prefix === undefined ? undefined : { kind: 'photomaker', prefix };
};

/** A style model of T2I-Adapter, or Redux. */
const style: Recogniser = (tensors) => {
  if (tensors.has('style_embedding') && tensors.has('transformer_layes.0.attn.in_proj_weight'))
    return { kind: 'style', architecture: 'adapter' };
  return tensors.has('redux_up.weight') && tensors.has('redux_down.weight')
    ? { kind: 'style', architecture: 'redux' }
    : undefined;
};

/** A Fun ControlNet of Z-Image, or one of DiffSynth for Qwen-Image. */
const layerControl: Recogniser = (tensors) => {
  if (
    tensors.has('control_all_x_embedder.2-1.weight') &&
    tensors.has('control_layers.0.before_proj.weight')
  )
    return { kind: 'layer-control', model: 'Z-Image' };
  return tensors.has('controlnet_blocks.0.y_rms.weight')
    ? { kind: 'layer-control', model: 'Qwen-Image' }
    : undefined;
};

/** The projector of USO. */
const styleProjector: Recogniser = (tensors) =>
  tensors.has('feature_embedder.mid_layer_norm.bias') ? { kind: 'style-projector' } : undefined;

const foreign: Recogniser = (tensors) => {
  const reason = foreignModel(tensors);
  return reason === undefined ? undefined : { kind: 'unknown', reason };
};

/** Unsupported models come first, because some have the tensors of supported ones and more. */
const RECOGNISERS: readonly Recogniser[] = [
  gligen,
  photomaker,
  style,
  layerControl,
  styleProjector,
  transformerControl,
  sequences,
  foreign,
  checkpoint,
  transformer,
  controlnet,
  lora,
  bareUnet,
  diffusersUnet,
  autoencoder,
  taesd,
  upscaler,
  textEncoder,
  clipVision,
  embedding,
];

/** Identifies a model file. Never throws; an unrecognised file is `unknown` with a reason. */
export function identify(tensors: Tensors): ModelFile {
  for (const recognise of RECOGNISERS) {
    const found = recognise(tensors);
    if (found) return found;
  }
  const names = [...tensors.keys()].slice(0, 3).join(', ');
  return {
    kind: 'unknown',
    reason: names ? `its tensors (${names} …) match no supported kind` : 'it contains no tensors',
  };
}
