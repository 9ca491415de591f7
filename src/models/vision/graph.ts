// CLIP's vision transformers (Radford et al. 2021; ViT-L/14, H/14, bigG/14) in the layouts of
// Hugging Face and open_clip.
import { createGraph, type Graph, type Value } from '../../onnx/builder.ts';
import { clipBlock, withPrefix } from '../clip/block.ts';
import { type ClipBlock, HUGGING_FACE, OPEN_CLIP } from '../clip/config.ts';
import { batchOf, layerNorm, type Net } from '../layers/blocks.ts';
import type { Weights } from '../weights/tensors.ts';

interface VisionLayout {
  readonly classToken: string;
  readonly patches: string;
  readonly positions: string;
  /** The norm before the blocks. */
  readonly before: string;
  /** The norm after the blocks. */
  readonly after: string;
  readonly projection: string;
  readonly projectionTransposed: boolean;
  readonly block: (layer: number) => ClipBlock;
}

/** Hugging Face's names; the projection is outside `vision_model.`. */
const HUGGING_FACE_VISION: VisionLayout = {
  classToken: 'vision_model.embeddings.class_embedding',
  patches: 'vision_model.embeddings.patch_embedding.weight',
  positions: 'vision_model.embeddings.position_embedding.weight',
  // misspelt in the original
  before: 'vision_model.pre_layrnorm',
  after: 'vision_model.post_layernorm',
  projection: 'visual_projection.weight',
  projectionTransposed: false,
  block: (layer) => withPrefix('vision_model.', HUGGING_FACE.block(layer)),
};

const OPEN_CLIP_VISION: VisionLayout = {
  classToken: 'class_embedding',
  patches: 'conv1.weight',
  positions: 'positional_embedding',
  before: 'ln_pre',
  after: 'ln_post',
  projection: 'proj',
  projectionTransposed: true,
  block: OPEN_CLIP.block,
};

export const VISION_LAYOUTS = {
  'hugging-face': HUGGING_FACE_VISION,
  'open-clip': OPEN_CLIP_VISION,
} as const;

export interface VisionConfig {
  readonly layout: VisionLayout;
  readonly width: number;
  readonly layers: number;
  readonly heads: number;
  /** Side of the images, in pixels. */
  readonly size: number;
  readonly patch: number;
  readonly projected: number;
  readonly activation: 'quickGelu' | 'gelu';
}

/** All supported models have 16 heads. */
const HEADS = 16;
/** Depth of OpenAI's models, which use quickGelu; the others are deeper. */
const OPENAI_LAYERS = 24;

/** Reads the sizes from the tensors. Throws DR_MODEL_UNSUPPORTED when one is missing. */
export function visionConfig(weights: Weights, layout: VisionLayout): VisionConfig {
  const [width, , patch] = weights.shape(layout.patches);
  const patches = weights.shape(layout.positions)[0] - 1;
  let layers = 0;
  while (weights.has(`${layout.block(layers).norm1}.weight`)) layers++;
  return {
    layout,
    width,
    layers,
    heads: HEADS,
    size: Math.round(Math.sqrt(patches)) * patch,
    patch,
    projected: weights.shape(layout.projection)[layout.projectionTransposed ? 1 : 0],
    activation: layers <= OPENAI_LAYERS ? 'quickGelu' : 'gelu',
  };
}

/**
 * Builds the graph. Input `pixels` [B, 3, S, S], normalised; outputs `last` and `penultimate` [B,
 * T, width], the states after the last block and the one before it, and `embeds` [B, projected].
 * `more`: the matrices of further projections, by the names of their outputs.
 */
export function visionGraph(
  weights: Weights,
  config: VisionConfig,
  more: Readonly<Record<string, string>> = {},
): Graph {
  const g = createGraph();
  const net: Net = { g, w: weights };
  const { layout, width, layers, size, patch } = config;
  const tokens = (size / patch) ** 2 + 1;
  const pixels = g.input('pixels', ['B', 3, size, size]);
  const batch = batchOf(net, pixels);
  const kernel = { kernel_shape: [patch, patch], strides: [patch, patch] };
  const cells = g.op('Reshape', [
    g.op('Conv', [pixels, weights.value(g, layout.patches)], kernel),
    g.ints([0, width, -1]),
  ]);
  const shape = g.op('Concat', [batch, g.ints([1, width])], { axis: 0 });
  const classTokens = g.op('Expand', [
    weights.value(g, layout.classToken, { dims: [1, 1, width] }),
    shape,
  ]);
  const embedded = g.op('Concat', [classTokens, g.op('Transpose', [cells], { perm: [0, 2, 1] })], {
    axis: 1,
  });
  const positioned = g.op('Add', [embedded, weights.value(g, layout.positions)]);
  const toBatch = (x: Value): Value => g.op('Reshape', [x, g.ints([-1, tokens, width])]);

  let x = layerNorm(net, g.op('Reshape', [positioned, g.ints([-1, width])]), layout.before);
  for (let i = 0; i < layers; i++) {
    x = clipBlock(net, x, layout.block(i), batch, config);
    if (i === layers - 2) g.output('penultimate', toBatch(x), ['B', tokens, width]);
  }
  g.output('last', toBatch(x), ['B', tokens, width]);
  const classStates = g.op('Reshape', [
    g.op('Slice', [toBatch(x), g.ints([0]), g.ints([1]), g.ints([1])]),
    g.ints([-1, width]),
  ]);
  const projection = weights.value(g, layout.projection);
  const pooled = layerNorm(net, classStates, layout.after);
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
