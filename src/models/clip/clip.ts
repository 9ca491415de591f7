// The value of CLIP sockets: one or two text encoders, the features that each family uses of
// them, and the number of skipped last layers (ComfyUI's sd1_clip, sdxl_clip, sd2_clip).
import { DarkroomError } from '../../errors.ts';
import { sliceBatch, type Tensor } from '../../tensor/tensor.ts';
import { blendWeights, joinFeatures } from '../../text/blend-weights.ts';
import { END_TOKEN } from '../../text/clip-bpe.ts';
import type { EndsAtBrackets } from '../../text/embedding-names.ts';
import type { EmbeddingLookup, Warn } from '../../text/embeddings.ts';
import { type Chunk, emptyChunk, type TokenValue, tokenize } from '../../text/token-chunks.ts';
import type { HookGroup } from '../hooks/hooks.ts';
import type { TextEncoder } from './text-encoder.ts';

export {
  type Embedding,
  type EmbeddingLookup,
  embeddingReader,
  type Warn,
} from '../../text/embeddings.ts';

export type ClipFamily = 'sd1' | 'sd2' | 'sdxl' | 'sdxl-refiner';

/** The features of a prompt. */
export interface EncodedPrompt {
  /** Token features [1,T,D]. */
  readonly cond: Tensor;
  /** Pooled features [1,P] of the first chunk, never weighted. */
  readonly pooled: Tensor | null;
}

/**
 * Immutable: a change returns another value over the same encoders. Warnings go to the `warn` of
 * the call, else to that of makeClip.
 */
export interface Clip {
  readonly family: ClipFamily;
  /** In the order of their features. */
  readonly encoders: readonly TextEncoder[];
  encode(text: string, warn?: Warn): Promise<EncodedPrompt>;
  /** Encodes a prompt after a change of its chunks. */
  encodeChanged(text: string, change: (chunk: Chunk) => Chunk, warn?: Warn): Promise<EncodedPrompt>;
  /**
   * Encodes one prompt for each encoder of SDXL; the shorter one is padded with empty chunks.
   * Throws DR_INPUT_INVALID for other families.
   */
  encodePair(textG: string, textL: string, warn?: Warn): Promise<EncodedPrompt>;
  /**
   * Takes features from a layer counted from the end, -1 being the last (CLIPSetLastLayer). Throws
   * DR_INPUT_INVALID unless it is a negative integer.
   */
  withLastLayer(stopAtClipLayer: number): Clip;
  /** Replaces encoders by others of the same kind; encoders of other kinds are not changed. */
  withEncoders(encoders: readonly TextEncoder[]): Clip;
  /** Hooks that change the encoders in each encoding (SetClipHooks); not `encoders` themselves. */
  readonly hooks?: ClipHooks;
}

/** The hooks of a CLIP. */
export interface ClipHooks {
  readonly group: HookGroup;
  /** Hooks that conditionings get that are encoded with the CLIP. */
  readonly ofConditionings?: HookGroup;
  /** Prompts are encoded once for each part of the denoising, with the keyframes of that part. */
  readonly isScheduled: boolean;
  /** The CLIP without hooks. */
  readonly plain: Clip;
  /** Returns the CLIP with the hooks' weights; `factors` are those of the group's hooks. */
  at(factors: readonly number[]): Clip;
}

export interface ClipOptions {
  readonly family: ClipFamily;
  readonly encoders: readonly TextEncoder[];
  readonly embeddings?: EmbeddingLookup;
  /** How prompts name embeddings; see EndsAtBrackets. */
  readonly endsAtBrackets?: EndsAtBrackets;
  readonly warn?: Warn;
}

/** How a family uses one of its encoders. */
interface EncoderRule {
  readonly kind: TextEncoder['kind'];
  /** Token that pads a chunk. */
  readonly pad: number;
  /**
   * Layer whose hidden states are the features, counted from the end; 'last' is the last layer
   * after the final norm.
   */
  readonly layer: number | 'last';
  /** Whether the final layer norm is applied to a layer counted from the end. */
  readonly norm: boolean;
  /** Whether pooled features are multiplied by the text projection. */
  readonly project: boolean;
}

interface FamilyRule {
  /** In the order of their features. */
  readonly encoders: readonly EncoderRule[];
  readonly pooledFrom: TextEncoder['kind'];
}

