// ControlNets as handles over their networks. The hint's features are computed once, by a network
// of their own.
import { basename } from 'node:path';
import { DarkroomError } from '../../errors.ts';
import type { Network } from '../../runtime/network.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import { full } from '../../tensor/tensor.ts';
import { timestepEmbedding } from '../unet/timestep.ts';
import type { UNet } from '../unet/unet.ts';
import type { NetworkBase } from '../weights/changes.ts';
import { changedGraph } from '../weights/merged.ts';
import type { Weights } from '../weights/tensors.ts';
import { type ControlNetConfig, controlNetConfig, hintConfig } from './config.ts';
import { loraOver } from './control-lora.ts';
import type { ControlNet } from './controlnet.ts';
import { controlGraph, controlOutputs, hintGraph } from './graph.ts';
import { kindsVector } from './union.ts';

/** Pixels of a hint per latent cell and side. */
const FACTOR = 8;

export interface ControlNetOptions {
  /** Average each residual over its plane. */
  readonly pooled?: boolean;
  /** The network whose weights this one's are changes of, and how they are combined. */
  readonly base?: NetworkBase;
  readonly over?: (own: Weights, base: Weights) => Weights;
  /** The control type, for union networks. */
  readonly kind?: number;
}

/** Creates a ControlNet over `weights`. */
export function createControlNet(
  runtime: Runtime,
  weights: Weights,
  options: ControlNetOptions = {},
): ControlNet {
  const { base, over, kind } = options;
  const { file } = weights;
  const config = controlNetConfig(base && over ? over(weights, base.weights) : weights);
  const { inChannels, contextDim, admChannels, modelChannels, kinds } = config;
  const outputs = controlOutputs(config);
  const network = createNetwork(runtime, weights, config, options);
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
          message: `${basename(file)} takes ${inChannels} latent channels, got ${x.shape[1]}`,
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
      withKind: (other) => {
        checkKind(other, kinds, file);
        return createControlNet(runtime, weights, { ...options, kind: other });
      },
    }),
  };
}

function checkKind(kind: number | undefined, kinds: number, file: string): void {
  if (kind === undefined || kind < kinds) return;
  throw new DarkroomError('DR_INPUT_INVALID', {
    message: `${basename(file)} supports ${kinds} control types, number ${kind + 1} was requested`,
    hint: 'Use the ProMax version of the union ControlNet, which supports all types.',
    input: 'type',
  });
}

function createNetwork(
  runtime: Runtime,
  weights: Weights,
  config: ControlNetConfig,
  { pooled = false, base, over }: ControlNetOptions,
): Network {
  const plan = base?.plan;
  const combine = (unchanged: Weights): Weights => (over ? over(weights, unchanged) : weights);
  const baseName =
    base && ['over', base.weights.rounding, base.weights.file, plan?.key].filter(Boolean).join(' ');
  return runtime.network({
    file: weights.file,
    part: 'controlnet',
    float16: true,
    variant: baseName,
    outputs: controlOutputs(config),
    build: () => {
      const graph = (unchanged: Weights) => controlGraph(combine(unchanged), config, pooled);
      return plan ? changedGraph(plan, graph, runtime) : graph(base?.weights ?? weights);
    },
  });
}

/** Creates a control LoRA, which takes most of its weights from the model that it guides. */
export function createControlLora(runtime: Runtime, weights: Weights): ControlNet {
  const networks = new WeakMap<UNet, ControlNet>();
  const withBase = (unet: UNet): ControlNet => {
    if (!unet.base) throw new Error('internal: a control LoRA over a network without weights');
    const net =
      networks.get(unet) ?? createControlNet(runtime, weights, { base: unet.base, over: loraOver });
    networks.set(unet, net);
    return net;
  };
  return {
    file: weights.file,
    factor: FACTOR,
    fits: (unet) => contextOf(weights, unet.contextDim) && admOf(weights, unet.admChannels),
    prepareHint: hintPreparer(runtime, weights, hintConfig(weights)),
    evaluate: () => Promise.reject(new Error('internal: a control LoRA is evaluated over a model')),
    withBase,
  };
}

/** Whether the factors of a control LoRA fit a model, by the width of their inputs. */
function widthFits(weights: Weights, layer: RegExp, width: number): boolean {
  for (const name of weights.names()) if (layer.test(name)) return weights.shape(name)[1] === width;
  return true;
}
const contextOf = (weights: Weights, width: number): boolean =>
  widthFits(weights, /\.attn2\.to_k\.down$/, width);
const admOf = (weights: Weights, width: number): boolean =>
  widthFits(weights, /^label_emb\.0\.0\.down$/, width);

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
        message: `${basename(file)} takes hints of ${hintChannels} channels, got ${pixels.shape[1]}`,
        hint:
          hintChannels === 3
            ? 'Connect a colour image.'
            : 'This ControlNet needs another kind of image.',
        input: 'image',
      });
    return [(await hints.run({ pixels })).hint];
  };
}
