// CLIP's vision transformers (Radford et al. 2021; ViT-L/14, H/14, bigG/14) in the layouts of
// Hugging Face and open_clip, and that of SigLIP (Zhai et al. 2023), which has no class token.
import { createGraph, type Graph, type Value } from '../../onnx/builder.ts';
import { clipBlock, withPrefix } from '../clip/block.ts';
import { type ClipBlock, HUGGING_FACE, OPEN_CLIP } from '../clip/config.ts';
import { batchOf, layerNorm, type Net } from '../layers/blocks.ts';
import type { Weights } from '../weights/tensors.ts';

export interface VisionLayout {
  /** Absent: the features of an image are those of all its tokens. */
  readonly classToken?: string;
  readonly patches: string;
  readonly patchBias?: string;
  readonly positions: string;
  /** The norm before the blocks. */
  readonly before?: string;
  /** The norm after the blocks. */
  readonly after: string;
  readonly projection?: string;
  readonly projectionTransposed?: boolean;
  readonly block: (layer: number) => ClipBlock;
}

/** Hugging Face's names; the projection is outside `vision_model.`. */
const HUGGING_FACE_VISION = {
  classToken: 'vision_model.embeddings.class_embedding',
  patches: 'vision_model.embeddings.patch_embedding.weight',
  positions: 'vision_model.embeddings.position_embedding.weight',
  // misspelt in the original
  before: 'vision_model.pre_layrnorm',
  after: 'vision_model.post_layernorm',
  projection: 'visual_projection.weight',
  projectionTransposed: false,
  block: (layer) => withPrefix('vision_model.', HUGGING_FACE.block(layer)),
} satisfies VisionLayout;

const SIGLIP_VISION: VisionLayout = {
  patches: HUGGING_FACE_VISION.patches,
  patchBias: 'vision_model.embeddings.patch_embedding.bias',
  positions: HUGGING_FACE_VISION.positions,
  after: HUGGING_FACE_VISION.after,
  block: HUGGING_FACE_VISION.block,
};

const OPEN_CLIP_VISION = {
  classToken: 'class_embedding',
  patches: 'conv1.weight',
  positions: 'positional_embedding',
  before: 'ln_pre',
  after: 'ln_post',
  projection: 'proj',
  projectionTransposed: true,
  block: OPEN_CLIP.block,
} satisfies VisionLayout;

export const VISION_LAYOUTS = {
  'hugging-face': HUGGING_FACE_VISION,
  'open-clip': OPEN_CLIP_VISION,
  siglip: SIGLIP_VISION,
} as const;

export interface VisionConfig {
  readonly layout: VisionLayout;
  readonly width: number;
  readonly layers: number;
  readonly heads: number;
  /** Side of the images, in pixels. */
  readonly size: number;
  readonly patch: number;
  /** Width of the embeds. */
  readonly projected: number;
  readonly activation: 'quickGelu' | 'gelu' | 'geluTanh';
}

/** Sides of SigLIP's images in pixels, by the number of patches, which do not cover them. */
const SIGLIP_SIZES: Readonly<Record<number, number>> = { 729: 384, 1024: 512 };

/** Outputs with SigLIP's states after earlier blocks, by their number from the last. */
export const EARLIER_STATES = { early: 20, middle: 11 } as const;

/** All supported models have 16 heads. */
const HEADS = 16;
/** Depth of OpenAI's models, which use quickGelu; the others are deeper. */
const OPENAI_LAYERS = 24;

/** Reads the sizes from the tensors. Throws DR_MODEL_UNSUPPORTED when one is missing. */
export function visionConfig(weights: Weights, layout: VisionLayout): VisionConfig {
  const [width, , patch] = weights.shape(layout.patches);
  const patches = weights.shape(layout.positions)[0] - (layout.classToken ? 1 : 0);
  let layers = 0;
  while (weights.has(`${layout.block(layers).norm1}.weight`)) layers++;
  const side = Math.round(Math.sqrt(patches)) * patch;
  const { classToken, projection, projectionTransposed } = layout;
  const clipActivation = layers <= OPENAI_LAYERS ? 'quickGelu' : 'gelu';
  return {
    layout,
    width,
    layers,
    heads: HEADS,
    size: classToken ? side : (SIGLIP_SIZES[patches] ?? side),
    patch,
    projected: projection ? weights.shape(projection)[projectionTransposed ? 1 : 0] : width,
    activation: classToken ? clipActivation : 'geluTanh',
  };
}

