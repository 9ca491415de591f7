// The language models whose states encode prompts: Qwen3 (Yang et al. 2025), those of Qwen2.5-VL
// and Qwen3-VL (Bai et al. 2025), Gemma 2 (Riviere et al. 2024), Mistral Small 3 (Mistral AI 2025)
// and Llama 3 8B (Grattafiori et al. 2024). One
// layout of names; the sizes are read from the tensors.
import type { SequenceKind } from '../clip/text-encoder.ts';
import { countLayers, type Weights } from '../weights/tensors.ts';

export interface LlmConfig {
  readonly width: number;
  readonly layers: number;
  readonly heads: number;
  /** The heads of keys and values, each of which serves equally many of the queries'. */
  readonly kvHeads: number;
  /** The width of a head. */
  readonly depth: number;
  /** The epsilon of norms. */
  readonly epsilon: number;
  /** The base of the rotary position embedding. */
  readonly theta: number;
  readonly activation: 'silu' | 'geluTanh';
  /** Whether queries and keys are normalised. */
  readonly normsHeads: boolean;
  /** Whether the results of attention and MLP are normalised before they are added. */
  readonly normsResults: boolean;
  /** Whether norms multiply by 1 + weight. */
  readonly addsOne: boolean;
  /** How many pairs of a head's values turn with frames, rows and columns, where it sees images. */
  readonly imagePairs?: readonly number[];
  /** Whether these pairs take turns; else they follow one another. */
  readonly interleavesPairs?: boolean;
  /** How many of the first layers get further features of images (DeepStack). */
  readonly deepstack?: number;
  /** Whether embeddings are multiplied by sqrt(width). */
  readonly scalesEmbeddings: boolean;
}

export const LLM_TOKENS = 'model.embed_tokens.weight';
/** The norm after the last layer. */
export const LLM_NORM = 'model.norm';

/** Returns the prefix of a layer's names. */
export const llmLayer = (index: number): string => `model.layers.${index}`;

/** The width of heads by that of the model, where its tensors do not show it. */
const DEPTHS: ReadonlyMap<number, number> = new Map([
  // Gemma 2 2B
  [2304, 256],
  // Qwen2.5-VL 7B
  [3584, 128],
  // Mistral Small 3
  [5120, 128],
  // Llama 3 8B
  [4096, 128],
  // small models for tests
  [16, 8],
  [40, 12],
  [48, 16],
  [64, 16],
]);

type Traits = Omit<
  LlmConfig,
  'width' | 'layers' | 'heads' | 'kvHeads' | 'depth' | 'imagePairs' | 'deepstack'
> & {
  /** Its imagePairs by the width of heads. */
  readonly imagePairs?: ReadonlyMap<number, readonly number[]>;
};

const QWEN3: Traits = {
  epsilon: 1e-6,
  theta: 1e6,
  activation: 'silu',
  normsHeads: true,
  normsResults: false,
  addsOne: false,
  scalesEmbeddings: false,
};

const QWEN3_VL: Traits = {
  ...QWEN3,
  theta: 5e6,
  imagePairs: new Map([
    [128, [24, 20, 20]],
    // small models for tests
    [16, [4, 2, 2]],
  ]),
  interleavesPairs: true,
};

/** Its queries, keys and values have biases. */
const QWEN25: Traits = {
  ...QWEN3,
  normsHeads: false,
  imagePairs: new Map([
    [128, [16, 24, 24]],
    // small models for tests
    [16, [2, 3, 3]],
  ]),
};

const MISTRAL3: Traits = { ...QWEN3, epsilon: 1e-5, theta: 1e9, normsHeads: false };

const LLAMA3: Traits = { ...MISTRAL3, theta: 5e5 };

const GEMMA2: Traits = {
  epsilon: 1e-6,
  theta: 1e4,
  activation: 'geluTanh',
  normsHeads: false,
  normsResults: true,
  addsOne: true,
  scalesEmbeddings: true,
};

/** Of models whose language model has the tensors of another one. */
const TRAITS_OF_KIND: Readonly<Partial<Record<SequenceKind, Traits>>> = {
  qwen3vl_4b: QWEN3_VL,
  qwen3vl_8b: QWEN3_VL,
  llama3_8b: LLAMA3,
};

/** The layers beside a language model that make further features of images. */
const DEEPSTACK = 'visual.deepstack_merger_list';

/** Reads the sizes of a kind of model from its tensors. Throws DR_MODEL_UNSUPPORTED when some are missing. */
export function llmConfig(weights: Weights, kind: SequenceKind): LlmConfig {
  const [, width] = weights.shape(LLM_TOKENS);
  const first = llmLayer(0);
  const traits = TRAITS_OF_KIND[kind] ?? traitsOf(weights, first);
  const depth = traits.normsHeads
    ? weights.shape(`${first}.self_attn.q_norm.weight`)[0]
    : (DEPTHS.get(width) ?? 256);
  let layers = 0;
  while (weights.has(`${llmLayer(layers)}.input_layernorm.weight`)) layers++;
  return {
    width,
    layers,
    heads: weights.shape(`${first}.self_attn.q_proj.weight`)[0] / depth,
    kvHeads: weights.shape(`${first}.self_attn.k_proj.weight`)[0] / depth,
    depth,
    ...traits,
    imagePairs: traits.imagePairs?.get(depth),
    deepstack: countLayers(weights, DEEPSTACK),
  };
}

const traitsOf = (weights: Weights, layer: string): Traits => {
  if (weights.has(`${layer}.post_feedforward_layernorm.weight`)) return GEMMA2;
  if (weights.has(`${layer}.self_attn.k_proj.bias`)) return QWEN25;
  return weights.has(`${layer}.self_attn.q_norm.weight`) ? QWEN3 : MISTRAL3;
};
