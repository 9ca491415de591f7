// Stability's ControlNets of SD3.5 (comfy/cldm/dit_embedder.py): blocks of the image's stream alone.
// In those of the large model (8b) every block acts on the same tokens. Each kind takes one of its
// embedders from the model.
import { createGraph } from '../../onnx/builder.ts';
import { map } from '../../tensor/tensor.ts';
import { patchGrid, patchify } from '../dit/patches.ts';
import type { Net } from '../layers/blocks.ts';
import { HEAD_WIDTH } from '../mmdit/config.ts';
import {
  blockContext,
  conditionVector,
  imageTokens,
  mlpLayers,
  patchTokens,
  TIME_WIDTH,
} from '../mmdit/graph.ts';
import { selfAttentionBlock } from '../mmdit/joint-block.ts';
import { mmdit } from '../mmdit/mmdit.ts';
import { sincosPositions } from '../mmdit/positions.ts';
import { timestepEmbedding } from '../unet/timestep.ts';
import { countLayers } from '../weights/tensors.ts';
import type { LatentHint } from './controlnet.ts';
import { HINT_LAYER, repeated, SD3_SCALE } from './sd3-control.ts';
import {
  residualAdder,
  type TransformerControl,
  type TransformerControlConfig,
  withHint,
} from './transformer-control.ts';

interface Config extends TransformerControlConfig {
  readonly heads: number;
  /** A ControlNet of the large model: its embedder of `y` follows that of the model. */
  readonly isLarge: boolean;
}

export const sd35Control: TransformerControl<Config> = {
  embedder: 'x_embedder.proj.weight',
  hintLayer: HINT_LAYER,
  int8: mmdit.int8,
  config: (weights) => {
    const [hidden, width] = weights.shape('y_embedder.mlp.0.weight');
    const [, hintChannels, patch] = weights.shape(`${HINT_LAYER}.weight`);
    return {
      hidden,
      heads: hidden / HEAD_WIDTH,
      hintChannels,
      patch,
      inChannels: IN_CHANNELS,
      blocks: countLayers(weights, 'transformer_blocks'),
      isLarge: width === hidden,
    };
  },
  residuals: ({ heads: depth, blocks }) => ({
    output: repeated(blocks, Math.ceil(depth / blocks)),
  }),
  graph: (weights, config, int8) => {
    const g = createGraph();
    const net: Net = { g, w: weights, int8 };
    const { isLarge } = config;
    const vector = conditionVector(net, (isLarge ? [MODEL_Y, OWN_Y] : [OWN_Y]).map(mlpLayers));
    const block = blockContext(net, { ...config, qkNorm: false }, vector);
    const addResidual = residualAdder(net, config);
    const tokens = (isLarge ? patchTokens : imageTokens)(net, config);
    let x = withHint(net, tokens, config, HINT_LAYER);
    for (let i = 0; i < config.blocks; i++) {
      const after = selfAttentionBlock(block, x, `transformer_blocks.${i}`);
      addResidual(i, after);
      if (!isLarge) x = after;
    }
    return g;
  },
  inputs: ({ patch, hidden, isLarge }, { x, timesteps, y }) => {
    if (!y) throw new Error('internal: a ControlNet of SD3.5 needs a pooled prompt');
    return {
      x: patchify(x, { side: patch, order: 'c ph pw' }),
      ...(!isLarge && { positions: sincosPositions(patchGrid(x, patch), hidden) }),
      time: timestepEmbedding(timesteps, TIME_WIDTH),
      y,
    };
  },
  borrowed: ({ isLarge }) => {
    const [prefix, from] = isLarge ? [MODEL_Y, OWN_Y] : ['x_embedder', 'x_embedder'];
    return (name) => (name.startsWith(`${prefix}.`) ? from + name.slice(prefix.length) : undefined);
  },
};

const OWN_Y = 'y_embedder';
/** The name that the model's embedder of the pooled prompt has here. */
const MODEL_Y = 'orig_y_embedder';

const IN_CHANNELS = 16;

/** What the files say about their kind of hint, `control_type`. */
const PIXELS: Readonly<Record<number, LatentHint['pixels']>> = {
  // canny
  1: (hint) => map(hint, (value) => Math.fround(Math.fround(value * 255) * 0.5) + 0.5),
  // depth
  2: (hint) => map(hint, (value) => 1 - value),
};

/** The hint of a network of this type; others than canny and depth are encoded as they are. */
export const sd35Hint = (type: number): LatentHint => ({
  pixels: PIXELS[Math.round(type)],
  scale: SD3_SCALE,
  shift: SD3_SHIFT,
  hasMask: false,
});

const SD3_SHIFT = 0.0609;
