// PhotoMaker, version 1 (Li et al. 2023, arXiv 2312.04461): a CLIP vision model whose two
// projections of a face are fused into one token of an SDXL prompt.
// Source: ComfyUI comfy_extras/nodes_photomaker.py.
import { basename } from 'node:path';
import { DarkroomError } from '../../errors.ts';
import { identify } from '../../formats/identify/identify.ts';
import { withModelFile } from '../../formats/model-file.ts';
import { toNCHW } from '../../image/channel-order.ts';
import { createGraph, type Graph, type Value } from '../../onnx/builder.ts';
import { concatAxis } from '../../tensor/axes.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { wrongFile } from '../checkpoint/wrong-file.ts';
import { add, gelu, layerNorm, linear, type Net } from '../layers/blocks.ts';
import type { ModelRuntime } from '../model-runtime.ts';
import { VISION_LAYOUTS, visionConfig, visionGraph } from '../vision/graph.ts';
import { preprocess, visionWeights } from '../vision/load.ts';
import { type Weights, weightsOf } from '../weights/tensors.ts';

export interface PhotoMaker {
  /** Width of the prompt features that it changes: 2048 for SDXL. */
  readonly width: number;
  /** Fuses an image [1,H,W,C] in 0..1 into the features of a token, [1, width]. */
  fuse(image: Tensor, token: Tensor): Promise<Tensor>;
}

const SECOND_PROJECTION = 'visual_projection_2.weight';
/** Weights that are float32 in ComfyUI. */
const EXACT = [SECOND_PROJECTION];

/**
 * Loads a PhotoMaker model (`photomaker-v1.bin`, or its ID encoder alone). Throws
 * DR_MODEL_UNSUPPORTED, and what openModelFile throws.
 */
export async function loadPhotoMaker(file: string, runtime: ModelRuntime): Promise<PhotoMaker> {
  const tensors = await withModelFile(file, (opened) => opened.tensors);
  const found = identify(tensors);
  if (found.kind !== 'photomaker')
    throw wrongFile(
      file,
      'a PhotoMaker model',
      found,
      'PhotoMaker models of version 1 are supported.',
    );
  const layout = VISION_LAYOUTS['hugging-face'];
  const weights = visionWeights(file, tensors, found.prefix, layout, runtime, EXACT);
  const config = visionConfig(weights, layout);
  const vision = runtime.network({
    file,
    part: 'photomaker vision',
    outputs: ['embeds', 'second'],
    build: () => visionGraph(weights, config, { second: SECOND_PROJECTION }),
  });
  const fuseWeights = weightsOf(file, tensors, `${found.prefix}fuse_module.`);
  const [width] = fuseWeights.shape('layer_norm.weight');
  if (width !== config.projected + weights.shape(SECOND_PROJECTION)[0])
    throw new DarkroomError('DR_MODEL_UNSUPPORTED', {
      message: `the fuse module of ${basename(file)} is ${width} wide, unlike its projections`,
      hint: 'PhotoMaker models of version 1 are supported.',
      file,
    });
  const fuse = runtime.network({
    file,
    part: 'photomaker fuse',
    outputs: ['out'],
    build: () => fuseGraph(fuseWeights, width),
  });
  return {
    width,
    async fuse(image, token) {
      const pixels = preprocess(toNCHW(image), config.size, true);
      const { embeds, second } = await vision.run({ pixels });
      const { out } = await fuse.run({ token, id: concatAxis([embeds, second], 1) });
      return out;
    },
  };
}

/** Inputs `token` and `id` [1, width], output `out` [1, width]. */
function fuseGraph(weights: Weights, width: number): Graph {
  const g = createGraph();
  const net: Net = { g, w: weights };
  const token = g.input('token', [1, width]);
  const both = g.op('Concat', [token, g.input('id', [1, width])], { axis: 1 });
  const layers = (x: Value, name: string): Value =>
    linear(
      net,
      gelu(net, linear(net, layerNorm(net, x, `${name}.layernorm`), `${name}.fc1`)),
      `${name}.fc2`,
    );
  const first = add(net, layers(both, 'mlp1'), token);
  const second = add(net, layers(first, 'mlp2'), first);
  g.output('out', layerNorm(net, second, 'layer_norm'), [1, width]);
  return g;
}
