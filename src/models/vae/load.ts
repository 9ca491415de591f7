// Loads autoencoders (KL, TAESD and Wan's), from checkpoints or from files of their own. Pixels are
// 0..1 for callers, -1..1 for the networks.
import type { VaePart } from '../../formats/identify/identified-model.ts';
import { identify } from '../../formats/identify/identify.ts';
import { withModelFile } from '../../formats/model-file.ts';
import type { TensorFile } from '../../formats/tensor-file.ts';
import { toNCHW, toNHWC } from '../../image/channel-order.ts';
import type { Graph } from '../../onnx/builder.ts';
import type { Network, NetworkSpec } from '../../runtime/network.ts';
import { framesOf } from '../../tensor/frames.ts';
import { concatBatch, sliceBatch, type Tensor } from '../../tensor/tensor.ts';
import { wrongFile } from '../checkpoint/wrong-file.ts';
import type { ModelRuntime } from '../model-runtime.ts';
import { DECODE_ORDER, ENCODE_ORDER, threeTilings } from '../tiling.ts';
import { type Weights, weightsOf } from '../weights/tensors.ts';
import type { Autoencoder } from './autoencoder.ts';
import { type CoderNetwork, coderNetwork } from './coder-network.ts';
import { vaeFromDiffusers } from './diffusers-vae.ts';
import { joinedCells } from './joined-cells.ts';
import {
  type KlOptions,
  klDecoderGraph,
  klEncoderGraph,
  klFactor,
  klLatentChannels,
} from './kl-graph.ts';
import { cropToMultiples, fromSigned, toSigned, withChannels } from './pixels.ts';
import {
  type TaesdScale,
  taesdDecoderGraph,
  taesdEncoderGraph,
  taesdLatentChannels,
} from './taesd-graph.ts';
import { createWan } from './wan.ts';
import {
  wanDecoderGraph,
  wanEncoderGraph,
  wanFactor,
  wanImageChannels,
  wanLatentChannels,
} from './wan-graph.ts';

/** Scale and shift of the TAESD pairs that VAELoader offers by name. */
export const TAESD_SCALES = {
  taesd: { scale: 0.18215, shift: 0 },
  taesdxl: { scale: 0.13025, shift: 0 },
  taesd3: { scale: 1.5305, shift: 0.0609 },
  taef1: { scale: 0.3611, shift: 0.1159 },
  taef2: { scale: 1, shift: 0 },
} as const satisfies Record<string, TaesdScale>;

export type TaesdName = keyof typeof TAESD_SCALES;

/**
 * Loads a VAE file: KL in either layout, or TAESD, with or without the prefix used in checkpoints.
 * Throws DR_MODEL_UNSUPPORTED for other files.
 */
export async function loadVae(file: string, runtime: ModelRuntime): Promise<Autoencoder> {
  return withModelFile(file, async (opened) => {
    const found = identify(opened.tensors);
    const part = found.kind === 'vae' || found.kind === 'checkpoint' ? found.vae : undefined;
    if (part) return loadAutoencoder(runtime, opened, part);
    const isForeign = found.kind === 'unknown' && found.isVae;
    throw wrongFile(
      file,
      isForeign ? 'a supported VAE' : 'a VAE',
      found,
      'VAE files of SD1.x, SD2.x, SDXL, SD3, FLUX.1 and FLUX.2 (KL), of Qwen-Image and TAESD ' +
        'are supported.',
    );
  });
}

/** Loads TAESD from its two files, with the scale that belongs to its name in VAELoader. */
export async function loadTaesd(
  encoder: string,
  decoder: string,
  name: TaesdName,
  runtime: ModelRuntime,
): Promise<Autoencoder> {
  const weightsIn = (file: string): Promise<Weights> =>
    withModelFile(file, async ({ tensors }) => weightsOf(file, tensors, ''));
  return createTaesd(
    runtime,
    await weightsIn(encoder),
    await weightsIn(decoder),
    TAESD_SCALES[name],
  );
}

/**
 * Loads the decoder of TAESD alone, for previews: it decodes latents of a model, which need no
 * scale.
 */
export async function loadTaesdDecoder(
  file: string,
  runtime: ModelRuntime,
): Promise<Autoencoder['decode']> {
  const weights = await withModelFile(file, async ({ tensors }) => weightsOf(file, tensors, ''));
  const network = runtime.network(taesdDecoder(weights, { scale: 1, shift: 0 }));
  return decodeWith(network, taesdFactor(weights));
}

/**
 * Loads the autoencoder in a part of an open file. Throws DR_MODEL_UNSUPPORTED if it is
 * incomplete.
 */
export async function loadAutoencoder(
  runtime: ModelRuntime,
  { file, tensors, read }: TensorFile,
  { kind, layout, prefix }: VaePart,
): Promise<Autoencoder> {
  const weightsBelow = (inner: string): Weights => weightsOf(file, tensors, prefix + inner);
  if (kind === 'taesd') {
    const number = async (name: string, fallback: number): Promise<number> =>
      tensors.has(prefix + name) ? (await read(prefix + name)).data[0] : fallback;
    const scale = { scale: await number('vae_scale', 1), shift: await number('vae_shift', 0) };
    return createTaesd(
      runtime,
      weightsBelow('taesd_encoder.'),
      weightsBelow('taesd_decoder.'),
      scale,
    );
  }
  if (kind === 'wan') return createWan(runtime, weightsBelow(''));
  if (kind === 'wan-image') return createWanImage(runtime, weightsBelow(''));
  return createKl(
    runtime,
    layout === 'diffusers'
      ? weightsOf(file, vaeFromDiffusers(tensors, prefix), prefix)
      : weightsBelow(''),
  );
}

