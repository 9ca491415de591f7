// A text encoder that reads a prompt as one sequence of any length (T5, Qwen3, Gemma 2). Its network
// is built up to the layer that is requested; rows of the token table are read from the file when
// they are needed, and recent results are cached.
import { DarkroomError } from '../../errors.ts';
import type { Graph, Value } from '../../onnx/builder.ts';
import type { Network, NetworkInputs } from '../../runtime/network.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import { zeros } from '../../tensor/tensor.ts';
import type { Tokenizer } from '../../text/tokenizers/tokenizer.ts';
import { type PatchTargets, type WeightChange, withMoreChanges } from '../weights/changes.ts';
import { graphWithChanges, planChanges } from '../weights/plan-changes.ts';
import { streamedWhereLarge } from '../weights/streamed.ts';
import type { Weights } from '../weights/tensors.ts';
import { cacheKey, recentResults } from './recent-results.ts';
import type {
  EncodeOptions,
  SequenceKind,
  TextEncoder,
  TextEncoderOutput,
  TokenChange,
  TokenSlot,
} from './text-encoder.ts';
import { type Chunks, embed } from './token-embeddings.ts';
import { asStored, tokenTableRows } from './token-table.ts';

/** Number of results that an encoder caches; 512 tokens of width 4096 are 8 MB. */
const MAX_CACHED = 8;

/** The states that a network returns beside each other. */
export interface LayerOutput {
  /** The blocks (0-based, ascending) that they are the outputs of. */
  readonly indexes: readonly number[];
  /** Whether the norm after the last block follows them; 'last': the state of that block alone. */
  readonly finalNorm: boolean | 'last';
}

/** Declares the output `hidden` of a graph; `state` returns the output of a block, or normed. */
export function outputStates(
  g: Graph,
  { indexes, finalNorm }: LayerOutput,
  state: (index: number, isNormed: boolean) => Value,
  { width, layers }: Pick<SequenceModel, 'width' | 'layers'>,
): void {
  const isNormed = (index: number): boolean =>
    finalNorm === 'last' ? index === layers - 1 : finalNorm;
  const states = indexes.map((index) => state(index, isNormed(index)));
  const hidden = states.length === 1 ? states[0] : g.op('Concat', states, { axis: -1 });
  g.output('hidden', hidden, ['B', 'T', width * states.length]);
}

/** What the kinds of sequence encoders differ in. */
export interface SequenceModel {
  readonly kind: SequenceKind;
  readonly weights: Weights;
  readonly width: number;
  readonly layers: number;
  readonly heads: number;
  /** The name of the token table. */
  readonly table: string;
  /** As in EncoderBase. */
  readonly vocabulary?: string;
  /** Applied to the values of its rows. */
  readonly embedding?: (value: number) => number;
  tokenizer(): Promise<Tokenizer>;
  readonly imageTokens?: TextEncoder['imageTokens'];
  /** Whether a norm follows the last layer, which files with the first layers alone lack. */
  readonly hasFinalNorm?: boolean;
  /** The same model with weights that are not rounded; absent if these are not. */
  readonly unrounded?: SequenceModel;
  /**
   * Builds the graph from the input `embeddings` [B, T, width] and `inputs` to the output `hidden`
   * [B, T, width], wider with several states.
   */
  graph(weights: Weights, output: LayerOutput): Graph;
  /** The other inputs for sequences of T tokens. */
  inputs(length: number, options: Pick<EncodeOptions, 'masks' | 'images'>): NetworkInputs;
}

/** Changes of a sequence encoder's weights, and of its token table. */
export interface SequenceChanges {
  readonly changes?: readonly WeightChange[];
  readonly tokenChanges?: readonly TokenChange[];
}

