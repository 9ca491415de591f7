// The inputs of the networks that size.ts measures: the same numbers in every run.
import { identify } from '../src/formats/identify/identify.ts';
import { withModelFile } from '../src/formats/model-file.ts';
import { loadDiffusionModel } from '../src/models/checkpoint/load.ts';
import { controlNetConfig } from '../src/models/controlnet/config.ts';
import type { DenoiserInputs } from '../src/models/denoiser.ts';
import { createModelRuntime } from '../src/models/model-runtime.ts';
import { weightsOf } from '../src/models/weights/tensors.ts';
import { prepareNoise } from '../src/random/prepare-noise.ts';
import { makeModel } from '../src/sampling/model/model.ts';
import { type Tensor, tensor } from '../src/tensor/tensor.ts';

export interface InputSizes {
  readonly rows: number;
  /** Of the image, on each side. */
  readonly pixels: number;
  /** Of the prompt. */
  readonly tokens: number;
}

export type Inputs = Readonly<Record<string, Tensor>>;

const normal = (seed: number, ...shape: number[]): Tensor => prepareNoise(shape, seed);
const sigmoid = (v: number): number => 1 / (1 + Math.exp(-v));
/** Values in 0..1. */
const picture = (seed: number, ...shape: number[]): Tensor =>
  tensor(shape, normal(seed, ...shape).data.map(sigmoid));

/** Pixels per latent cell. */
const FACTOR = 8;
/** The sigma of the first row of a flow model; of other models the timestep is the same of 1000. */
const LEVEL = 0.5;

type MakeInputs = (file: string, sizes: InputSizes) => Inputs | Promise<Inputs>;

/** Makes the inputs of each part of a file. */
export const INPUTS: Readonly<Record<string, MakeInputs>> = {
  unet: denoiserInputs,
  transformer: denoiserInputs,
  controlnet: controlNetInputs,
  encoder: (_, { rows, tokens }) => ({
    tokens: tensor(
      [rows, tokens],
      Float32Array.from({ length: rows * tokens }, (_, i) => 100 + ((7919 * i) % 20000)),
    ),
  }),
  vae: (_, { rows, pixels }) => ({ z: normal(1, rows, 4, pixels / FACTOR, pixels / FACTOR) }),
  upscaler: (_, { rows, pixels }) => ({ pixels: picture(1, rows, pixels, pixels, 3) }),
};

async function denoiserInputs(file: string, { rows, pixels, tokens }: InputSizes): Promise<Inputs> {
  const runtime = createModelRuntime();
  const { family, denoiser, prediction } = await loadDiffusionModel(file, runtime);
  await runtime.close();
  const { sampling } = makeModel(family, denoiser, prediction);
  const isFlow = sampling.prediction === 'flow';
  const { inChannels, contextDim, admChannels } = denoiser;
  const cells = pixels / FACTOR;
  return {
    x: normal(1, rows, inChannels, cells, cells),
    timesteps: timesteps(rows, isFlow ? sampling.timestep : (level) => 1000 * level),
    context: normal(2, rows, tokens, contextDim),
    ...(admChannels > 0 && { y: normal(3, rows, admChannels) }),
  };
}

const timesteps = (rows: number, timestepOf: (level: number) => number): Tensor =>
  tensor(
    [rows],
    Float32Array.from({ length: rows }, (_, i) => timestepOf(LEVEL - 0.1 * i)),
  );

async function controlNetInputs(
  file: string,
  { rows, pixels, tokens }: InputSizes,
): Promise<Inputs> {
  const { contextDim, admChannels } = await withModelFile(file, async ({ tensors }) => {
    const found = identify(tensors);
    if (found.kind !== 'controlnet') throw new Error(`${file} is no ControlNet`);
    return controlNetConfig(weightsOf(file, tensors, found.prefix));
  });
  const cells = pixels / FACTOR;
  return {
    x: normal(1, rows, 4, cells, cells),
    timesteps: timesteps(rows, (level) => 1000 * level),
    context: normal(2, rows, tokens, contextDim),
    ...(admChannels > 0 && { y: normal(3, rows, admChannels) }),
    hint: picture(4, 1, 3, pixels, pixels),
  };
}

/** The inputs of a denoiser as its `evaluate` takes them. */
export const asDenoiserInputs = ({ x, timesteps, context, y }: Inputs): DenoiserInputs => ({
  x,
  timesteps: timesteps.data,
  context,
  y,
});
