// How the features of a family's encoders become one conditioning.
import { type Tensor, tensor, zeros } from '../../tensor/tensor.ts';
import { joinFeatures } from '../../text/blend-weights.ts';
import type { EncoderKind } from './text-encoder.ts';

/** The features of a prompt. */
export interface EncodedPrompt {
  /** Token features [1,T,D]. */
  readonly cond: Tensor;
  /** Pooled features [1,P] of the first chunk, never weighted. */
  readonly pooled: Tensor | null;
  /** Which tokens are of the prompt (1) and which are padding (0), [1,T]. */
  readonly mask?: Tensor;
  /** Before which token each image was whose own tokens are left out. */
  readonly imageSlots?: readonly number[];
  /** Its tokens for a network that embeds them itself, ids and weights, [1,T,2]. */
  readonly tokens?: Tensor;
  /** The states of a language model's layers beside each other, [1,T,L*D]. */
  readonly layers?: Tensor;
}

/** An encoder's features of a prompt; null where it was given no tokens. */
export type EncodedPart = Pick<EncodedPrompt, 'cond' | 'pooled' | 'mask' | 'imageSlots'>;

/**
 * The features by encoder. Absent: the family's model has no such encoder; null: the encoder was
 * given no text at all.
 */
export type EncodedParts = ReadonlyMap<EncoderKind, EncodedPart | null>;

/** Joins the features of a family's encoders. */
export type JoinParts = (parts: EncodedParts) => EncodedPrompt;

const requirePart = (parts: EncodedParts, kind: EncoderKind): EncodedPart => {
  const part = parts.get(kind);
  if (part) return part;
  throw new Error(`internal: no features of ${kind}`);
};

/** The features of the only encoder. */
export const onlyPart: JoinParts = (parts) => requirePart(parts, [...parts.keys()][0]);

/** All features beside each other, and the pooled features of one encoder. */
export const sideBySide =
  (pooledFrom: EncoderKind): JoinParts =>
  (parts) => ({
    cond: joinFeatures([...parts.keys()].map((kind) => requirePart(parts, kind).cond)),
    pooled: requirePart(parts, pooledFrom).pooled,
  });

/** The features of one encoder, and the pooled features of another. */
export const pooledBeside =
  (kind: EncoderKind, pooledFrom: EncoderKind): JoinParts =>
  (parts) => ({
    cond: requirePart(parts, kind).cond,
    pooled: requirePart(parts, pooledFrom).pooled,
  });

/** The widths that Stable Diffusion 3 expects: of all features, of CLIP-L's and of CLIP-G's. */
interface StableDiffusion3Widths {
  readonly t5xxl: number;
  readonly clip_l: number;
  readonly clip_g: number;
}

const SD3_WIDTHS: readonly StableDiffusion3Widths[] = [
  { t5xxl: 4096, clip_l: 768, clip_g: 1280 },
  // small models for tests
  { t5xxl: 80, clip_l: 32, clip_g: 32 },
];

/**
 * Joins the encoders of SD3 (Esser et al. 2024): the features of CLIP-L and CLIP-G beside each
 * other, padded with zeros to the width of T5's, which follow as further tokens; the pooled features
 * of both. Zeros take the place of missing encoders.
 */
export const stableDiffusion3: JoinParts = (parts) => {
  const widths = widthsOf(parts);
  const [l, g, t5] = (['clip_l', 'clip_g', 't5xxl'] as const).map((kind) => parts.get(kind));
  const pooledOf = (part: EncodedPart | null | undefined, width: number): Float32Array =>
    part?.pooled?.data ?? new Float32Array(width);
  const pooled = Float32Array.of(...pooledOf(l, widths.clip_l), ...pooledOf(g, widths.clip_g));
  const features = [clipFeatures(l, g, widths), t5?.cond].filter((part) => part !== undefined);
  return {
    cond: features.length > 0 ? joinRows(features) : zeros([1, 77, widths.t5xxl]),
    pooled: tensor([1, pooled.length], pooled),
  };
};

function widthsOf(parts: EncodedParts): StableDiffusion3Widths {
  const fits = (widths: StableDiffusion3Widths): boolean =>
    (['clip_l', 'clip_g', 't5xxl'] as const).every((kind) => {
      const part = parts.get(kind);
      return !part || part.cond.shape[2] === widths[kind];
    });
  return SD3_WIDTHS.find(fits) ?? SD3_WIDTHS[0];
}

/** The widths of HiDream's encoders, and how many layers Llama 3 has. */
const HIDREAM_WIDTHS = { clip_l: 768, clip_g: 1280, t5xxl: 4096, llama3_8b: 32 * 4096 };

/**
 * Joins the encoders of HiDream-I1: the features of T5, the states of Llama 3, and the
 * pooled features of CLIP-L and CLIP-G. Zeros take the place of missing encoders.
 */
export const hiDream: JoinParts = (parts) => {
  const [l, g] = (['clip_l', 'clip_g'] as const).map(
    (kind) => parts.get(kind)?.pooled?.data ?? new Float32Array(HIDREAM_WIDTHS[kind]),
  );
  return {
    cond: parts.get('t5xxl')?.cond ?? zeros([1, 128, HIDREAM_WIDTHS.t5xxl]),
    pooled: tensor([1, l.length + g.length], Float32Array.of(...l, ...g)),
    layers: parts.get('llama3_8b')?.cond ?? zeros([1, 1, HIDREAM_WIDTHS.llama3_8b]),
  };
};

/** [CLIP-L | CLIP-G | zeros] up to the width of T5's features. */
function clipFeatures(
  l: EncodedPart | null | undefined,
  g: EncodedPart | null | undefined,
  widths: StableDiffusion3Widths,
): Tensor | undefined {
  const given = [l, g].filter((part) => part !== undefined && part !== null);
  if (given.length === 0) return undefined;
  const length = Math.min(...given.map(({ cond }) => cond.shape[1]));
  const result = zeros([1, length, widths.t5xxl]);
  const copy = ({ cond }: EncodedPart, column: number): void => {
    const width = cond.shape[2];
    for (let t = 0; t < length; t++)
      result.data.set(cond.data.subarray(t * width, (t + 1) * width), t * widths.t5xxl + column);
  };
  if (l) copy(l, 0);
  if (g) copy(g, l ? l.cond.shape[2] : widths.clip_l);
  return result;
}

/** Joins features [1,T,D] one after another. */
function joinRows(parts: readonly Tensor[]): Tensor {
  if (parts.length === 1) return parts[0];
  const width = parts[0].shape[2];
  const length = parts.reduce((sum, { shape }) => sum + shape[1], 0);
  const joined = zeros([1, length, width]);
  let at = 0;
  for (const { data } of parts) {
    joined.data.set(data, at);
    at += data.length;
  }
  return joined;
}
