// A UNet over the networks of its graph: one without and two with inputs for ControlNets. Timesteps
// are embedded here, everything else is computed in the graph.
import { basename } from 'node:path';
import { DarkroomError } from '../../errors.ts';
import type { Network } from '../../runtime/network.ts';
import type { NetworkPrecision } from '../../runtime/precision.ts';
import { full, sizeOf, type Tensor, tensor, zeros } from '../../tensor/tensor.ts';
import type { ControlResiduals, Denoiser, DenoiserInputs, DenoiserVariant } from '../denoiser.ts';
import { denoiserPrecision } from '../denoiser-precision.ts';
import type { Gligen } from '../gligen/load.ts';
import { unetKeys } from '../lora/keys.ts';
import type { ModelRuntime } from '../model-runtime.ts';
import { type ChangedNetwork, plainTargets, withMoreChanges } from '../weights/changes.ts';
import { planChanges } from '../weights/plan-changes.ts';
import type { Weights } from '../weights/tensors.ts';
import { weightsNetwork } from '../weights/weights-network.ts';
import { type UNetConfig, unetConfig } from './config.ts';
import { skipCount, type UNetGraphOptions, unetGraph } from './graph.ts';
import { INT8_LAYERS } from './int8-layers.ts';
import { type EvaluationPlan, evaluationPlanner, patchesName } from './patch-plan.ts';
import { freeUInput } from './skip-joins.ts';
import { timestepEmbedding } from './timestep.ts';
import { type FreeU, patchesOf } from './unet-patch.ts';

/**
 * Memory of an evaluation per latent cell in float32. A high estimate, from which the runtime
 * decides which networks to close.
 */
const BYTES_PER_CELL = 96 * 1024;

/** Creates a UNet over `weights`. Throws DR_MODEL_UNSUPPORTED when tensors are missing. */
export function createUNet(
  runtime: ModelRuntime,
  weights: Weights,
  change: DenoiserVariant = {},
): Denoiser {
  const config = unetConfig(weights);
  const { inChannels, outChannels, contextDim, admChannels, modelChannels } = config;
  const base = { weights, targets: plainTargets(weights), changes: change.changes ?? [] };
  const plan = planChanges(base, 'ahead');
  const patches = change.patches ?? [];
  const { changes: _, ...graphChange } = change;
  const planPatches = evaluationPlanner(config, patches, change);
  const precision = denoiserPrecision(runtime, weights, () => unetGraph(weights, config, {}));
  const networks = new Map<string, Network>();
  const networkFor = (
    control: ControlResiduals | undefined,
    planned: EvaluationPlan,
    gligen: Gligen | undefined,
  ): Network => {
    const options = {
      ...graphOptions(runtime, precision, change),
      gligen,
      control: control !== undefined,
      adapter: control?.input !== undefined,
      queryChanges: planned.queryChanges,
    };
    const name = variantName(options);
    const network = networks.get(name) ?? createNetwork(runtime, precision, base, config, options);
    networks.set(name, network);
    return network;
  };
  // declares the plain network, which a report on the model counts
  networkFor(undefined, { inputs: {} }, undefined);
  const variantInputs = { ...changeInputs(change), ...plan?.inputs };
  return {
    inChannels,
    outChannels,
    contextDim,
    admChannels,
    hasNoiseLevels: config.noiseLevels > 0,
    patchable: base.targets,
    loraKeys: () => unetKeys(base.targets.keys()),
    base: { ...base, plan },
    variant: (more) =>
      createUNet(runtime, weights, {
        ...change,
        ...more,
        changes: withMoreChanges(change.changes ?? [], more.changes ?? []),
        patches: [...patches, ...(more.patches ?? [])],
        hypernetworks: [...(change.hypernetworks ?? []), ...(more.hypernetworks ?? [])],
      }),
    graphChange,
    withPatchesOf: (other) =>
      createUNet(runtime, weights, { ...other.graphChange, changes: change.changes }),
    async evaluate(inputs) {
      checkInputs(config, inputs);
      const { x, timesteps, context, y, objects } = inputs;
      if (objects) checkObjects(config, objects.gligen);
      const planned = planPatches(inputs);
      const { control } = planned;
      const { out, attention } = await networkFor(control, planned, objects?.gligen).run({
        x,
        time: timestepEmbedding(timesteps, modelChannels),
        context,
        ...(admChannels > 0 && y ? { y } : {}),
        ...(objects && { objects: objects.tokens }),
        ...variantInputs,
        ...planned.inputs,
        ...(control && controlInputs(control, skipCount(config), config.input.length)),
      });
      if (change.recordsAttention) inputs.onAttention?.(attention);
      return out;
    },
  };
}

