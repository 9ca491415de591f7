// ControlNets of diffusion transformers: residuals for the tokens after each block. Their hints are
// latents of the model's autoencoder.
import { basename } from 'node:path';
import { DarkroomError } from '../../errors.ts';
import type { Graph, Value } from '../../onnx/builder.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import { full, type Tensor } from '../../tensor/tensor.ts';
import type { Denoiser } from '../denoiser.ts';
import { tokenLinear } from '../dit/blocks.ts';
import { patchify } from '../dit/patches.ts';
import { add, type Net } from '../layers/blocks.ts';
import type { Weights } from '../weights/tensors.ts';
import type { ControlNet, ControlNetInputs, LatentHint } from './controlnet.ts';
import { type Completion, networkOverBase } from './network-over-base.ts';

export interface TransformerControlConfig {
  readonly inChannels: number;
  /** Channels of the hint's latent, a mask included. */
  readonly hintChannels: number;
  /** Side of a patch in latent cells. */
  readonly patch: number;
  readonly hidden: number;
  /** Number of the ControlNet's own blocks. */
  readonly blocks: number;
}

/** A kind of ControlNets of transformers. */
export interface TransformerControl<Config extends TransformerControlConfig> {
  /** Throws DR_MODEL_UNSUPPORTED when tensors are missing. */
  config(weights: Weights): Config;
  /** Returns, for each block of the model, the ControlNet's block whose residual it receives. */
  residuals(config: Config): readonly number[];
  /**
   * Builds the graph: inputs `strength` [1], `hint` [1 or B, N, K] and those of `inputs`; outputs
   * residualOutput(i) [B, N, hidden] per own block, multiplied by the strength.
   */
  graph(weights: Weights, config: Config): Graph;
  inputs(config: Config, inputs: ControlNetInputs): Record<string, Tensor>;
  /** The model's tensor that takes the place of an own one. */
  borrowed?(config: Config): (name: string) => string | undefined;
}

/** The name of the output of an own block. */
const residualOutput = (block: number): string => `residual${block}`;

/** Creates a ControlNet over `weights`. */
export function createTransformerControl<Config extends TransformerControlConfig>(
  runtime: Runtime,
  weights: Weights,
  kind: TransformerControl<Config>,
  latentHint: LatentHint,
): ControlNet {
  const config = kind.config(weights);
  const { hidden, patch } = config;
  const borrowed = kind.borrowed?.(config);
  const own: Omit<ControlNet, 'evaluate'> = {
    file: weights.file,
    factor: 1,
    latentHint,
    fits: (model) => widthOf(model) === hidden,
    prepareHint: async (latents) => {
      checkHint(latents, config, weights.file);
      return [patchify(latents, { side: patch, order: 'c ph pw' })];
    },
  };
  const create = (completion: Completion): ControlNet => ({
    ...own,
    evaluate: evaluator(runtime, weights, kind, config, completion),
  });
  if (!borrowed) return create({});
  const completed = new WeakMap<Denoiser, ControlNet>();
  const combine = (some: Weights, base: Weights): Weights => withBorrowed(some, base, borrowed);
  return {
    ...own,
    evaluate: () => Promise.reject(new Error('internal: a ControlNet is evaluated over a model')),
    withBase: (model) => {
      const net = completed.get(model) ?? create({ base: model.base, combine });
      completed.set(model, net);
      return net;
    },
  };
}

function evaluator<Config extends TransformerControlConfig>(
  runtime: Runtime,
  weights: Weights,
  kind: TransformerControl<Config>,
  config: Config,
  completion: Completion,
): ControlNet['evaluate'] {
  const network = networkOverBase(runtime, weights, completion, {
    outputs: Array.from({ length: config.blocks }, (_, i) => residualOutput(i)),
    graph: (whole) => kind.graph(whole, config),
  });
  return async (inputs) => {
    const result = await network.run({
      ...kind.inputs(config, inputs),
      hint: inputs.hint[0],
      strength: full([1], inputs.strength),
      ...completion.base?.plan?.inputs,
    });
    return {
      output: kind.residuals(config).map((block) => result[residualOutput(block)]),
      middle: null,
    };
  };
}

/** The hidden width of a transformer; 0 for other networks. */
const widthOf = ({ base }: Pick<Denoiser, 'base'>): number =>
  base?.weights.has(EMBEDDER) ? base.weights.shape(EMBEDDER)[0] : 0;

const EMBEDDER = 'x_embedder.proj.weight';

function checkHint(latents: Tensor, { hintChannels }: TransformerControlConfig, file: string) {
  if (latents.shape[1] === hintChannels) return;
  throw new DarkroomError('DR_SHAPE_MISMATCH', {
    message:
      `${basename(file)} needs hints of ${hintChannels} latent channels, ` +
      `got ${latents.shape[1]}`,
    hint: 'Connect the VAE of the model.',
    input: 'vae',
  });
}

/** Returns weights of which some are those of another network. */
function withBorrowed(
  own: Weights,
  base: Weights,
  borrowed: (name: string) => string | undefined,
): Weights {
  const from = <T>(name: string, read: (weights: Weights, name: string) => T): T => {
    const other = borrowed(name);
    return other === undefined ? read(own, name) : read(base, other);
  };
  return {
    ...own,
    has: (name) => from(name, (weights, its) => weights.has(its)),
    shape: (name) => from(name, (weights, its) => weights.shape(its)),
    isExact: (name) => from(name, (weights, its) => weights.isExact?.(its) ?? false),
    value: (g, name, view) => from(name, (weights, its) => weights.value(g, its, view)),
    integers: (g, name, rows) => from(name, (weights, its) => weights.integers?.(g, its, rows)),
    branches: (name) => from(name, (weights, its) => weights.branches?.(its) ?? []),
  };
}

/** Adds the hint to the image's tokens; declares the input `hint`. */
export function withHint(
  net: Net,
  x: Value,
  { hintChannels, patch }: TransformerControlConfig,
): Value {
  const hint = net.g.input('hint', ['H', 'N', hintChannels * patch ** 2]);
  return add(net, x, tokenLinear(net, hint, 'pos_embed_input.proj'));
}

/** Returns a function that declares the output of an own block; declares the input `strength`. */
export function residualAdder(
  net: Net,
  { hidden }: TransformerControlConfig,
): (block: number, x: Value) => void {
  const { g } = net;
  const strength = g.input('strength', [1]);
  return (block, x) => {
    const residual = tokenLinear(net, x, `controlnet_blocks.${block}`);
    g.output(residualOutput(block), g.op('Mul', [residual, strength]), ['B', 'N', hidden]);
  };
}
