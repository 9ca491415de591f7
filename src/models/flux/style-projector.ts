// The projector of USO (ByteDance 2025): tokens for FLUX.1 from the states of three layers of SigLIP
// (comfy_extras/nodes_model_patch.py SigLIPMultiFeatProjModel).
import { basename } from 'node:path';
import { DarkroomError } from '../../errors.ts';
import { createGraph, type Graph, type Value } from '../../onnx/builder.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { tokenLinear } from '../dit/blocks.ts';
import { layerNorm, type Net, silu } from '../layers/blocks.ts';
import type { ModelRuntime } from '../model-runtime.ts';
import type { VisionOutput } from '../vision/load.ts';
import type { Weights } from '../weights/tensors.ts';

export interface StyleProjector {
  readonly kind: 'style-projector';
  /** The width of the tokens. */
  readonly width: number;
  /**
   * Tokens [N, S, width] for images. Throws DR_INPUT_INVALID for the features of another vision
   * model.
   */
  tokens(features: VisionOutput): Promise<Tensor>;
}

/** In the order of the tokens: the later the layer of SigLIP, the earlier its tokens. */
const LEVELS = ['high', 'mid', 'low'] as const;

export function createStyleProjector(runtime: ModelRuntime, weights: Weights): StyleProjector {
  const [, patches] = weights.shape('high_embedding_linear.0.weight');
  const [width, visionWidth] = weights.shape('high_projection.weight');
  const network = runtime.network({
    file: weights.file,
    part: 'style projector',
    outputs: ['tokens'],
    build: () => projectorGraph(weights),
  });
  return {
    kind: 'style-projector',
    width,
    async tokens({ penultimate, earlier }) {
      const [, tokens, features] = penultimate.shape;
      if (!earlier || tokens !== patches || features !== visionWidth)
        throw new DarkroomError('DR_INPUT_INVALID', {
          message: `${basename(weights.file)} takes the features of SigLIP-So400m, for 384 pixels`,
          hint: 'Encode the image with sigclip_vision_patch14_384.',
          input: 'clip_vision_output',
        });
      const [low, mid] = earlier;
      return (await network.run({ low, mid, high: penultimate })).tokens;
    },
  };
}

/** Inputs `low`, `mid` and `high` [B, T, W], output `tokens` [B, S, width]. */
function projectorGraph(weights: Weights): Graph {
  const g = createGraph();
  const net: Net = { g, w: weights };
  const [width, visionWidth] = weights.shape('high_projection.weight');
  const swapped = (x: Value): Value => g.op('Transpose', [x], { perm: [0, 2, 1] });
  const levels = LEVELS.map((level) => {
    const states = g.input(level, ['B', 'T', visionWidth]);
    const mixed = silu(net, tokenLinear(net, swapped(states), `${level}_embedding_linear.0`));
    return tokenLinear(
      net,
      layerNorm(net, swapped(mixed), `${level}_layer_norm`),
      `${level}_projection`,
    );
  });
  g.output('tokens', g.op('Concat', levels, { axis: 1 }), ['B', 'S', width]);
  return g;
}
