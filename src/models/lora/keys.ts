// The names of the weights of UNets and CLIPs in LoRA files: kohya's names (of the original layout
// and of diffusers), those of LyCORIS and diffusers, and the plain path. The names are those that
// ComfyUI reads (comfy/lora.py, utils.unet_to_diffusers).

const WEIGHT = '.weight';
const flat = (name: string): string => name.replaceAll('.', '_');

/** Layers of a residual block: original name to diffusers' name. */
const RESIDUAL: Readonly<Record<string, string>> = {
  'in_layers.0': 'norm1',
  'in_layers.2': 'conv1',
  'emb_layers.1': 'time_emb_proj',
  'out_layers.0': 'norm2',
  'out_layers.3': 'conv2',
  skip_connection: 'conv_shortcut',
};

/** Layers outside of the blocks: original and diffusers' name. */
const SINGLE: readonly (readonly [string, string])[] = [
  ['label_emb.0.0', 'class_embedding.linear_1'],
  ['label_emb.0.2', 'class_embedding.linear_2'],
  ['label_emb.0.0', 'add_embedding.linear_1'],
  ['label_emb.0.2', 'add_embedding.linear_2'],
  ['input_blocks.0.0', 'conv_in'],
  ['out.0', 'conv_norm_out'],
  ['out.2', 'conv_out'],
  ['time_embed.0', 'time_embedding.linear_1'],
  ['time_embed.2', 'time_embedding.linear_2'],
];

/**
 * Returns the tensors of a UNet by their names in LoRA files. `tensors`: names of the original
 * layout, without a prefix.
 */
export function unetKeys(tensors: Iterable<string>): Map<string, string> {
  const names = [...tensors];
  const keys = plainKeys(names);
  for (const [diffusers, name] of diffusersLayers(names)) {
    keys.set(`lora_unet_${flat(diffusers)}`, name);
    keys.set(`lycoris_${flat(diffusers)}`, name);
    const processor = diffusers
      .replaceAll('.to_', '.processor.to_')
      .replace(/\.to_out\.0$/, '.to_out');
    for (const prefix of ['', 'unet.']) keys.set(prefix + processor, name);
  }
  return keys;
}

/** Returns the tensors of a denoiser by the names that LoRA files of all families have. */
export function plainKeys(tensors: Iterable<string>): Map<string, string> {
  const keys = new Map<string, string>();
  for (const name of tensors) {
    const layer = name.endsWith(WEIGHT) ? name.slice(0, -WEIGHT.length) : undefined;
    if (layer !== undefined) keys.set(`lora_unet_${flat(layer)}`, name);
    keys.set(`diffusion_model.${layer ?? name}`, name);
  }
  return keys;
}

/** Returns pairs of a layer's name in diffusers and the name of its weight. */
function diffusersLayers(names: readonly string[]): [string, string][] {
  const weights = names.filter((name) => name.endsWith(WEIGHT));
  const modules = modulesOf(weights);
  const pairs: [string, string][] = [];
  for (const weight of weights) {
    const layer = weight.slice(0, -WEIGHT.length);
    const [, module, rest] =
      /^((?:input|output)_blocks\.\d+\.\d+|middle_block\.\d+)\.(.+)$/.exec(layer) ?? [];
    const diffusers = module && modules.get(module);
    if (!diffusers) continue;
    const inner = diffusers.includes('resnets')
      ? (RESIDUAL[rest] ?? rest)
      : rest.replace(/^op$/, 'conv');
    pairs.push([`${diffusers}.${inner}`, weight]);
  }
  for (const [original, diffusers] of SINGLE)
    if (weights.includes(original + WEIGHT)) pairs.push([diffusers, original + WEIGHT]);
  return pairs;
}

/**
 * Returns the names of the blocks' modules in diffusers: `input_blocks.4.1` is
 * `down_blocks.1.attentions.0`.
 */
function modulesOf(weights: readonly string[]): Map<string, string> {
  const existing = new Set(weights);
  const names = new Map([
    ['middle_block.0', 'mid_block.resnets.0'],
    ['middle_block.1', 'mid_block.attentions.0'],
    ['middle_block.2', 'mid_block.resnets.1'],
  ]);
  const isResidual = (module: string): boolean => existing.has(`${module}.in_layers.0.weight`);
  const isTransformer = (module: string): boolean => existing.has(`${module}.proj_in.weight`);
  let [level, index] = [0, 0];
  for (let n = 1; ; n++) {
    const block = `input_blocks.${n}`;
    if (existing.has(`${block}.0.op.weight`)) {
      names.set(`${block}.0`, `down_blocks.${level}.downsamplers.0`);
      [level, index] = [level + 1, 0];
    } else if (isResidual(`${block}.0`)) {
      names.set(`${block}.0`, `down_blocks.${level}.resnets.${index}`);
      names.set(`${block}.1`, `down_blocks.${level}.attentions.${index++}`);
    } else break;
  }
  [level, index] = [0, 0];
  for (let n = 0; isResidual(`output_blocks.${n}.0`); n++) {
    const block = `output_blocks.${n}`;
    names.set(`${block}.0`, `up_blocks.${level}.resnets.${index}`);
    if (isTransformer(`${block}.1`))
      names.set(`${block}.1`, `up_blocks.${level}.attentions.${index}`);
    index++;
    const up = [1, 2].find((m) => existing.has(`${block}.${m}.conv.weight`));
    if (up === undefined) continue;
    names.set(`${block}.${up}`, `up_blocks.${level}.upsamplers.0`);
    [level, index] = [level + 1, 0];
  }
  return names;
}

