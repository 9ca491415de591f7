// ControlNets of SD3 (InstantX, alimama; comfy/cldm/mmdit.py): the first joint blocks of an MMDiT
// with own weights, each of which serves several blocks of the model.
import { createGraph } from '../../onnx/builder.ts';
import { zeros } from '../../tensor/tensor.ts';
import type { Net } from '../layers/blocks.ts';
import { type MMDiTConfig, sharedConfig } from '../mmdit/config.ts';
import { blockContext, conditionVector, contextTokens, imageTokens } from '../mmdit/graph.ts';
import { jointBlock } from '../mmdit/joint-block.ts';
import { mmdit, sharedInputs } from '../mmdit/mmdit.ts';
import type { LatentHint } from './controlnet.ts';
import {
  residualAdder,
  type TransformerControl,
  type TransformerControlConfig,
  withHint,
} from './transformer-control.ts';

type Config = MMDiTConfig & TransformerControlConfig;

/** The layer that the hint enters by. */
export const HINT_LAYER = 'pos_embed_input.proj';

export const sd3Control: TransformerControl<Config> = {
  embedder: 'x_embedder.proj.weight',
  hintLayer: HINT_LAYER,
  int8: mmdit.int8,
  config: (weights) => ({
    ...sharedConfig(weights),
    hintChannels: weights.shape(`${HINT_LAYER}.weight`)[1],
  }),
  residuals: ({ heads: depth, blocks }) => {
    const each = Math.floor(depth / blocks);
    return { output: repeated(blocks, each).slice(0, -1) };
  },
  graph: (weights, config, int8) => {
    const g = createGraph();
    const net: Net = { g, w: weights, int8 };
    const block = blockContext(net, config, conditionVector(net));
    const addResidual = residualAdder(net, config);
    const x = withHint(net, imageTokens(net, config), config, HINT_LAYER);
    let streams = { context: contextTokens(net, config), x };
    for (let i = 0; i < config.blocks; i++) {
      const selfAttention = config.selfAttention.has(i);
      const options = { selfAttention, last: false };
      streams = jointBlock(block, streams, `joint_blocks.${i}`, options);
      addResidual(i, streams.x);
    }
    return g;
  },
  // the pooled prompt is not used
  inputs: (config, { y, ...inputs }) => sharedInputs(config, { ...inputs, y: y && zeros(y.shape) }),
};

/** Returns 0, 0 …, 1, 1 …: each number `each` times. */
export const repeated = (count: number, each: number): number[] =>
  Array.from({ length: count * each }, (_, i) => Math.floor(i / each));

/** The hint of a network with `channels` of it; 17 are a latent and a mask (inpainting). */
export const sd3Hint = (channels: number): LatentHint => ({
  scale: SD3_SCALE,
  shift: 0,
  hasMask: channels === MASKED,
});

/** The scale of SD3's latents; these networks do not shift them. */
export const SD3_SCALE = 1.5305;

const MASKED = 17;