const graphOptions = (
  { prepacked }: ModelRuntime,
  precision: NetworkPrecision,
  change: DenoiserVariant,
): UNetGraphOptions => ({
  patches: change.patches,
  unattended: change.perturbedMiddle !== undefined,
  recordsAttention: change.recordsAttention,
  hypernetworks: change.hypernetworks?.map(({ hypernetwork }) => hypernetwork),
  int8: precision === 'int8' ? INT8_LAYERS : undefined,
  winograd: precision === 'fp32' && prepacked !== undefined,
});

/** Creates the network of one graph. */
const createNetwork = (
  runtime: ModelRuntime,
  precision: NetworkPrecision,
  base: ChangedNetwork,
  config: UNetConfig,
  options: UNetGraphOptions,
): Network =>
  weightsNetwork(runtime, base, {
    part: 'unet',
    precision,
    name: variantName(options),
    outputs: options.recordsAttention ? ['out', 'attention'] : ['out'],
    float16: true,
    workingBytes: ({ x }) => BYTES_PER_CELL * (sizeOf(x.shape) / x.shape[1]),
    buildGraph: (over) => unetGraph(over, config, options),
  });

/** Throws for inputs that do not have the network's sizes. */
function checkInputs(
  { inChannels, contextDim, admChannels }: UNetConfig,
  { x, context, y }: DenoiserInputs,
): void {
  if (admChannels > 0 && !y) throw new Error('internal: this UNet needs an ADM vector');
  if (x.shape[1] !== inChannels)
    throw new Error(`internal: x [${x.shape}] for a Denoiser of ${inChannels} channels`);
  if (context.shape[2] !== contextDim)
    throw new Error(`internal: context [${context.shape}] for a Denoiser of width ${contextDim}`);
  if (y && y.shape[1] !== admChannels)
    throw new Error(`internal: ADM vector [${y.shape}] for a Denoiser of ${admChannels}`);
}

/** Throws DR_INPUT_INVALID for a GLIGEN model of another UNet. */
function checkObjects({ input, middle, output }: UNetConfig, { file, layers }: Gligen): void {
  const widths = [...input.flat(), ...middle, ...output.flat()].flatMap((layer) =>
    layer.kind === 'transformer' ? [layer.channels] : [],
  );
  if (widths.every((width, i) => layers[i]?.width === width)) return;
  throw new DarkroomError('DR_INPUT_INVALID', {
    message: `the GLIGEN model ${basename(file)} is not for this model: its layers have other sizes`,
    hint: 'GLIGEN models exist for SD1.x only.',
    input: 'model',
    file,
  });
}

/** Returns a name for the graph that differs from those of the file's other graphs. */
const variantName = ({
  patches = [],
  queryChanges,
  unattended,
  recordsAttention,
  control,
  adapter,
  hypernetworks = [],
  gligen,
  int8,
}: UNetGraphOptions): string =>
  [
    int8 && 'int8',
    ...patchesName(patches, queryChanges),
    unattended && 'unattended',
    recordsAttention && 'attention',
    control && 'control',
    adapter && 'adapter',
    ...hypernetworks.map(({ identity }) => `hypernetwork ${identity}`),
    gligen && `gligen ${gligen.identity}`,
  ]
    .filter(Boolean)
    .join(' ');

/** Returns the inputs for the numbers of a variant. */
function changeInputs({
  patches = [],
  perturbedMiddle,
  hypernetworks = [],
}: DenoiserVariant): Record<string, Tensor> {
  const inputs: Record<string, Tensor> = {};
  if (hypernetworks.length > 0)
    inputs.hypernetworks = tensor(
      [hypernetworks.length],
      Float32Array.from(hypernetworks, ({ strength }) => strength),
    );
  if (perturbedMiddle !== undefined) inputs.unattended = full([1], perturbedMiddle ? 1 : 0);
  for (const [i, patch] of patchesOf(patches, 'freeU').entries())
    inputs[freeUInput(i)] = freeUScales(patch);
  return inputs;
}

function freeUScales({ version, b1, b2, s1, s2 }: FreeU): Tensor {
  const base = version === 1 ? 0 : 1;
  return tensor([4], Float32Array.of(b1 - base, b2 - base, s1 - 1, s2 - 1));
}

/** Returns the inputs for residuals; absent ones are a single 0, which the graph broadcasts. */
function controlInputs(
  { input, middle, output }: ControlResiduals,
  skips: number,
  blocks: number,
): Record<string, Tensor> {
  const zero = zeros([1, 1, 1, 1]);
  const inputs: Record<string, Tensor> = { middle: middle ?? zero };
  if (input) for (let i = 0; i < blocks; i++) inputs[`adapter${i}`] = input[i] ?? zero;
  for (let i = 0; i < skips; i++) inputs[`control${i}`] = output[i] ?? zero;
  return inputs;
}
