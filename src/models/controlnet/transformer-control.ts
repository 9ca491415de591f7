// ControlNets of diffusion transformers: residuals for the tokens after each block. Their hints are
// latents of the model's autoencoder, or pixels that an own network reduces to the latent's size.
import { basename } from 'node:path';
import { DarkroomError } from '../../errors.ts';
import type { Graph, Value } from '../../onnx/builder.ts';
import type { NetworkPrecision } from '../../runtime/precision.ts';
import { full, type Tensor } from '../../tensor/tensor.ts';
import type { Denoiser } from '../denoiser.ts';
import { controlPrecision } from '../denoiser-precision.ts';
import { tokenLinear } from '../dit/blocks.ts';
import { patchify } from '../dit/patches.ts';
import { add, type Net } from '../layers/blocks.ts';
import type { Int8Plan } from '../layers/int8.ts';
import type { ModelRuntime } from '../model-runtime.ts';
import type { Weights } from '../weights/tensors.ts';
import type { ControlNet, ControlNetInputs, LatentHint } from './controlnet.ts';
import { checkKind } from './network.ts';
import { type Completion, networkOverBase } from './network-over-base.ts';

export interface TransformerControlConfig {
  readonly inChannels: number;
  /** Channels of the hint at the latent's size, a mask included. */
  readonly hintChannels: number;
  /** Side of a patch in latent cells. */
  readonly patch: number;
  readonly hidden: number;
  /** The width of a prompt's features, where the network embeds it. */
  readonly promptWidth?: number;
  /** Number of the ControlNet's own blocks. */
  readonly blocks: number;
  /** Number of control types of a union network; none by default. */
  readonly kinds?: number;
}

/** The ControlNet's blocks whose residuals the model's blocks receive (ControlResiduals). */
export interface ServedBlocks {
  readonly input?: readonly number[];
  readonly output: readonly number[];
}

/** A hint in pixels. */
export interface PixelHint {
  /** Pixels per latent cell and side. */
  readonly factor: number;
  /** Builds the graph: input `pixels` [N, 3, Y, X] in 0..1, output `hint` [N, hintChannels, H, W]. */
  graph(weights: Weights): Graph;
}

/** A kind of ControlNets of transformers. */
export interface TransformerControl<Config extends TransformerControlConfig> {
  /** A weight that only models of the kind have, with as many rows as a token is wide. */
  readonly embedder: string;
  /** Whether all values stay in the range of float16; they do by default. */
  readonly float16?: boolean;
  /** The layer that the hint enters by, which stays in float32. */
  readonly hintLayer: string;
  /** Which of the others compute in 8-bit integers: those of the model. */
  readonly int8: Int8Plan;
  /** Throws DR_MODEL_UNSUPPORTED when tensors are missing. */
  config(weights: Weights): Config;
  residuals(config: Config): ServedBlocks;
  /**
   * Builds the graph: inputs `strength` [1], `hint` [1 or B, N, K] and those of `inputs`; outputs
   * residualOutput(i) [B, N, hidden] per own block, multiplied by the strength.
   */
  graph(weights: Weights, config: Config, int8?: Int8Plan): Graph;
  /** `kind`: the control type of a union network. */
  inputs(config: Config, inputs: ControlNetInputs, kind?: number): Record<string, Tensor>;
  /** The model's tensor that takes the place of an own one. */
  borrowed?(config: Config): (name: string) => string | undefined;
}

/** The name of the output of an own block. */
const residualOutput = (block: number): string => `residual${block}`;

/** Creates a ControlNet over `weights`; `type`: the control type of a union network. */
export function createTransformerControl<Config extends TransformerControlConfig>(
  runtime: ModelRuntime,
  weights: Weights,
  kind: TransformerControl<Config>,
  hint: LatentHint | PixelHint,
  type?: number,
): ControlNet {
  const config = kind.config(weights);
  const { hidden, promptWidth, kinds = 0 } = config;
  const borrowed = kind.borrowed?.(config);
  const own: Omit<ControlNet, 'evaluate'> = {
    file: weights.file,
    ...hintInputs(runtime, weights, config, hint),
    fits: (model) =>
      widthOf(model, kind.embedder) === hidden &&
      model.contextDim === (promptWidth ?? model.contextDim),
    ...(kinds > 0 && {
      withKind: (selected) => {
        checkKind(selected, kinds, weights.file);
        return createTransformerControl(runtime, weights, kind, hint, selected);
      },
    }),
  };
  const combine: Completion['combine'] =
    borrowed && ((some, base) => withBorrowed(some, base, borrowed));
  const precisionFor = ({ arithmetic, base }: Pick<Denoiser, 'arithmetic' | 'base'>) => {
    const whole = combine && base ? combine(weights, base.weights) : weights;
    return controlPrecision(runtime, weights, () => kind.graph(whole, config), arithmetic);
  };
  const create = (precision: NetworkPrecision, completion: Completion = {}): ControlNet => ({
    ...own,
    evaluate: evaluator(runtime, weights, { kind, config, precision, type }, completion),
  });
  const nets = new Map<NetworkPrecision, ControlNet>();
  const plainIn = (precision: NetworkPrecision): ControlNet => {
    const net = nets.get(precision) ?? create(precision);
    nets.set(precision, net);
    return net;
  };
  const withBase: ControlNet['withBase'] = (model) => plainIn(precisionFor(model));
  if (!combine) return { ...own, evaluate: plainIn('fp32').evaluate, withBase };
  const completed = new WeakMap<Denoiser, ControlNet>();
  return {
    ...own,
    evaluate: () => Promise.reject(new Error('internal: a ControlNet is evaluated over a model')),
    withBase: (model) => {
      const net =
        completed.get(model) ?? create(precisionFor(model), { base: model.base, combine });
      completed.set(model, net);
      return net;
    },
  };
}