const FAMILIES: Readonly<Record<ClipFamily, FamilyRule>> = {
  sd1: {
    encoders: [{ kind: 'clip_l', pad: END_TOKEN, layer: 'last', norm: true, project: false }],
    pooledFrom: 'clip_l',
  },
  sd2: {
    encoders: [{ kind: 'clip_h', pad: 0, layer: -2, norm: true, project: true }],
    pooledFrom: 'clip_h',
  },
  sdxl: {
    encoders: [
      { kind: 'clip_l', pad: END_TOKEN, layer: -2, norm: false, project: false },
      { kind: 'clip_g', pad: 0, layer: -2, norm: false, project: true },
    ],
    pooledFrom: 'clip_g',
  },
  'sdxl-refiner': {
    encoders: [{ kind: 'clip_g', pad: 0, layer: -2, norm: false, project: true }],
    pooledFrom: 'clip_g',
  },
};

/** An encoder and how its family uses it. */
interface Part {
  readonly encoder: TextEncoder;
  readonly rule: EncoderRule;
}

/** Combines the encoders of a family. Throws DR_MODEL_PART_MISSING when one is missing. */
export function makeClip(options: ClipOptions): Clip {
  const parts = FAMILIES[options.family].encoders.map((rule): Part => {
    const encoder = options.encoders.find(({ kind }) => kind === rule.kind);
    if (encoder) return { encoder, rule };
    throw new DarkroomError('DR_MODEL_PART_MISSING', {
      message: `the ${options.family} model has no ${rule.kind} text encoder`,
      hint: 'Load a checkpoint that contains its text encoders.',
    });
  });
  return clipOf(options, parts);
}

function clipOf(options: ClipOptions, parts: readonly Part[], stopAt?: number): Clip {
  const { family } = options;
  const encodeChanged: Clip['encodeChanged'] = async (text, change, callWarn) => {
    const warn = once(callWarn ?? options.warn);
    const prompts: Chunk[][] = [];
    for (const part of parts) prompts.push((await chunksOf(options, part, text, warn)).map(change));
    return encodePrompts(family, parts, prompts, { stopAt, warn });
  };
  return {
    family,
    encoders: parts.map((part) => part.encoder),
    encode: (text, warn) => encodeChanged(text, (chunk) => chunk, warn),
    encodeChanged,
    encodePair: async (textG, textL, callWarn) => {
      const texts: Texts = { clip_g: textG, clip_l: textL };
      checkPair(family, parts, texts);
      const warn = once(callWarn ?? options.warn);
      const prompts: Chunk[][] = [];
      for (const part of parts)
        prompts.push(await chunksOf(options, part, texts[part.rule.kind]!, warn));
      padToLongest(parts, prompts);
      return encodePrompts(family, parts, prompts, { stopAt, warn });
    },
    withEncoders: (changed) => {
      const replaced = ({ encoder, rule }: Part): Part => ({
        encoder: changed.find(({ kind }) => kind === rule.kind) ?? encoder,
        rule,
      });
      return clipOf(options, parts.map(replaced), stopAt);
    },
    withLastLayer: (stop) => {
      if (Number.isInteger(stop) && stop < 0) return clipOf(options, parts, stop);
      throw new DarkroomError('DR_INPUT_INVALID', {
        message: `stop_at_clip_layer is ${stop}; layers are counted from the end: -1, -2, …`,
        hint: 'Use -1 for the last layer, -2 for the one before it.',
        input: 'stop_at_clip_layer',
      });
    },
  };
}

type Texts = Partial<Record<TextEncoder['kind'], string>>;

const chunksOf = (
  { embeddings, endsAtBrackets }: ClipOptions,
  { encoder, rule }: Part,
  text: string,
  warn?: Warn,
): Promise<Chunk[]> =>
  tokenize(text, {
    key: rule.kind,
    pad: rule.pad,
    length: encoder.length,
    width: encoder.width,
    embeddings,
    endsAtBrackets,
    warn,
  });

