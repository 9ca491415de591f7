// A UNet over its network: timesteps become their sinusoidal embedding here, everything else happens in the graph.
import { unetConfig } from '../models/unet/config.ts';
import { unetGraph } from '../models/unet/graph.ts';
import { timestepEmbedding } from '../models/unet/timestep.ts';
import type { Weights } from '../models/weights.ts';
import type { Runtime } from './runtime.ts';
import type { UNet, UNetVariant } from './types.ts';

/** The UNet whose tensors `weights` are. Throws DR_MODEL_UNSUPPORTED when tensors are missing. */
export function createUNet(runtime: Runtime, weights: Weights, change: UNetVariant = {}): UNet {
  const config = unetConfig(weights);
  const { inChannels, outChannels, contextDim, admChannels, modelChannels } = config;
  const network = runtime.network({ file: weights.file, part: 'unet', outputs: ['out'], build: () => unetGraph(weights, config) });
  return {
    inChannels,
    outChannels,
    contextDim,
    admChannels,
    variant: (more) => createUNet(runtime, weights, { ...change, ...more }),
    async evaluate({ x, timesteps, context, y }) {
      if (admChannels > 0 && !y) throw new Error('internal: this UNet needs an ADM vector');
      if (x.shape[1] !== inChannels) throw new Error(`internal: x [${x.shape}] for a UNet of ${inChannels} channels`);
      if (context.shape[2] !== contextDim) throw new Error(`internal: context [${context.shape}] for a UNet of width ${contextDim}`);
      if (y && y.shape[1] !== admChannels) throw new Error(`internal: ADM vector [${y.shape}] for a UNet of ${admChannels}`);
      const { out } = await network.run({
        x,
        time: timestepEmbedding(timesteps, modelChannels),
        context,
        ...(admChannels > 0 && y ? { y } : {}),
      });
      return out;
    },
  };
}