function hintInputs(
  runtime: ModelRuntime,
  weights: Weights,
  config: TransformerControlConfig,
  hint: LatentHint | PixelHint,
): Pick<ControlNet, 'factor' | 'latentHint' | 'prepareHint'> {
  const tokens = (cells: Tensor): readonly Tensor[] => [
    patchify(cells, { side: config.patch, order: 'c ph pw' }),
  ];
  if ('scale' in hint)
    return {
      factor: 1,
      latentHint: hint,
      prepareHint: async (latents) => {
        checkHint(latents, config, weights.file);
        return tokens(latents);
      },
    };
  const network = runtime.network({
    file: weights.file,
    part: 'controlnet hint',
    float16: true,
    outputs: ['hint'],
    build: () => hint.graph(weights),
  });
  return {
    factor: hint.factor,
    prepareHint: async (pixels) => tokens((await network.run({ pixels })).hint),
  };
}

interface Evaluated<Config extends TransformerControlConfig> {
  readonly kind: TransformerControl<Config>;
  readonly config: Config;
  readonly precision: NetworkPrecision;
  /** The control type of a union network. */
  readonly type?: number;
}

function evaluator<Config extends TransformerControlConfig>(
  runtime: ModelRuntime,
  weights: Weights,
  { kind, config, precision, type }: Evaluated<Config>,
  completion: Completion,
): ControlNet['evaluate'] {
  const int8: Int8Plan | undefined =
    precision === 'int8'
      ? (layer, shape) => (layer === kind.hintLayer ? undefined : kind.int8(layer, shape))
      : undefined;
  const network = networkOverBase(runtime, weights, completion, {
    outputs: Array.from({ length: config.blocks }, (_, i) => residualOutput(i)),
    float16: kind.float16,
    precision,
    graph: (whole) => kind.graph(whole, config, int8),
  });
  const { input, output } = kind.residuals(config);
  return async (inputs) => {
    const result = await network.run({
      ...kind.inputs(config, inputs, type),
      hint: inputs.hint[0],
      strength: full([1], inputs.strength),
      ...completion.base?.plan?.inputs,
    });
    const residuals = (blocks: readonly number[]) =>
      blocks.map((block) => result[residualOutput(block)]);
    return { ...(input && { input: residuals(input) }), output: residuals(output), middle: null };
  };
}

/** The width of a transformer's tokens; 0 for other networks. */
const widthOf = ({ base }: Pick<Denoiser, 'base'>, embedder: string): number =>
  base?.weights.has(embedder) ? base.weights.shape(embedder)[0] : 0;

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

/** Adds the hint to the image's tokens by a `layer`; declares the input `hint`. */
export function withHint(
  net: Net,
  x: Value,
  { hintChannels, patch }: Pick<TransformerControlConfig, 'hintChannels' | 'patch'>,
  layer: string,
): Value {
  const hint = net.g.input('hint', ['H', 'N', hintChannels * patch ** 2]);
  return add(net, x, tokenLinear(net, hint, layer));
}

/** Returns a function that declares the output of an own block; declares the input `strength`. */
export function residualOutputs(
  { g }: Net,
  { hidden }: Pick<TransformerControlConfig, 'hidden'>,
): (block: number, residual: Value) => void {
  const strength = g.input('strength', [1]);
  return (block, residual) =>
    g.output(residualOutput(block), g.op('Mul', [residual, strength]), ['B', 'N', hidden]);
}

/** The same, of the tokens after the block. */
export function residualAdder(
  net: Net,
  config: Pick<TransformerControlConfig, 'hidden'>,
): (block: number, x: Value) => void {
  const output = residualOutputs(net, config);
  return (block, x) => output(block, tokenLinear(net, x, `controlnet_blocks.${block}`));
}
