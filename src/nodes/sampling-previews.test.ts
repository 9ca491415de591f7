// Every node that samples reports its steps with previews. Such nodes are found by running all
// nodes on a network that counts its evaluations.
import { afterAll, expect, it } from 'vitest';
import { testContext } from '../../test/support/run-node.ts';
import type { ByteImage } from '../image/image-bytes.ts';
import type { Denoiser } from '../models/denoiser.ts';
import type { Autoencoder } from '../models/vae/autoencoder.ts';
import { makeModel } from '../sampling/model/model.ts';
import { map, type Tensor, tensor } from '../tensor/tensor.ts';
import type { NodeContext } from './context.ts';
import type { NodeDeclaration } from './declare.ts';
import { NODES } from './index.ts';
import type { Input } from './input-types.ts';

const filled = (value: number, ...shape: number[]): Tensor =>
  tensor(
    shape,
    new Float32Array(shape.reduce((a, b) => a * b, 1)).map((_, i) => value + (i % 7) / 100),
  );

let evaluations = 0;
const unet: Denoiser = {
  inChannels: 4,
  outChannels: 4,
  contextDim: 8,
  admChannels: 0,
  evaluate: async ({ x }) => {
    evaluations++;
    return map(x, (value) => value / 2);
  },
  variant: () => unet,
};
const model = makeModel('sd1', unet);
const vae: Autoencoder = {
  kind: 'kl',
  latentChannels: 4,
  factor: 8,
  encode: async ({ shape: [n, height, width] }) =>
    filled(0.1, n, 4, Math.floor(height / 8), Math.floor(width / 8)),
  decode: async ({ shape: [n, , height, width] }) => filled(0.5, n, height * 8, width * 8, 3),
};
const conditioning = [{ cond: filled(0.2, 1, 77, 8) }];
const SIZE = 64;
const mask = (): Tensor => {
  const data = new Float32Array(SIZE * SIZE);
  for (let y = 16; y < 48; y++) data.fill(1, y * SIZE + 16, y * SIZE + 48);
  return tensor([1, SIZE, SIZE], data);
};

/** Values by socket type: those below, and later the outputs of SOURCE_NODES. */
const values: Record<string, unknown> = {
  MODEL: model,
  VAE: vae,
  CLIP: {},
  CONDITIONING: conditioning,
  LATENT: { samples: filled(0, 1, 4, SIZE / 8, SIZE / 8) },
  IMAGE: filled(0.5, 1, SIZE, SIZE, 3),
  MASK: mask(),
  SAMPLER_NAME: 'euler',
  SCHEDULER_NAME: 'normal',
};
const WIDGETS: Readonly<Record<string, unknown>> = {
  steps: 2,
  base_only_steps: 1,
  end_at_step: 2,
  cycle: 1,
  guide_size: 64,
  max_size: 128,
  upscale_factor: 2,
  base_ratio: 0.5,
  denoise: 1,
};
/** Nodes that output the other values, in the order in which they are run. */
const SOURCE_NODES = [
  'ToBasicPipe',
  'MaskToSEGS',
  'KSamplerProvider',
  'KSamplerAdvancedProvider',
  'RegionalPrompt',
  'KSamplerSelect',
  'BasicScheduler',
  'RandomNoise',
  'CFGGuider',
  'PixelKSampleUpscalerProvider',
];

const WIDGET_KINDS = new Set(['INT', 'FLOAT', 'STRING', 'BOOLEAN', 'COMBO']);
const typeOf = (input: Input): string =>
  input.kind === 'SOCKET' ? String(input.type) : input.kind;

function widget(name: string, input: Input, context: NodeContext): unknown {
  if (name in WIDGETS && input.kind !== 'BOOLEAN')
    return input.kind === 'INT' || input.kind === 'FLOAT' ? WIDGETS[name] : undefined;
  if (input.kind === 'INT' && input.wide) return 1n;
  if ('default' in input && input.default !== undefined) return input.default;
  if (input.kind === 'COMBO')
    return (typeof input.options === 'function' ? input.options(context) : input.options)[0];
  return { INT: 0, FLOAT: 0, STRING: '', BOOLEAN: false }[input.kind as 'INT'];
}