/** The linear layers of a text encoder's block that have names in kohya's and diffusers' files. */
const CLIP_LINEARS = [
  'mlp.fc1',
  'mlp.fc2',
  'self_attn.k_proj',
  'self_attn.q_proj',
  'self_attn.v_proj',
  'self_attn.out_proj',
];
const BLOCKS = 32;

/**
 * Prefixes of the names of each encoder's blocks; CLIP-G is the second encoder only beside a
 * CLIP-L.
 */
const CLIP_NAMES: Readonly<
  Partial<
    Record<
      string,
      {
        readonly kohya: readonly string[];
        readonly diffusers: string;
        readonly projection: readonly string[];
      }
    >
  >
> = {
  clip_h: { kohya: ['lora_te', 'lora_te1'], diffusers: 'text_encoder', projection: [] },
  clip_l: { kohya: ['lora_te', 'lora_te1'], diffusers: 'text_encoder', projection: ['lora_te1'] },
  clip_g: {
    kohya: ['lora_te', 'lora_prior_te'],
    diffusers: 'text_encoder',
    projection: ['lora_prior_te', 'lora_te2'],
  },
  'clip_g beside clip_l': {
    kohya: ['lora_te2'],
    diffusers: 'text_encoder_2',
    projection: ['lora_prior_te', 'lora_te2'],
  },
};

/** Returns whether a CLIP has an encoder of a kind. */
type Has = (kind: string) => boolean;

/**
 * What is before the names of all layers of encoders in kohya's and OneTrainer's files, and the
 * part of the layers' own names that it replaces.
 */
const LAYER_NAMES: Readonly<
  Partial<Record<string, (has: Has) => { readonly starts: readonly string[]; part: string }>>
> = {
  t5xxl: (has) => ({
    part: '',
    // OneTrainer counts the encoders of FLUX.1 as those of SD3 too
    starts:
      has('clip_l') && !has('clip_g')
        ? ['lora_te2_', 'lora_te3_']
        : [`lora_te${['clip_g', 'clip_l', 't5xxl'].filter(has).length}_`],
  }),
};

/** Those of an encoder that is the only one: a language model. */
const ONLY_LAYER_NAMES = { part: 'model.', starts: ['lora_te_'] };

/**
 * Returns the tensors of text encoders by their names in LoRA files, as
 * `<encoder>.transformer.<tensor>` with Hugging Face's names
 * (`text_model.encoder.layers.0.mlp.fc1.weight`). `encoders`: the tensors of each encoder by its
 * kind.
 */
export function clipKeys(encoders: ReadonlyMap<string, Iterable<string>>): Map<string, string> {
  const keys = new Map<string, string>();
  for (const [kind, tensors] of encoders) {
    const prefix = `${kind}.transformer.`;
    const layers = [...tensors].flatMap((name) =>
      name.endsWith(WEIGHT) ? name.slice(0, -WEIGHT.length) : [],
    );
    const isClip = kind.startsWith('clip_');
    for (const layer of layers) {
      keys.set(`text_encoders.${prefix}${layer}`, prefix + layer + WEIGHT);
      if (!isClip) keys.set(`text_encoders.transformer.${layer}`, prefix + layer + WEIGHT);
    }
    for (const [name, layer] of isClip ? clipLayers(kind, layers, encoders) : [])
      keys.set(name, prefix + layer + WEIGHT);
    const has: Has = (other) => encoders.has(other);
    const named = [LAYER_NAMES[kind]?.(has), encoders.size === 1 && ONLY_LAYER_NAMES];
    for (const { part, starts } of named.filter((one) => !!one))
      for (const layer of layers)
        if (layer.startsWith(part))
          for (const start of starts)
            keys.set(start + flat(layer.slice(part.length)), prefix + layer + WEIGHT);
  }
  return keys;
}

/** Returns pairs of a name in LoRA files and the layer of a CLIP encoder. */
function* clipLayers(
  kind: string,
  layers: readonly string[],
  encoders: { has: Has },
): Generator<readonly [name: string, layer: string]> {
  const names =
    CLIP_NAMES[kind === 'clip_g' && encoders.has('clip_l') ? 'clip_g beside clip_l' : kind];
  if (!names) return;
  const { kohya, diffusers, projection } = names;
  const existing = new Set(layers);
  for (let block = 0; block < BLOCKS; block++)
    for (const linear of CLIP_LINEARS) {
      const layer = `text_model.encoder.layers.${block}.${linear}`;
      if (!existing.has(layer)) continue;
      for (const start of kohya) yield [`${start}_${flat(layer)}`, layer];
      yield [`${diffusers}.${layer}`, layer];
    }
  for (const start of projection) yield [`${start}_text_projection`, 'text_projection'];
}
