// A diffusion transformer as a denoiser. Timesteps, positions and patches are computed here and in
// the architecture, everything else in the graph.
import { basename } from 'node:path';
import { DarkroomError } from '../../errors.ts';
import type { Network } from '../../runtime/network.ts';
import { full, sizeOf, type Tensor } from '../../tensor/tensor.ts';
import type { Denoiser, DenoiserInputs, DenoiserVariant, RefusedPatch } from '../denoiser.ts';
import { denoiserPrecision } from '../denoiser-precision.ts';
import type { ModelRuntime } from '../model-runtime.ts';
import { changedShapes, plainTargets, withShapes } from '../weights/changes.ts';
import { planChanges } from '../weights/plan-changes.ts';
import type { Weights } from '../weights/tensors.ts';
import { weightsNetwork } from '../weights/weights-network.ts';
import type { Architecture, DitGraphOptions, DitSizes } from './architecture.ts';
import { type DitChange, graphChanges, withMore } from './graph-changes.ts';
import { transformerKeys } from './lora-names.ts';

/** What all transformers lack of a UNet: the channels of its levels, and its middle block. */
const REFUSED: readonly RefusedPatch[] = ['freeU', 'recordedAttention'];

/** Creates a transformer over `weights`. Throws DR_MODEL_UNSUPPORTED when tensors are missing. */
export function createDit<Config>(
  runtime: ModelRuntime,
  stored: Weights,
  architecture: Architecture<Config>,
  change: DitChange = {},
): Denoiser {
  const { changes = [], ...graphChange } = change;
  const shapes = changedShapes(changes);
  const weights = withShapes(stored, shapes);
  const config = architecture.config(weights);
  const sizes = architecture.sizes(config);
  const targets = plainTargets(stored, architecture.fixedWeights, shapes);
  const base = { weights, targets, changes };
  const plan = planChanges(base, 'ahead');
  const plainGraph = () => architecture.graph(weights, config, {});
  const precision = denoiserPrecision(runtime, weights, plainGraph);
  const int8 = precision === 'int8' ? architecture.int8 : undefined;
  const changed = graphChanges(architecture, change);
  const { layerControls: controlNets = [] } = changed.options;
  const networks = new Map<string, Network>();
  const networkFor = (extras: readonly string[] = []): Network => {
    const options: DitGraphOptions = { int8, extras, ...changed.options };
    const name = [...extras, changed.name].filter(Boolean).join(' ');
    const network =
      networks.get(name) ??
      weightsNetwork(runtime, base, {
        part: 'transformer',
        name,
        precision,
        outputs: ['out'],
        float16: architecture.float16,
        workingBytes: (inputs) => 4 * architecture.floatsPerToken(config) * tokensOf(inputs),
        others: controlNets.map((net) => net.weights),
        buildGraph: (over, others) =>
          architecture.graph(over, config, {
            ...options,
            layerControls: controlNets.map((net, i) => ({ ...net, weights: others[i] })),
          }),
      });
    networks.set(name, network);
    return network;
  };
  // declares the plain network, which a report on the model counts
  networkFor();
  const own = {
    ...plan?.inputs,
    ...skippedInput(architecture.blocks?.(config), change.skippedBlocks),
  };
  const create = (other: DitChange): Denoiser => createDit(runtime, stored, architecture, other);
  return {
    ...sizes,
    patchable: base.targets,
    loraKeys: () => transformerKeys(weights, architecture.lora),
    base: { ...base, plan },
    arithmetic: { precision, plainGraph },
    variant: (more) => create(withMore(change, more)),
    graphChange,
    withPatchesOf: (other) => create({ ...other.graphChange, changes }),
    refusedPatches: [...REFUSED, ...(architecture.refusedPatches ?? [])],
    ignoresStepCache: architecture.ignoresStepCache,
    layerControl: architecture.layerControls && {
      model: architecture.layerControls.model,
      width: architecture.layerControls.width(config),
    },
    styleTokenWidth: architecture.styleTokenWidth?.(config),
    async evaluate(inputs) {
      checkInputs(weights.file, architecture.name, sizes, inputs);
      const all = changed.complete(inputs);
      const network = networkFor(architecture.extras?.(config, all));
      const { out } = await network.run({
        ...architecture.inputs(config, all),
        ...(await changed.inputs(all)),
        ...own,
      });
      return architecture.output(config, out, all);
    },
  };
}

/** The tokens of an evaluation: those of the image, of the prompt and of reference images. */
const tokensOf = ({ x, context, references }: Readonly<Record<string, Tensor>>): number =>
  [x, context, references].reduce(
    (sum, part) => sum + (part ? sizeOf(part.shape.slice(0, 2)) : 0),
    0,
  );

/** The input of blockSkipper (blocks.ts). Numbers beyond the blocks have no effect. */
function skippedInput(
  blocks: ReturnType<NonNullable<Architecture<unknown>['blocks']>> | undefined,
  skipped: DenoiserVariant['skippedBlocks'],
): Record<string, Tensor> {
  if (!blocks) return {};
  const input = full([blocks.double + blocks.single], 0);
  for (const index of skipped?.double ?? []) if (index < blocks.double) input.data[index] = 1;
  for (const index of skipped?.single ?? [])
    if (index < blocks.single) input.data[blocks.double + index] = 1;
  return { skipped: input };
}

/** Throws DR_SHAPE_MISMATCH for inputs that do not have the network's sizes. */
function checkInputs(
  file: string,
  name: string,
  { inChannels, contextDim, admChannels, seesImage }: DitSizes,
  { x, context, y }: DenoiserInputs,
): void {
  const mismatch = (what: string, has: number, needs: number, hint: string): DarkroomError =>
    new DarkroomError('DR_SHAPE_MISMATCH', {
      message: `${what} ${has}, and ${basename(file)} (${name}) needs ${needs}`,
      hint,
      file,
    });
  const encoder = 'Encode the prompt with the text encoders that belong to the model.';
  if (x.shape[1] !== inChannels && !(seesImage && x.shape[1] === 2 * inChannels))
    throw mismatch(
      'the channels of the latent are',
      x.shape[1],
      inChannels,
      'Use an empty latent or an autoencoder for this kind of model.',
    );
  if (context.shape[2] !== contextDim)
    throw mismatch("the width of the prompt's features is", context.shape[2], contextDim, encoder);
  if (admChannels > 0 && y && y.shape[1] !== admChannels)
    throw mismatch('the width of the pooled prompt is', y.shape[1], admChannels, encoder);
}