/** The inputs of a node; undefined if there is no value for one. */
function inputsOf(
  node: NodeDeclaration,
  context: NodeContext,
): Record<string, unknown> | undefined {
  const inputs: Record<string, unknown> = {};
  for (const [name, input] of Object.entries(node.inputs)) {
    const type = typeOf(input);
    if (WIDGET_KINDS.has(type)) inputs[name] = widget(name, input, context);
    else if (values[type] !== undefined && !(input.optional && type === 'MODEL'))
      inputs[name] = values[type];
    else if (!input.optional) return undefined;
  }
  return inputs;
}

interface RunResult {
  readonly samples: boolean;
  readonly steps: number;
  readonly previews: number;
  readonly outputs?: readonly unknown[];
  readonly error?: unknown;
}

async function run(node: NodeDeclaration): Promise<RunResult | undefined> {
  const previews: (() => Promise<ByteImage | undefined> | ByteImage | undefined)[] = [];
  let steps = 0;
  const context: NodeContext = {
    ...base,
    progress: (_value, _total, preview) => {
      steps++;
      if (preview) previews.push(preview);
    },
  };
  const inputs = inputsOf(node, context);
  if (!inputs) return undefined;
  evaluations = 0;
  try {
    const { outputs } = await node.run(inputs as never, context);
    const images = await Promise.all(previews.map((preview) => preview()));
    return {
      samples: evaluations > 0,
      steps,
      previews: images.filter((image) => image && image.bytes.length > 0).length,
      outputs,
    };
  } catch (error) {
    return { samples: evaluations > 0, steps, previews: 0, error };
  }
}

const base = testContext();
afterAll(() => base.runtime.close());

const SAMPLING_NODES = [
  'KSampler',
  'KSamplerAdvanced',
  'SamplerCustom',
  'SamplerCustomAdvanced',
  'ImpactKSamplerBasicPipe',
  'ImpactKSamplerAdvancedBasicPipe',
  'TwoSamplersForMask',
  'RegionalSampler',
  'RegionalSamplerAdvanced',
  'TwoAdvancedSamplersForMask',
  'IterativeLatentUpscale',
  'IterativeImageUpscale',
  'SEGSUpscaler',
  'SEGSUpscalerPipe',
  'DetailerForEach',
  'DetailerForEachAutoRetry',
  'DetailerForEachDebug',
  'DetailerForEachPipe',
  'DetailerForEachDebugPipe',
  'MaskDetailerPipe',
  'SEGSDetailer',
  'FaceDetailer',
  'FaceDetailerPipe',
  'BNK_Unsampler',
  'Unsampler',
  'SeargeSDXLSampler',
  'SeargeSDXLSampler2',
  'SeargeSDXLImage2ImageSampler',
  'SeargeSDXLImage2ImageSampler2',
  'SeargeSamplerAdvanced',
];

it('every node that samples reports steps and previews', async () => {
  for (const type of SOURCE_NODES) {
    const node = NODES.get(type)!;
    const result = await run(node);
    if (!result?.outputs) throw new Error(`${type}: ${result?.error}`);
    node.outputs.forEach(({ type: name }, i) => {
      values[String(name)] ??= result.outputs?.[i];
    });
  }
  values['BBOX_DETECTOR'] = {
    detect: async () => values['SEGS'],
    detectCombined: async () => undefined,
  };
  values['DETAILER_PIPE'] = (await run(NODES.get('BasicPipeToDetailerPipe')!))?.outputs?.[0];

  const found: string[] = [];
  const silent: string[] = [];
  for (const node of NODES.values()) {
    const sockets = Object.values(node.inputs).map(typeOf);
    if (!sockets.some((type) => /^(MODEL|GUIDER|UPSCALER|.*_PIPE|KSAMPLER.*)$/.test(type)))
      continue;
    const result = await run(node);
    if (SAMPLING_NODES.includes(node.type) && result?.error)
      throw new Error(`${node.type}: ${(result.error as Error).stack}`);
    if (!result?.samples) continue;
    found.push(node.type);
    if (result.steps === 0 || result.previews === 0)
      silent.push(`${node.type}: ${result.steps} steps, ${result.previews} previews`);
  }
  expect(silent).toEqual([]);
  expect(found.sort()).toEqual([...SAMPLING_NODES].sort());
});