function createKl(runtime: ModelRuntime, weights: Weights): Autoencoder {
  const factor = klFactor(weights);
  const properties = {
    kind: 'kl',
    latentChannels: klLatentChannels(weights),
    factor,
    weights: { '': weights },
  } as const;
  const options: KlOptions = {
    winograd: runtime.precision !== 'int8' && runtime.prepacked !== undefined,
  };
  const buildGraph = async (graphOf: typeof klDecoderGraph): Promise<Graph> => {
    const build = (from: Weights): Graph => graphOf(from, options);
    return build((await runtime.prepacked?.ready(weights, build)) ?? weights);
  };
  return createAutoencoder(
    runtime,
    properties,
    coderNetworks(weights.file, factor, {
      encoder: () => buildGraph(klEncoderGraph),
      decoder: () => buildGraph(klDecoderGraph),
    }),
  );
}

/** The autoencoder of Qwen-Image 2.1. */
function createWanImage(runtime: ModelRuntime, weights: Weights): Autoencoder {
  const factor = wanFactor(weights);
  const properties = {
    kind: 'wan-image',
    latentChannels: wanLatentChannels(weights),
    factor,
    imageChannels: wanImageChannels(weights),
    weights: { '': weights },
  } as const;
  return createAutoencoder(
    runtime,
    properties,
    coderNetworks(weights.file, factor, {
      encoder: () => wanEncoderGraph(weights, false),
      decoder: () => wanDecoderGraph(weights, false),
    }),
  );
}

/** The two networks over one file, for pictures of `factor` pixels per latent cell and side. */
const coderNetworks = (
  file: string,
  factor: number,
  build: Readonly<Record<CoderNetwork['part'], NetworkSpec['build']>>,
): readonly [encoder: NetworkSpec, decoder: NetworkSpec] => [
  coderNetwork({ file, part: 'encoder', pixels: 1, build: build.encoder }),
  coderNetwork({ file, part: 'decoder', pixels: factor ** 2, build: build.decoder }),
];

function createTaesd(
  runtime: ModelRuntime,
  encoder: Weights,
  decoder: Weights,
  scale: TaesdScale,
): Autoencoder {
  const properties = {
    kind: 'taesd',
    latentChannels: taesdLatentChannels(decoder),
    factor: taesdFactor(decoder),
    weights: { 'taesd_encoder.': encoder, 'taesd_decoder.': decoder },
    numbers: { vae_scale: scale.scale, vae_shift: scale.shift },
  } as const;
  return createAutoencoder(runtime, properties, [
    {
      file: encoder.file,
      part: 'taesd encoder',
      variant: variantOf(scale),
      outputs: ['out'],
      build: () => taesdEncoderGraph(encoder, scale),
    },
    taesdDecoder(decoder, scale),
  ]);
}

const taesdFactor = (weights: Weights): number => 8 * joinedCells(weights);
const variantOf = ({ scale, shift }: TaesdScale): string => `scale ${scale} shift ${shift}`;

const taesdDecoder = (weights: Weights, scale: TaesdScale): NetworkSpec => ({
  file: weights.file,
  part: 'taesd decoder',
  variant: variantOf(scale),
  outputs: ['out'],
  build: () => taesdDecoderGraph(weights, scale),
});

/**
 * Wraps two networks that take `x` [B, C, H, W] and return `out`. Items are evaluated one by one,
 * which saves memory and costs no time.
 */
function createAutoencoder(
  runtime: ModelRuntime,
  properties: Pick<
    Autoencoder,
    'kind' | 'latentChannels' | 'factor' | 'imageChannels' | 'weights' | 'numbers'
  >,
  [encoder, decoder]: readonly [NetworkSpec, NetworkSpec],
): Autoencoder {
  const encoding = runtime.network(encoder);
  const encode = async (x: Tensor): Promise<Tensor> => (await encoding.run({ x })).out;
  const { factor, latentChannels, imageChannels } = properties;
  return {
    ...properties,
    async encode(pixels, tiles) {
      const planes = toNCHW(pixels);
      const own = imageChannels ? withChannels(planes, imageChannels) : planes;
      const x = toSigned(cropToMultiples(own, factor));
      if (tiles)
        return threeTilings(x, encode, ENCODE_ORDER, tiles, {
          scale: 1 / factor,
          channels: latentChannels,
        });
      return mapItems(x, encode);
    },
    decode: decodeWith(runtime.network(decoder), factor, imageChannels),
  };
}

/**
 * Decodes with a network that returns values in -1..1, whole or in tiles; of latents with frames
 * the first.
 */
function decodeWith(network: Network, factor: number, channels = 3): Autoencoder['decode'] {
  const decode = async (x: Tensor): Promise<Tensor> => (await network.run({ x })).out;
  return async (given, tiles) => {
    const [latents] = framesOf(given);
    const raw = tiles
      ? await threeTilings(latents, decode, DECODE_ORDER, tiles, { scale: factor, channels })
      : await mapItems(latents, decode);
    return toNHWC(fromSigned(raw));
  };
}

/** Applies `f` to each item of a batch. */
async function mapItems(x: Tensor, f: (item: Tensor) => Promise<Tensor>): Promise<Tensor> {
  const items: Tensor[] = [];
  for (let i = 0; i < x.shape[0]; i++) items.push(await f(sliceBatch(x, i, i + 1)));
  return concatBatch(items);
}
