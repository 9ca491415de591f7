// ControlNets over two networks each: one computes the hint's features, once for a whole run, and
// the other the residuals of each evaluation.
import { basename } from 'node:path';
import { DarkroomError } from '../../errors.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import { full } from '../../tensor/tensor.ts';
import type { Denoiser } from '../denoiser.ts';
import { timestepEmbedding } from '../unet/timestep.ts';
import type { Weights } from '../weights/tensors.ts';
import { type ControlNetConfig, controlNetConfig, hintConfig } from './config.ts';
import { controlLoraWeights } from './control-lora.ts';
import type { ControlNet } from './controlnet.ts';
import { controlGraph, controlOutputs, hintGraph } from './graph.ts';
import { type Completion, networkOverBase } from './network-over-base.ts';
import { kindsVector } from './union.ts';

/** Pixels of a hint per latent cell and side. */
const FACTOR = 8;

export interface ControlNetOptions extends Completion {
  /** Average each residual over its plane. */
  readonly pooled?: boolean;
  /** The control type, for union networks. */
  readonly kind?: number;
}

/** Creates a ControlNet over `weights`. */
export function createControlNet(
  runtime: Runtime,
  weights: Weights,
  options: ControlNetOptions = {},
): ControlNet {
  const { base, combine, kind, pooled = false } = options;
  const { file } = weights;
  const config = controlNetConfig(base && combine ? combine(weights, base.weights) : weights);
  const { inChannels, contextDim, admChannels, modelChannels, kinds } = config;
  const outputs = controlOutputs(config);
  const network = networkOverBase(runtime, weights, options, {
    outputs,
    graph: (whole) => controlGraph(whole, config, pooled),
  });
  return {
    file,
    factor: FACTOR,
    fits: (unet) =>
      (contextDim === 0 || contextDim === unet.contextDim) &&
      (admChannels === 0 || admChannels === unet.admChannels),
    prepareHint: hintPreparer(runtime, weights, config, kind),
    async evaluate({ x, timesteps, context, y, hint, strength }) {
      if (x.shape[1] !== inChannels)
        throw new DarkroomError('DR_MODEL_UNSUPPORTED', {
          message: `${basename(file)} needs ${inChannels} latent channels, got ${x.shape[1]}`,
          hint: 'Use it with a model that is not an inpainting model.',
          file,
        });
      const result = await network.run({
        x,
        time: timestepEmbedding(timesteps, modelChannels),
        context,
        hint: hint[0],
        strength: full([1], strength),
        ...(admChannels > 0 && y ? { y } : {}),
        ...(kinds > 0 && { kinds: kindsVector(kinds, kind) }),
        ...base?.plan?.inputs,
      });
      const skips = outputs.slice(0, -1).map((name) => result[name]);
      return { output: skips.reverse(), middle: result.middle };
    },
    ...(kinds > 0 && {
      withKind: (selected) => {
        checkKind(selected, kinds, file);
        return createControlNet(runtime, weights, { ...options, kind: selected });
      },
    }),
  };
}

/** Throws DR_INPUT_INVALID for a control type that a union network does not have. */
export function checkKind(kind: number | undefined, kinds: number, file: string): void {
  if (kind === undefined || kind < kinds) return;
  throw new DarkroomError('DR_INPUT_INVALID', {
    message: `${basename(file)} supports ${kinds} control types, number ${kind + 1} was requested`,
    hint: 'Use the ProMax version of the union ControlNet, which supports all types.',
    input: 'type',
  });
}

/** Creates a control LoRA, most of whose weights are those of the model that it guides. */
export function createControlLora(runtime: Runtime, weights: Weights): ControlNet {
  const networks = new WeakMap<Denoiser, ControlNet>();
  const withBase = (unet: Denoiser): ControlNet => {
    if (!unet.base) throw new Error('internal: a control LoRA over a network without weights');
    const net =
      networks.get(unet) ??
      createControlNet(runtime, weights, { base: unet.base, combine: controlLoraWeights });
    networks.set(unet, net);
    return net;
  };
  return {
    file: weights.file,
    factor: FACTOR,
    fits: (unet) => contextFits(weights, unet.contextDim) && admFits(weights, unet.admChannels),
    prepareHint: hintPreparer(runtime, weights, hintConfig(weights)),
    evaluate: () => Promise.reject(new Error('internal: a control LoRA is evaluated over a model')),
    withBase,
  };
}

/** Returns whether the factors of a control LoRA are for layers with inputs of this width. */
function widthFits(weights: Weights, layer: RegExp, width: number): boolean {
  for (const name of weights.names()) if (layer.test(name)) return weights.shape(name)[1] === width;
  return true;
}
const contextFits = (weights: Weights, width: number): boolean =>
  widthFits(weights, /\.attn2\.to_k\.down$/, width);
const admFits = (weights: Weights, width: number): boolean =>
  widthFits(weights, /^label_emb\.0\.0\.down$/, width);

/** Returns the function that computes a hint's features, by a network of its own. */
function hintPreparer(
  runtime: Runtime,
  weights: Weights,
  config: Pick<ControlNetConfig, 'hint' | 'hintChannels'>,
  kind?: number,
): ControlNet['prepareHint'] {
  const { file } = weights;
  const { hintChannels } = config;
  const hints = runtime.network({
    file,
    part: 'controlnet hint',
    float16: true,
    variant: kind === undefined ? undefined : `kind ${kind}`,
    outputs: ['hint'],
    build: () => hintGraph(weights, config, kind),
  });
  return async (pixels) => {
    if (pixels.shape[1] !== hintChannels)
      throw new DarkroomError('DR_SHAPE_MISMATCH', {
        message:
          `${basename(file)} needs hints of ${hintChannels} channels, ` + `got ${pixels.shape[1]}`,
        hint:
          hintChannels === 3
            ? 'Connect a colour image.'
            : 'This ControlNet needs another kind of image.',
        input: 'image',
      });
    return [(await hints.run({ pixels })).hint];
  };
}