/**
 * Builds the graph. Input `pixels` [B, 3, S, S], normalised; outputs `last` and `penultimate` [B,
 * T, width], the states after the last block and the one before it, and `embeds` [B, projected];
 * without a class token, `last` is normalised, the embeds are the same, and those of EARLIER_STATES
 * are outputs too.
 * `more`: the matrices of further projections, by the names of their outputs.
 */
export function visionGraph(
  weights: Weights,
  config: VisionConfig,
  more: Readonly<Record<string, string>> = {},
): Graph {
  const g = createGraph();
  const net: Net = { g, w: weights };
  const { layout, width, layers } = config;
  const pixels = g.input('pixels', ['B', 3, config.size, config.size]);
  const batch = batchOf(net, pixels);
  const tokens = Math.floor(config.size / config.patch) ** 2 + (layout.classToken ? 1 : 0);
  const toBatch = (x: Value): Value => g.op('Reshape', [x, g.ints([-1, tokens, width])]);

  let x = g.op('Reshape', [embeddedTokens(net, pixels, batch, config), g.ints([-1, width])]);
  if (layout.before) x = layerNorm(net, x, layout.before);
  for (let i = 0; i < layers; i++) {
    x = clipBlock(net, x, layout.block(i), batch, config);
    if (i === layers - 2) g.output('penultimate', toBatch(x), ['B', tokens, width]);
    if (!layout.classToken)
      for (const [name, fromLast] of Object.entries(EARLIER_STATES))
        if (i === layers - fromLast) g.output(name, toBatch(x), ['B', tokens, width]);
  }
  if (!layout.classToken) {
    const all = toBatch(layerNorm(net, x, layout.after));
    g.output('last', all, ['B', tokens, width]);
    g.output('embeds', g.op('Identity', [all]), ['B', tokens, width]);
    return g;
  }
  g.output('last', toBatch(x), ['B', tokens, width]);
  const classStates = g.op('Reshape', [
    g.op('Slice', [toBatch(x), g.ints([0]), g.ints([1]), g.ints([1])]),
    g.ints([-1, width]),
  ]);
  const pooled = layerNorm(net, classStates, layout.after);
  const projection = weights.value(g, layout.projection!);
  const embeds = g.op('Gemm', [pooled, projection], {
    transB: layout.projectionTransposed ? 0 : 1,
  });
  g.output('embeds', embeds, ['B', config.projected]);
  for (const [name, matrix] of Object.entries(more))
    g.output(name, g.op('Gemm', [pooled, weights.value(g, matrix)], { transB: 1 }), [
      'B',
      weights.shape(matrix)[0],
    ]);
  return g;
}

/** The tokens of images with their positions, [B, T, width]. */
function embeddedTokens(
  { g, w }: Net,
  pixels: Value,
  batch: Value,
  { layout, width, patch }: VisionConfig,
): Value {
  const kernel = { kernel_shape: [patch, patch], strides: [patch, patch] };
  const bias = layout.patchBias ? [w.value(g, layout.patchBias)] : [];
  const cells = g.op('Reshape', [
    g.op('Conv', [pixels, w.value(g, layout.patches), ...bias], kernel),
    g.ints([0, width, -1]),
  ]);
  const patches = g.op('Transpose', [cells], { perm: [0, 2, 1] });
  const positions = (tokens: Value): Value => g.op('Add', [tokens, w.value(g, layout.positions)]);
  if (!layout.classToken) return positions(patches);
  const classTokens = g.op('Expand', [
    w.value(g, layout.classToken, { dims: [1, 1, width] }),
    g.op('Concat', [batch, g.ints([1, width])], { axis: 0 }),
  ]);
  return positions(g.op('Concat', [classTokens, patches], { axis: 1 }));
}
