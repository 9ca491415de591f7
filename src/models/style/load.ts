// Style models, which turn the features of a reference image into tokens of a prompt: those of
// T2I-Adapter and CoAdapter (Mou et al. 2023, arXiv 2302.08453), a transformer, and FLUX.1 Redux.
// Source: ComfyUI comfy/t2i_adapter/adapter.py (StyleAdapter), comfy/ldm/flux/redux.py, comfy/sd.py
// (load_style_model).
import { basename } from 'node:path';
import { DarkroomError } from '../../errors.ts';
import { identify } from '../../formats/identify/identify.ts';
import { withModelFile } from '../../formats/model-file.ts';
import { createGraph, type Graph } from '../../onnx/builder.ts';
import { type Tensor, tensor } from '../../tensor/tensor.ts';
import { wrongFile } from '../checkpoint/wrong-file.ts';
import { clipBlock } from '../clip/block.ts';
import type { ClipBlock } from '../clip/config.ts';
import { batchOf, layerNorm, linear, type Net, silu } from '../layers/blocks.ts';
import type { ModelRuntime } from '../model-runtime.ts';
import type { VisionOutput } from '../vision/load.ts';
import { type Weights, weightsOf } from '../weights/tensors.ts';

export interface StyleModel {
  readonly architecture: 'adapter' | 'redux';
  /**
   * Tokens for a prompt, [1, T, contextDim], T a fixed number for each image. Throws
   * DR_INPUT_INVALID for the features of another vision model.
   */
  tokens(features: VisionOutput): Promise<Tensor>;
}

const HEADS = 8;

const blockNames = (layer: number): ClipBlock => {
  const at = `transformer_layes.${layer}`;
  return {
    norm1: `${at}.ln_1`,
    norm2: `${at}.ln_2`,
    qkv: { weight: `${at}.attn.in_proj_weight`, bias: `${at}.attn.in_proj_bias` },
    out: `${at}.attn.out_proj`,
    up: `${at}.mlp.c_fc`,
    down: `${at}.mlp.c_proj`,
  };
};

/** Loads a style model. Throws DR_MODEL_UNSUPPORTED, and what openModelFile throws. */
export async function loadStyleModel(file: string, runtime: ModelRuntime): Promise<StyleModel> {
  const tensors = await withModelFile(file, (opened) => opened.tensors);
  const found = identify(tensors);
  if (found.kind !== 'style')
    throw wrongFile(
      file,
      'a style model',
      found,
      'Style models of T2I-Adapter and CoAdapter (SD1.x), and Redux (FLUX.1) are supported.',
    );
  const { architecture } = found;
  const weights = weightsOf(file, tensors, '');
  const { width, visionModel, graph } = ARCHITECTURES[architecture];
  const network = runtime.network({
    file,
    part: 'style model',
    outputs: ['tokens'],
    build: () => graph(weights),
  });
  return {
    architecture,
    async tokens({ last }) {
      if (last.shape[2] !== width(weights))
        throw new DarkroomError('DR_INPUT_INVALID', {
          message:
            `the style model ${basename(file)} takes image features of width ${width(weights)}, ` +
            `these have ${last.shape[2]}`,
          hint: `Encode the image with the vision model ${visionModel}.`,
          input: 'clip_vision_output',
        });
      const { tokens } = await network.run({ states: last });
      const [contextDim] = tokens.shape.slice(-1);
      return tensor([1, tokens.data.length / contextDim, contextDim], tokens.data);
    },
  };
}

/** What the kinds of style models differ in. */
const ARCHITECTURES = {
  adapter: {
    width: (weights: Weights): number => weights.shape('style_embedding')[2],
    visionModel: 'ViT-L/14',
    graph: (weights: Weights): Graph => styleGraph(weights),
  },
  redux: {
    width: (weights: Weights): number => weights.shape('redux_up.weight')[1],
    visionModel: 'SigLIP-So400m',
    graph: (weights: Weights): Graph => reduxGraph(weights),
  },
} as const;

/** Input `states` [B, T, width], output `tokens` [B*T, contextDim]. */
function reduxGraph(weights: Weights): Graph {
  const g = createGraph();
  const net: Net = { g, w: weights };
  const [, width] = weights.shape('redux_up.weight');
  const states = g.op('Reshape', [g.input('states', ['B', 'T', width]), g.ints([-1, width])]);
  const tokens = linear(net, silu(net, linear(net, states, 'redux_up')), 'redux_down');
  g.output('tokens', tokens, ['N', weights.shape('redux_down.weight')[0]]);
  return g;
}

/** Input `states` [B, T, width], output `tokens` [B*count, contextDim]. */
function styleGraph(weights: Weights): Graph {
  const g = createGraph();
  const net: Net = { g, w: weights };
  const [, count, width] = weights.shape('style_embedding');
  const [, contextDim] = weights.shape('proj');
  const states = g.input('states', ['B', 'T', width]);
  const batch = batchOf(net, states);
  const style = g.op('Expand', [
    weights.value(g, 'style_embedding'),
    g.op('Concat', [batch, g.ints([count, width])], { axis: 0 }),
  ]);
  const all = g.op('Concat', [states, style], { axis: 1 });
  let x = layerNorm(net, g.op('Reshape', [all, g.ints([-1, width])]), 'ln_pre');
  for (let i = 0; weights.has(`${blockNames(i).norm1}.weight`); i++)
    x = clipBlock(net, x, blockNames(i), batch, { width, heads: HEADS, activation: 'quickGelu' });
  const rows = g.op('Reshape', [x, g.op('Concat', [batch, g.ints([-1, width])], { axis: 0 })]);
  const last = g.op('Slice', [rows, g.ints([-count]), g.ints([2 ** 31 - 1]), g.ints([1])]);
  const normed = layerNorm(net, g.op('Reshape', [last, g.ints([-1, width])]), 'ln_post');
  const tokens = g.op('MatMul', [normed, weights.value(g, 'proj')]);
  g.output('tokens', tokens, ['N', contextDim]);
  return g;
}
