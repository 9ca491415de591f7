// Encodes the tokens of a prompt with the encoders of a family, each by its rule.
import { concatAxis, narrow } from '../../tensor/axes.ts';
import { sliceBatch, type Tensor, tensor } from '../../tensor/tensor.ts';
import { blendLayerWeights, blendWeights } from '../../text/blend-weights.ts';
import type { Warn } from '../../text/embeddings.ts';
import type { Chunk, TokenValue } from '../../text/token-groups.ts';
import type { PartRule, SequenceRule } from './family-rules.ts';
import type { EncodedPart } from './join.ts';
import { attentionMask, emptyTokens, type Part } from './prompt-tokens.ts';
import type { EncodeOptions, EncoderKind, ImagePlace, TextEncoder } from './text-encoder.ts';

interface EncodeContext {
  /** The layer to take features from, counted from the end; by default each rule's own. */
  readonly stopAt?: number;
  readonly warn?: Warn;
  readonly keepsImages?: boolean;
}

/**
 * Returns each encoder's features of its prompt. Without tokens, sequence encoders encode an empty
 * sequence, and chunk encoders nothing.
 */
export async function encodePrompts(
  parts: readonly Part[],
  prompts: readonly (readonly Chunk[])[],
  context: EncodeContext,
): Promise<ReadonlyMap<EncoderKind, EncodedPart | null>> {
  const encoded = new Map<EncoderKind, EncodedPart | null>();
  for (const [i, part] of parts.entries()) {
    const { encoder, rule } = part;
    if (!encoder) continue;
    const chunks =
      prompts[i].length > 0 || 'chunkPad' in rule.tokens
        ? prompts[i]
        : [emptyTokens(part, rule.tokens, 0)];
    const result = chunks.length > 0 && (await encodePart({ ...part, encoder }, chunks, context));
    encoded.set(rule.kind, result || null);
  }
  return encoded;
}

/**
 * Returns one encoder's features and pooled state. Where a weight is not 1, the empty prompt is
 * encoded with them.
 */
async function encodePart(
  part: Part & { readonly encoder: TextEncoder },
  chunks: readonly Chunk[],
  { stopAt, warn, keepsImages }: EncodeContext,
): Promise<EncodedPart> {
  const { encoder, rule } = part;
  const isWeighted = chunks.some((chunk) => chunk.some((token) => token.weight !== 1));
  const encodedChunks = isWeighted
    ? [...chunks, emptyTokens(part, rule.tokens, chunks[0].length)]
    : chunks;
  const slots = encodedChunks.map((chunk) => tokenValues(encoder, rule, chunk, warn));
  const { masks, padding } = masksOf(slots, rule);
  const images = imagesIn(chunks[0]);
  const { hidden, pooled } = await encoder.encode(slots, {
    ...layerOf(encoder, rule, stopAt),
    project: rule.project ?? false,
    masks,
    images,
  });
  const features = masks && padding === 'zeroed' ? withZeros(hidden, masks) : hidden;
  const empty = isWeighted
    ? sliceBatch(features, chunks.length, chunks.length + 1).data
    : undefined;
  const weights = chunks.map((chunk) => chunk.map((token) => token.weight));
  const encoded = {
    cond:
      rule.layer === 'all'
        ? blendLayerWeights(features, weights[0], encoder.width, empty)
        : blendWeights(features, weights, empty),
    pooled: pooled && sliceBatch(pooled, 0, 1),
    ...(masks &&
      padding === 'masked' && { mask: tensor([1, masks[0].length], Float32Array.from(masks[0])) }),
  };
  const { tokens } = rule;
  if ('chunkPad' in tokens || !tokens.leftOut) return encoded;
  const ends = {
    first: Math.max(0, tokens.leftOut(withImagesAsOne(slots[0], images))),
    last: tokens.leftOutAtEnd?.(slots[0]) ?? 0,
  };
  return leftOver(encoded, ends, tokens.leavesOutImages && !keepsImages ? images : undefined);
}

