// Loads ControlNet files and evaluates them. The hint's features are computed once, by a network of
// their own.
import { basename, extname } from 'node:path';
import { DarkroomError } from '../../errors.ts';
import { identify } from '../../formats/identify/identify.ts';
import { openModelFile } from '../../formats/model-file.ts';
import type { TensorInfo } from '../../formats/tensor-file.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import { full } from '../../tensor/tensor.ts';
import { wrongFile } from '../checkpoint/wrong-file.ts';
import type { ControlNet, NetworkBase, UNet } from '../types.ts';
import { fromDiffusers } from '../unet/diffusers-unet.ts';
import { timestepEmbedding } from '../unet/timestep.ts';
import { changedGraph } from '../weights/merged.ts';
import { type Weights, weightsOf } from '../weights/tensors.ts';
import { adapterNames } from './adapter-graph.ts';
import { createAdapter } from './adapter-network.ts';
import { type ControlNetConfig, controlNetConfig, hintConfig } from './config.ts';
import { differencesOver, loraOver } from './control-lora.ts';
import { controlGraph, controlOutputs, hintGraph } from './graph.ts';
import { kindsVector } from './union.ts';

/** Pixels of a hint per latent cell and side. */
const FACTOR = 8;
/**
 * Names of shuffle ControlNets, whose residuals are averaged over each plane (global average
 * pooling).
 */
const POOLED = /_shuffle(_fp16)?$/;

const HINT = 'ControlNets and T2I-Adapters of SD1.x, SD2.x and SDXL are supported.';

/**
 * Loads a ControlNet in the original or diffusers' layout, a union network, a control LoRA or a
 * T2I-Adapter. `unet`: the model that a file of differences belongs to. Throws
 * DR_MODEL_UNSUPPORTED, and what openModelFile throws.
 */
export async function loadControlNet(
  file: string,
  runtime: Runtime,
  unet?: UNet,
): Promise<ControlNet> {
  const { tensors, close } = await openModelFile(file);
  await close();
  const found = identify(tensors);
  if (found.kind !== 'controlnet') throw wrongFile(file, 'a ControlNet', found, HINT);
  const pooled = POOLED.test(basename(file, extname(file)));
  const weights = (named: ReadonlyMap<string, TensorInfo> = tensors): Weights =>
    weightsOf(file, named, found.prefix);
  switch (found.layout) {
    case 't2i':
      return createAdapter(runtime, weights(adapterNames(tensors)));
    case 'lora':
      return createControlLora(runtime, weights());
    case 'diffusers':
      return createControlNet(runtime, weights(fromDiffusers(tensors)), { pooled });
    case 'sgm': {
      if (!tensors.has('difference')) return createControlNet(runtime, weights(), { pooled });
      if (unet?.base)
        return createControlNet(runtime, weights(), {
          pooled,
          base: unet.base,
          over: differencesOver,
        });
      throw new DarkroomError('DR_MODEL_UNSUPPORTED', {
        message: `${basename(file)} holds differences to a model's weights, not a whole ControlNet`,
        hint: 'Load it with DiffControlNetLoader and connect the model.',
        file,
      });
    }
  }
}

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
  const { pooled = false, base, over, kind } = options;
  const whole = (unchanged: Weights): Weights => (over ? over(weights, unchanged) : weights);
  const config = controlNetConfig(base ? whole(base.weights) : weights);
  const { file } = weights;
  const { inChannels, contextDim, admChannels, modelChannels, kinds } = config;
  const plan = base?.plan;
  const outputs = controlOutputs(config);
  const network = runtime.network({
    file,
    part: 'controlnet',
    float16: true,
    variant:
      base &&
      ['over', base.weights.rounding, base.weights.file, plan?.key].filter(Boolean).join(' '),
    outputs,
    build: () => {
      const graph = (unchanged: Weights) => controlGraph(whole(unchanged), config, pooled);
      return plan ? changedGraph(plan, graph, runtime) : graph(base?.weights ?? weights);
    },
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
          message: `${basename(file)} takes latents of ${inChannels} channels, these have ${x.shape[1]}`,
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
        ...plan?.inputs,
      });
      const skips = outputs.slice(0, -1).map((name) => result[name]);
      return { output: skips.reverse(), middle: result.middle };
    },
    ...(kinds > 0 && {
      withKind: (other) => {
        if (other === undefined || other < kinds)
          return createControlNet(runtime, weights, { ...options, kind: other });
        throw new DarkroomError('DR_INPUT_INVALID', {
          message: `${basename(file)} supports ${kinds} control types, number ${other + 1} was requested`,
          hint: 'Use the ProMax version of the union ControlNet, which supports all types.',
          input: 'type',
        });
      },
    }),
  };
}

/** Creates a control LoRA, which takes most of its weights from the model that it guides. */
function createControlLora(runtime: Runtime, weights: Weights): ControlNet {
  const made = new WeakMap<UNet, ControlNet>();
  const over = (unet: UNet): ControlNet => {
    if (!unet.base) throw new Error('internal: a control LoRA over a network without weights');
    const net =
      made.get(unet) ?? createControlNet(runtime, weights, { base: unet.base, over: loraOver });
    made.set(unet, net);
    return net;
  };
  return {
    file: weights.file,
    factor: FACTOR,
    fits: (unet) => contextOf(weights, unet.contextDim) && admOf(weights, unet.admChannels),
    prepareHint: hintPreparer(runtime, weights, hintConfig(weights)),
    evaluate: () => Promise.reject(new Error('internal: a control LoRA is evaluated over a model')),
    withBase: over,
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
        message: `the hint has ${pixels.shape[1]} channels, ${basename(file)} takes ${hintChannels}`,
        hint:
          hintChannels === 3
            ? 'Connect a colour image.'
            : 'This ControlNet needs another kind of image.',
        input: 'image',
      });
    return [(await hints.run({ pixels })).hint];
  };
}
