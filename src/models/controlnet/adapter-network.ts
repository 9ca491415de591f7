// A T2I-Adapter over its network. Its features depend on the hint only: they are computed once, and
// each evaluation scales them.

import { basename } from 'node:path';
import { DarkroomError } from '../../errors.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import { allocate } from '../../tensor/allocate.ts';
import { map, type Tensor, tensor } from '../../tensor/tensor.ts';
import type { ControlResiduals } from '../denoiser.ts';
import type { Weights } from '../weights/tensors.ts';
import {
  type AdapterConfig,
  adapterConfig,
  adapterGraph,
  adapterOutputs,
  injectionBlocks,
} from './adapter-graph.ts';
import type { ControlNet } from './controlnet.ts';

/** Creates a T2I-Adapter over `weights`. */
export function createAdapter(runtime: Runtime, weights: Weights): ControlNet {
  const config = adapterConfig(weights);
  const { file } = weights;
  const outputs = adapterOutputs(config);
  const network = runtime.network({
    file,
    part: 't2i adapter',
    outputs,
    build: () => adapterGraph(weights, config),
  });
  return {
    file,
    factor: 8,
    multiple: config.unshuffle,
    adapter: true,
    fits: ({ admChannels }) => config.xl === admChannels > 0,
    async prepareHint(pixels) {
      const result = await network.run({ pixels: toAdapterChannels(pixels, config, file) });
      return outputs.map((name) => result[name]);
    },
    evaluate: async ({ hint, strength }) =>
      residuals(
        hint.map((features) => map(features, (value) => value * Math.fround(strength))),
        config,
      ),
  };
}

/**
 * Converts colours to grey, the mean of the channels, if the adapter takes one channel. Throws
 * DR_SHAPE_MISMATCH for other numbers of channels that differ.
 */
function toAdapterChannels(pixels: Tensor, { pixelChannels }: AdapterConfig, file: string): Tensor {
  const [n, channels, height, width] = pixels.shape;
  if (channels === pixelChannels) return pixels;
  if (pixelChannels !== 1)
    throw new DarkroomError('DR_SHAPE_MISMATCH', {
      message: `the hint has ${channels} channels, ${basename(file)} needs ${pixelChannels}`,
      hint: 'Connect a colour image.',
      input: 'image',
    });
  const plane = height * width;
  const data = allocate(n * plane);
  for (let i = 0; i < data.length; i++) {
    const pixel = Math.floor(i / plane) * channels * plane + (i % plane);
    let sum = 0;
    for (let c = 0; c < channels; c++) sum = Math.fround(sum + pixels.data[pixel + c * plane]);
    data[i] = sum / channels;
  }
  return tensor([n, 1, height, width], data);
}

/** Returns features as residuals for the blocks of the UNet's first half and the middle. */
function residuals(features: readonly Tensor[], config: AdapterConfig): ControlResiduals {
  const blocks = injectionBlocks(config);
  const input: (Tensor | null)[] = new Array(blocks[blocks.length - 1] + 1).fill(null);
  for (const [i, block] of blocks.entries()) input[block] = features[i];
  return { input, output: [], middle: features[blocks.length] ?? null };
}