/** Throws DR_INPUT_INVALID unless there is an encoder for each text. */
function checkPair(family: ClipFamily, parts: readonly Part[], texts: Texts): void {
  if (Object.keys(texts).every((kind) => parts.some((part) => part.rule.kind === kind))) return;
  throw new DarkroomError('DR_INPUT_INVALID', {
    message:
      `a pair of prompts needs the two text encoders of SDXL; this CLIP is of the ${family} ` +
      'family',
    hint: 'Use CLIPTextEncode, or CLIPTextEncodeSDXLRefiner for the refiner.',
    input: 'clip',
  });
}

/** Pads all prompts with empty chunks to the length of the longest. */
function padToLongest(parts: readonly Part[], prompts: readonly Chunk[][]): void {
  const longest = Math.max(...prompts.map((chunks) => chunks.length));
  for (const [i, { encoder, rule }] of parts.entries())
    while (prompts[i].length < longest)
      prompts[i].push(emptyChunk({ pad: rule.pad, length: encoder.length }));
}

/** Encodes each part's chunks and joins the features of all encoders. */
async function encodePrompts(
  family: ClipFamily,
  parts: readonly Part[],
  prompts: readonly (readonly Chunk[])[],
  { stopAt, warn }: { readonly stopAt?: number; readonly warn?: Warn },
): Promise<EncodedPrompt> {
  const features: Tensor[] = [];
  let pooled: Tensor | null = null;
  for (const [i, part] of parts.entries()) {
    const encoded = await encodePart(part, prompts[i], stopAt, warn);
    features.push(encoded.cond);
    if (part.rule.kind === FAMILIES[family].pooledFrom) pooled = encoded.pooled;
  }
  return { cond: joinFeatures(features), pooled };
}

/**
 * Returns one encoder's features and pooled state. Where a weight is not 1, the empty prompt is
 * encoded with them.
 */
async function encodePart(
  { encoder, rule }: Part,
  chunks: readonly Chunk[],
  stopAt?: number,
  warn?: Warn,
): Promise<EncodedPrompt> {
  const isWeighted = chunks.some((chunk) => chunk.some((token) => token.weight !== 1));
  const encodedChunks = isWeighted
    ? [...chunks, emptyChunk({ pad: rule.pad, length: encoder.length })]
    : chunks;
  const { layer, finalNorm } = layerOf(encoder, rule, stopAt);
  const slots = encodedChunks.map((chunk) => tokenValues(encoder, rule, chunk, warn));
  const { hidden, pooled } = await encoder.encode(slots, {
    layer,
    finalNorm,
    project: rule.project,
  });
  const empty = isWeighted ? sliceBatch(hidden, chunks.length, chunks.length + 1).data : undefined;
  const weights = chunks.map((chunk) => chunk.map((token) => token.weight));
  return { cond: blendWeights(hidden, weights, empty), pooled: sliceBatch(pooled, 0, 1) };
}

/**
 * Returns the layer to read; a clip skip beyond the first layer means the normalised last state, as
 * in ComfyUI.
 */
function layerOf(
  encoder: TextEncoder,
  rule: EncoderRule,
  stopAt?: number,
): { layer: number | 'last'; finalNorm: boolean } {
  const fromEnd = stopAt ?? rule.layer;
  if (fromEnd === 'last' || -fromEnd > encoder.layers) return { layer: 'last', finalNorm: true };
  return { layer: encoder.layers + fromEnd, finalNorm: rule.norm };
}

/**
 * Returns the encoder's input. Vectors of another width are removed and the end is padded instead;
 * the positions of the weights do not change.
 */
function tokenValues(
  encoder: TextEncoder,
  rule: EncoderRule,
  chunk: Chunk,
  warn?: Warn,
): TokenValue[] {
  const fits = (value: TokenValue) => typeof value === 'number' || value.length === encoder.width;
  const values = chunk.map((token) => token.value).filter(fits);
  if (values.length < chunk.length) {
    const vector = chunk.find((token) => !fits(token.value))!.value as Float32Array;
    warn?.(
      `an embedding of width ${vector.length} is left out: the ${rule.kind} text encoder has ` +
        `width ${encoder.width}`,
    );
  }
  while (values.length < chunk.length) values.push(rule.pad);
  return values;
}

/** Passes on each message once, even if every encoder warns. */
function once(warn?: Warn): Warn | undefined {
  if (!warn) return undefined;
  const passedOn = new Set<string>();
  return (message) => {
    if (passedOn.has(message)) return;
    passedOn.add(message);
    warn(message);
  };
}
