// A ControlNet file over its networks. The hint's features are made once, by a network of their own.
import { basename, extname } from 'node:path';
import { DarkroomError } from '../errors.ts';
import { identify } from '../formats/identify.ts';
import { openModelFile } from '../formats/model-file.ts';
import { controlNetConfig } from '../models/controlnet/config.ts';
import { controlGraph, controlOutputs, hintGraph } from '../models/controlnet/graph.ts';
import { fromDiffusers } from '../models/unet/diffusers.ts';
import { timestepEmbedding } from '../models/unet/timestep.ts';
import { type Weights, weightsOf } from '../models/weights.ts';
import { full } from '../tensor/tensor.ts';
import type { Runtime } from './runtime.ts';
import type { ControlNet } from './types.ts';

/** Pixels of a hint per latent cell and side. */
const FACTOR = 8;
/** Files so named look at a shuffled picture: only its mean colours count (global average pooling). */
const POOLED = /_shuffle(_fp16)?$/;

/** Reads a ControlNet file, in the original layout or diffusers'. Throws DR_MODEL_UNSUPPORTED, and what openModelFile throws. */
export async function loadControlNet(file: string, runtime: Runtime): Promise<ControlNet> {
  const { tensors, close } = await openModelFile(file);
  await close();
  const found = identify(tensors);
  if (found.kind !== 'controlnet' || found.layout === 'lora')
    throw unsupported(file, found.kind === 'controlnet' ? 'a control LoRA' : guess(tensors, found.kind));
  if (tensors.has('difference')) throw unsupported(file, 'a ControlNet stored as a difference to its model');
  const weights = weightsOf(file, found.layout === 'diffusers' ? fromDiffusers(tensors) : tensors, found.prefix);
  return createControlNet(runtime, weights, POOLED.test(basename(file, extname(file))));
}

/** The ControlNet whose tensors `weights` are. */
export function createControlNet(runtime: Runtime, weights: Weights, pooled = false): ControlNet {
  const config = controlNetConfig(weights);
  const { file } = weights;
  const { inChannels, contextDim, admChannels, modelChannels, hintChannels } = config;
  const hints = runtime.network({ file, part: 'controlnet hint', outputs: ['hint'], build: () => hintGraph(weights, config) });
  const outputs = controlOutputs(config);
  const network = runtime.network({ file, part: 'controlnet', outputs, build: () => controlGraph(weights, config, pooled) });
  return {
    file,
    contextDim,
    admChannels,
    factor: FACTOR,
    async prepareHint(pixels) {
      if (pixels.shape[1] !== hintChannels)
        throw new DarkroomError('DR_SHAPE_MISMATCH', {
          message: `the hint has ${pixels.shape[1]} channels, ${basename(file)} takes ${hintChannels}`,
          hint: hintChannels === 3 ? 'Give a colour picture.' : 'This ControlNet needs another kind of picture.',
          input: 'image',
        });
      return (await hints.run({ pixels })).hint;
    },
    async evaluate({ x, timesteps, context, y, hint, strength }) {
      if (x.shape[1] !== inChannels) throw new Error(`internal: x [${x.shape}] for a ControlNet of ${inChannels} channels`);
      const result = await network.run({
        x,
        time: timestepEmbedding(timesteps, modelChannels),
        context,
        hint,
        strength: full([1], strength),
        ...(admChannels > 0 && y ? { y } : {}),
      });
      const skips = outputs.slice(0, -1).map((name) => result[name]);
      return { output: skips.reverse(), middle: result.middle };
    },
  };
}

/** What a file is that was given as a ControlNet, in words. */
function guess(tensors: ReadonlyMap<string, unknown>, kind: string): string {
  const names = [...tensors.keys()].map((name) => name.replace(/^adapter\./, ''));
  if (names.some((name) => /^body\.\d+\.(block\d|in_conv|resnets)/.test(name))) return 'a T2I-Adapter';
  return kind === 'unknown' ? 'no ControlNet' : `no ControlNet but a file of the kind '${kind}'`;
}

const unsupported = (file: string, what: string): DarkroomError =>
  new DarkroomError('DR_MODEL_UNSUPPORTED', {
    message: `${basename(file)} is ${what}`,
    hint: 'ControlNets of SD1.x, SD2.x and SDXL are supported, in the original layout and in that of diffusers.',
    file,
  });