/** The tokens with one in place of all of an image, as ComfyUI counts those that it leaves out. */
const withImagesAsOne = (
  slots: readonly TokenValue[],
  images: readonly ImagePlace[] = [],
): readonly TokenValue[] =>
  slots.filter(
    (_, i) => !images.some(({ start, rows, columns }) => i > start && i < start + rows * columns),
  );

/** The images among the tokens of a prompt. */
const imagesIn = (chunk: Chunk): readonly ImagePlace[] | undefined => {
  const images = chunk.flatMap(({ image }, start) => (image ? [{ ...image, start }] : []));
  return images.length > 0 ? images : undefined;
};

/**
 * Leaves out so many first and last tokens, and those of images, whose places the features then
 * have; a mask that hides none of the others is left out too.
 */
function leftOver(
  { cond, mask, pooled }: EncodedPart,
  { first, last }: { readonly first: number; readonly last: number },
  images: readonly ImagePlace[] = [],
): EncodedPart {
  // of the texts between
  const starts = [
    first,
    ...images.map((image) => Math.max(first, image.start + image.rows * image.columns)),
  ];
  const ends = [...images.map((image) => image.start), cond.shape[1] - last];
  const lengths = starts.map((from, i) => Math.max(0, ends[i] - from));
  const kept = (x: Tensor): Tensor =>
    concatAxis(
      lengths.flatMap((length, i) => (length > 0 ? [narrow(x, 1, starts[i], length)] : [])),
      1,
    );
  const ownMask = mask && kept(mask);
  const hides = ownMask?.data.some((value) => value === 0);
  const slots = images.map((_, i) => lengths.slice(0, i + 1).reduce((sum, one) => sum + one, 0));
  return {
    cond: kept(cond),
    pooled,
    ...(hides && { mask: ownMask }),
    ...(slots.length > 0 && { imageSlots: slots }),
  };
}

/** The masks of attention, and what else hides padding. */
function masksOf(
  slots: readonly (readonly TokenValue[])[],
  { tokens }: PartRule,
): Pick<SequenceRule, 'padding'> & { readonly masks?: readonly (readonly number[])[] } {
  if ('chunkPad' in tokens) return {};
  const { padding } = tokens;
  if (padding === undefined) return {};
  return { masks: slots.map((sequence) => attentionMask(sequence, tokens)), padding };
}

/** Features [B, T, C] with zeros where the masks hide a token. */
function withZeros(features: Tensor, masks: readonly (readonly number[])[]): Tensor {
  const width = features.shape[2];
  const shown = masks.flat();
  return {
    shape: features.shape,
    data: features.data.map((value, i) => (shown[Math.floor(i / width)] === 0 ? 0 : value)),
  };
}

const padOf = ({ tokens }: PartRule): number =>
  'chunkPad' in tokens ? tokens.chunkPad : tokens.pad;

/**
 * Returns the layer to read; a clip skip beyond the first layer means the normalised last state,
 * and has no effect where several states are read, as in ComfyUI.
 */
function layerOf(
  encoder: TextEncoder,
  rule: PartRule,
  stopAt?: number,
): Pick<EncodeOptions, 'layer' | 'layers' | 'finalNorm'> {
  if (rule.layer === 'all') {
    const layers = Array.from({ length: encoder.layers }, (_, layer) => layer);
    return { layer: 'last', layers, finalNorm: 'last' };
  }
  if (typeof rule.layer === 'object')
    return { layer: 'last', layers: rule.layer.map((layer) => layer - 1), finalNorm: rule.norm };
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
  rule: PartRule,
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
  while (values.length < chunk.length) values.push(padOf(rule));
  return values;
}

/** Passes on each message once, even if every encoder warns. */
export function once(warn?: Warn): Warn | undefined {
  if (!warn) return undefined;
  const passedOn = new Set<string>();
  return (message) => {
    if (passedOn.has(message)) return;
    passedOn.add(message);
    warn(message);
  };
}
