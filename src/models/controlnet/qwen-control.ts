// ControlNets of Qwen-Image (InstantX; comfy/ldm/qwen_image/controlnet.py): the first blocks of the
// model with own weights, each of which serves several blocks of the model.
import { createGraph } from '../../onnx/builder.ts';
import { ropeRotations } from '../dit/blocks.ts';
import type { Net } from '../layers/blocks.ts';
import { block } from '../qwenimage/blocks.ts';
import { PATCH, type QwenImageStreamsConfig, qwenImageStreamsConfig } from '../qwenimage/config.ts';
import { embeddedStreams } from '../qwenimage/graph.ts';
import { graphInputs, qwenImage } from '../qwenimage/qwen-image.ts';
import { WAN_SCALE } from '../vae/latent-scale.ts';
import type { LatentHint } from './controlnet.ts';
import { repeated } from './sd3-control.ts';
import {
  residualAdder,
  type TransformerControl,
  type TransformerControlConfig,
  withHint,
} from './transformer-control.ts';

type Config = QwenImageStreamsConfig & TransformerControlConfig;

const EMBEDDER = 'controlnet_x_embedder';
/** The blocks of Qwen-Image. */
const MODEL_BLOCKS = 60;

export const qwenControl: TransformerControl<Config> = {
  // that of FLUX has the name of the first layer, and its width
  embedder: 'transformer_blocks.0.attn.to_out.0.weight',
  float16: false,
  hintLayer: EMBEDDER,
  int8: qwenImage.int8,
  config: (weights) => ({
    ...qwenImageStreamsConfig(weights),
    hidden: weights.shape('img_in.weight')[0],
    hintChannels: weights.shape(`${EMBEDDER}.weight`)[1] / PATCH ** 2,
    patch: PATCH,
  }),
  residuals: ({ blocks }) => ({
    input: repeated(blocks, Math.ceil(MODEL_BLOCKS / blocks)).slice(0, MODEL_BLOCKS),
    output: [],
  }),
  graph: (weights, config, int8) => {
    const g = createGraph();
    const net: Net = { g, w: weights, int8 };
    const [prompt, image] = embeddedStreams(net, config);
    const at = { ...config, net, rotations: ropeRotations(net, config.rope) };
    const addResidual = residualAdder(net, config);
    let streams = [prompt, { ...image, tokens: withHint(net, image.tokens, config, EMBEDDER) }];
    for (let i = 0; i < config.blocks; i++) {
      const after = block(at, `transformer_blocks.${i}`, streams);
      streams = streams.map((stream, s) => ({ ...stream, tokens: after[s] }));
      addResidual(i, streams[1].tokens);
    }
    return g;
  },
  // neither a prompt's padding nor reference images are seen
  inputs: (config, { x, timesteps, context }) => graphInputs(config, { x, timesteps, context }),
};

/** The hint of a network with `channels` of it; 17 are a latent and a mask (inpainting). */
export const qwenHint = (channels: number): LatentHint => ({
  ...WAN_SCALE,
  hasMask: channels === MASKED,
});

const MASKED = 17;
