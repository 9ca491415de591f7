// The layouts and sizes of CLIP text encoders: Hugging Face's (CLIP-L) and open_clip's (CLIP-G of
// SDXL, CLIP-H of SD2). A layout is a table of tensor names; flags say how the tensors are stored
// (fused projections, transposed text projection).
import type { PatchTarget, PatchTargets } from '../weights/changes.ts';
import type { Weights } from '../weights/tensors.ts';

export interface ClipLayout {
  readonly tokens: string;
  readonly positions: string;
  readonly finalNorm: string;
  /**
   * Stored transposed, for `x @ projection` (open_clip), or as a Linear's weight (Hugging Face).
   */
  readonly projection: string;
  readonly projectionTransposed: boolean;
  readonly block: (layer: number) => ClipBlock;
}

export interface ClipBlock {
  readonly norm1: string;
  readonly norm2: string;
  /** The linear layers of q, k and v, or the weight and bias that hold all three. */
  readonly qkv:
    | readonly [string, string, string]
    | { readonly weight: string; readonly bias: string };
  readonly out: string;
  readonly up: string;
  readonly down: string;
}

/** Names below `text_model.`; the projection is beside it. */
export const HUGGING_FACE: ClipLayout = {
  tokens: 'embeddings.token_embedding.weight',
  positions: 'embeddings.position_embedding.weight',
  finalNorm: 'final_layer_norm',
  projection: 'text_projection.weight',
  projectionTransposed: false,
  block: (layer) => {
    const at = `encoder.layers.${layer}`;
    return {
      norm1: `${at}.layer_norm1`,
      norm2: `${at}.layer_norm2`,
      qkv: [`${at}.self_attn.q_proj`, `${at}.self_attn.k_proj`, `${at}.self_attn.v_proj`],
      out: `${at}.self_attn.out_proj`,
      up: `${at}.mlp.fc1`,
      down: `${at}.mlp.fc2`,
    };
  },
};

/** Hugging Face's layout as an earlier CLIPSave of ComfyUI wrote it. */
export const LEGACY_CLIP_SAVE: ClipLayout = {
  ...HUGGING_FACE,
  projection: 'text_projection',
  projectionTransposed: true,
};

export const OPEN_CLIP: ClipLayout = {
  tokens: 'token_embedding.weight',
  positions: 'positional_embedding',
  finalNorm: 'ln_final',
  projection: 'text_projection',
  projectionTransposed: true,
  block: (layer) => {
    const at = `transformer.resblocks.${layer}`;
    return {
      norm1: `${at}.ln_1`,
      norm2: `${at}.ln_2`,
      qkv: { weight: `${at}.attn.in_proj_weight`, bias: `${at}.attn.in_proj_bias` },
      out: `${at}.attn.out_proj`,
      up: `${at}.mlp.c_fc`,
      down: `${at}.mlp.c_proj`,
    };
  },
};

/** CLIP-L, G and H: the encoders of SD1 and SDXL, of SDXL, and of SD2. */
export type ClipKind = 'clip_l' | 'clip_g' | 'clip_h';

const ACTIVATIONS = {
  clip_l: 'quickGelu',
  clip_g: 'gelu',
  clip_h: 'gelu',
} as const satisfies Record<ClipKind, string>;

export interface ClipConfig {
  readonly layout: ClipLayout;
  readonly activation: 'quickGelu' | 'gelu';
  readonly width: number;
  readonly heads: number;
  readonly layers: number;
  /** Positions of a chunk (77). */
  readonly length: number;
  /** Width of the projected pooled features; 0 without a projection. */
  readonly projected: number;
}

/** Heads are 64 wide in all CLIPs that Stable Diffusion uses, and 16 in small models for tests. */
const headWidth = (width: number): number => (width % 64 === 0 ? 64 : 16);

/** Reads an encoder's sizes from its tensors. */
export function clipConfig(weights: Weights, layout: ClipLayout, kind: ClipKind): ClipConfig {
  const [length, width] = weights.shape(layout.positions);
  let layers = 0;
  while (weights.has(`${layout.block(layers).norm1}.weight`)) layers++;
  const projected = weights.has(layout.projection)
    ? weights.shape(layout.projection)[layout.projectionTransposed ? 1 : 0]
    : 0;
  return {
    layout,
    activation: ACTIVATIONS[kind],
    width,
    heads: width / headWidth(width),
    layers,
    length,
    projected,
  };
}

/**
 * Returns the weights of an encoder by the names that LoRAs use, Hugging Face's below
 * `<encoder>.transformer.`. A fused projection is split into three targets, and the text projection
 * has the shape of a Linear's weight.
 */
export function clipTargets(weights: Weights, layout: ClipLayout): PatchTargets {
  const targets = new Map<string, PatchTarget>();
  const addTarget = (
    name: string,
    tensor: string,
    part: Pick<PatchTarget, 'rows' | 'transposed'> = {},
  ): void => {
    if (!weights.has(tensor)) return;
    const stored = weights.shape(tensor);
    const shape = part.rows
      ? [part.rows[1] - part.rows[0], ...stored.slice(1)]
      : part.transposed
        ? stored.toReversed()
        : stored;
    targets.set(name, { tensor, ...part, shape });
  };
  const addLayer = (name: string, tensor: string): void => {
    for (const ending of ['weight', 'bias'])
      addTarget(`text_model.${name}.${ending}`, `${tensor}.${ending}`);
  };
  addTarget(`text_model.${HUGGING_FACE.positions}`, layout.positions);
  addTarget('text_projection.weight', layout.projection, {
    transposed: layout.projectionTransposed,
  });
  addLayer(HUGGING_FACE.finalNorm, layout.finalNorm);
  for (let i = 0; weights.has(`${layout.block(i).norm1}.weight`); i++) {
    const [stored, named] = [layout.block(i), HUGGING_FACE.block(i)];
    for (const part of ['norm1', 'norm2', 'out', 'up', 'down'] as const)
      addLayer(named[part], stored[part]);
    for (const [index, name] of (named.qkv as readonly string[]).entries()) {
      if (!('weight' in stored.qkv)) {
        addLayer(name, stored.qkv[index]);
        continue;
      }
      const width = weights.shape(stored.qkv.weight)[0] / 3;
      const rows = [index * width, (index + 1) * width] as const;
      addTarget(`text_model.${name}.weight`, stored.qkv.weight, { rows });
      addTarget(`text_model.${name}.bias`, stored.qkv.bias, { rows });
    }
  }
  return targets;
}