/** Creates a text encoder. Throws DR_MODEL_UNSUPPORTED when tensors are missing. */
export function createSequenceEncoder(
  runtime: Runtime,
  model: SequenceModel,
  { changes = [], tokenChanges = [] }: SequenceChanges = {},
): TextEncoder {
  const { kind, weights, width, layers, embedding } = model;
  const [vocabulary] = weights.shape(model.table);
  const targets = weightTargets(weights, model.table);
  const table = { weights, name: model.table, changes: tokenChanges, threads: runtime.threads };
  const tokenRows = (ids: readonly number[]): Promise<Float32Array> => tokenTableRows(table, ids);
  const embeddedRows = async (ids: readonly number[]): Promise<Float32Array> => {
    const rows = asStored(table, await tokenRows(ids));
    return embedding ? rows.map(embedding) : rows;
  };
  const networkFor = layerNetworks(runtime, model, targets, changes);
  // registers the whole network, so that its memory can be measured before a prompt is encoded
  networkFor({ indexes: [layers - 1], finalNorm: model.hasFinalNorm ?? true });
  const evaluate = async (
    chunks: Chunks,
    output: LayerOutput,
    options: Pick<EncodeOptions, 'masks' | 'images'>,
  ): Promise<TextEncoderOutput> => {
    const embeddings = zeros([chunks.length, chunks[0].length, width]);
    embeddings.data.set(await embed(chunks.flat(), embeddedRows, width, false));
    const { network, inputs } = networkFor(output);
    const more = model.inputs(chunks[0].length, options);
    const { hidden } = await network.run({ embeddings, ...more, ...inputs });
    return { hidden, pooled: null };
  };
  const cached = recentResults<TextEncoderOutput>(MAX_CACHED);
  return {
    kind,
    width,
    layers,
    patchable: new Map([...targets].filter(([, { shape }]) => shape.length === 2)),
    base: {
      ...{ weights, targets, changes, tokenChanges },
      ...{ table: model.table, vocabulary: model.vocabulary },
    },
    tokenRows,
    tokenTable: { name: model.table, tensor: model.table, shape: [vocabulary, width] },
    tokenizer: () => model.tokenizer(),
    ...(model.imageTokens && { imageTokens: model.imageTokens }),
    ...(model.unrounded && {
      inFileType: () => createSequenceEncoder(runtime, model.unrounded!, { changes, tokenChanges }),
    }),
    withChanges: (added, addedTokens = []) =>
      createSequenceEncoder(runtime, model, {
        changes: withMoreChanges(changes, added),
        tokenChanges: [...tokenChanges, ...addedTokens],
      }),
    async encode(chunks, { layer, layers: several, finalNorm, masks, images }) {
      checkSlots(chunks.flat(), kind, vocabulary, width);
      const indexes = several ?? [layer === 'last' ? layers - 1 : layer];
      const places = images?.map(({ start, rows, columns }) => [start, rows, columns]);
      const key = `${indexes} ${finalNorm} ${masks} ${places?.join(' ')}`;
      return cached(cacheKey(chunks, key), () =>
        evaluate(chunks, { indexes, finalNorm }, { masks, images }),
      );
    },
  };
}

/** The network for an output, and the inputs of its changed weights. */
interface LayerNetwork {
  readonly network: Network;
  readonly inputs: NetworkInputs;
}

/** Returns the network up to a layer, one for each output that is requested. */
function layerNetworks(
  runtime: Runtime,
  model: SequenceModel,
  targets: PatchTargets,
  changes: readonly WeightChange[],
): (output: LayerOutput) => LayerNetwork {
  const { kind, weights, heads } = model;
  const plan = planChanges({ weights, targets, changes }, 'each time');
  const networks = new Map<string, Network>();
  return (output) => {
    const graph = (over: Weights): Graph => model.graph(over, output);
    const layer = `layer ${output.indexes}${output.finalNorm ? ` normed ${output.finalNorm}` : ''}`;
    const network =
      networks.get(layer) ??
      runtime.network({
        file: weights.file,
        part: kind,
        variant: [layer, weights.rounding, plan?.key].filter(Boolean).join(' '),
        outputs: ['hidden'],
        workingBytes: ({ embeddings }) => attentionBytes(embeddings.shape, heads),
        outOfMemoryHint: 'Make the prompt shorter, or free memory for this process.',
        ...streamedWhereLarge(weights, (over) =>
          graphWithChanges({ weights: over, targets, changes }, 'each time', graph),
        ),
      });
    networks.set(layer, network);
    return { network, inputs: plan?.inputs ?? {} };
  };
}

/** The products of all queries and keys of one layer, before and after their softmax. */
const attentionBytes = ([batch, length]: readonly number[], heads: number): number =>
  2 * 4 * batch * heads * length * length;

/** All weights but the token table, by their names in the file. */
const weightTargets = (weights: Weights, table: string): PatchTargets =>
  new Map(
    [...weights.names()]
      .filter((name) => name !== table && /\.(weight|bias)$/.test(name))
      .map((tensor) => [tensor, { tensor, shape: weights.shape(tensor) }]),
  );

/** Throws for tokens that the encoder does not know, and for vectors of another width. */
function checkSlots(
  slots: readonly TokenSlot[],
  kind: SequenceKind,
  vocabulary: number,
  width: number,
): void {
  for (const slot of slots) {
    if (typeof slot === 'number' ? slot >= 0 && slot < vocabulary : slot.length === width) continue;
    throw new DarkroomError('DR_SHAPE_MISMATCH', {
      message:
        typeof slot === 'number'
          ? `${kind} has no token ${slot}: its table has ${vocabulary} rows`
          : `${kind} does not accept an embedding of width ${slot.length}, its own is ${width}`,
      hint: 'Use the text encoder as it was published, with its own tokenizer.',
    });
  }
}
