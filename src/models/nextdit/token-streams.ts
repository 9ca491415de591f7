// The tokens of a NextDiT: prompt and image, and those of reference images before them, with their
// positions and padding (comfy/ldm/lumina/model.py patchify_and_embed).
import { DarkroomError } from '../../errors.ts';
import { allocate } from '../../tensor/allocate.ts';
import { repeatToBatch, type Tensor, tensor } from '../../tensor/tensor.ts';
import type { DenoiserInputs } from '../denoiser.ts';
import { patchGrid, patchify } from '../dit/patches.ts';
import { gridPositions, type Position, ropeInputs, ropeTable } from '../dit/rope.ts';
import { timestepEmbedding } from '../unet/timestep.ts';
import { type NextDitConfig, PATCH } from './config.ts';
import { TIME_WIDTH } from './graph.ts';

export const PATCHES = { side: PATCH, order: 'ph pw c' } as const;

/** Tokens in one place of a stream, [B, n, K], and the rows for padding after them. */
interface Segment {
  /** Absent: padding only. */
  readonly tokens?: Tensor;
  readonly pads: number;
  /** For all tokens, those of the padding too. */
  readonly positions: readonly Position[];
  /** Whether they are modulated for the time of the noise. */
  readonly isNoisy: boolean;
}

interface Streams {
  readonly text: Segment[];
  readonly image: Segment[];
}

/** Returns the graph's inputs. */
export function nextDitInputs(
  config: NextDitConfig,
  inputs: DenoiserInputs,
): Record<string, Tensor> {
  const [batch] = inputs.x.shape;
  const streams = tokenStreams(config, inputs);
  const hasReferences = streams.image.length > 1;
  const time = (timestep: (row: number) => number): Tensor =>
    timestepEmbedding(
      Array.from({ length: batch }, (_, row) =>
        Math.fround(Math.fround(1 - timestep(row)) * config.timeScale),
      ),
      TIME_WIDTH,
    );
  const streamInputs = (['text', 'image'] as const).map((name): Record<string, Tensor> => {
    const segments = streams[name];
    const table = ropeTable(
      segments.flatMap(({ positions }) => positions),
      config.rope,
    );
    const marks = (isMarked: (segment: Segment, isPad: boolean) => boolean): Tensor =>
      markedTokens(segments, isMarked);
    return {
      ...ropeInputs(name, table),
      ...(config.padMultiple > 1 && { [`${name}Pads`]: marks((_, isPad) => isPad) }),
      ...(hasReferences && { [`${name}Noise`]: marks(({ isNoisy }) => isNoisy) }),
    };
  });
  return {
    x: joined(streams.image, batch, config.patchSize),
    context: joined(streams.text, batch, config.contextDim),
    time: time((row) => inputs.timesteps[row]),
    ...(hasReferences && { cleanTime: time(() => 0) }),
    ...streamInputs[0],
    ...streamInputs[1],
  };
}

/** How many tokens of the image stream are before those of the image itself. */
export const tokensBeforeImage = (config: NextDitConfig, inputs: DenoiserInputs): number =>
  tokenStreams(config, inputs)
    .image.slice(0, -1)
    .reduce((sum, { positions }) => sum + positions.length, 0);

function tokenStreams(config: NextDitConfig, { x, context, references }: DenoiserInputs): Streams {
  const streams: Streams = { text: [], image: [] };
  const latents = references?.latents ?? [];
  const contexts = references?.contexts ?? [];
  if (latents.length > 0) checkReferences(config);
  let offset = 0;
  for (const [i, latent] of latents.entries())
    offset = addPair(config, streams, offset, latent, contexts[i], false);
  offset = addPair(config, streams, offset, x, context, true);
  for (const features of contexts.slice(latents.length)) {
    if (latents.length === 0) break;
    streams.text.push(textSegment(config, features, offset, true));
    offset += features.shape[1];
  }
  return streams;
}

/** Throws DR_INPUT_INVALID for models that take no reference images, or take them differently. */
function checkReferences({ padMultiple, hasVision }: NextDitConfig): void {
  if (padMultiple > 1 && !hasVision) return;
  throw new DarkroomError('DR_INPUT_INVALID', {
    message: hasVision
      ? 'this Z-Image sees reference images through a vision encoder, which is not supported'
      : 'Lumina 2 takes no reference images',
    hint: 'Remove the reference latents from the conditioning.',
    input: 'conditioning',
  });
}

/** Adds an image and its prompt. Returns the position on the first axis for what follows. */
function addPair(
  config: NextDitConfig,
  { text, image }: Streams,
  offset: number,
  latent: Tensor,
  features: Tensor | undefined,
  isNoisy: boolean,
): number {
  const prompt = textSegment(config, features, offset, isNoisy);
  text.push(prompt);
  const end = offset + prompt.positions.length;
  image.push(imageSegment(config, latent, end + 1, isNoisy));
  return end + 2;
}

/** The tokens of a prompt: one position after another, the padding's too. */
function textSegment(
  { padMultiple }: NextDitConfig,
  tokens: Tensor | undefined,
  offset: number,
  isNoisy: boolean,
): Segment {
  const count = tokens?.shape[1] ?? 0;
  const pads = tokens ? padding(count, padMultiple) : padMultiple;
  const positions = Array.from({ length: count + pads }, (_, i) => [offset + i + 1, 0, 0]);
  return { tokens, pads, positions, isNoisy };
}

/** The patches of an image; all tokens of the padding are at 0. */
function imageSegment(
  { padMultiple }: NextDitConfig,
  latent: Tensor,
  first: number,
  isNoisy: boolean,
): Segment {
  const own = gridPositions(patchGrid(latent, PATCH), { first });
  const pads = padding(own.length, padMultiple);
  return {
    tokens: patchify(latent, PATCHES),
    pads,
    positions: [...own, ...Array.from({ length: pads }, () => [0, 0, 0])],
    isNoisy,
  };
}

const padding = (count: number, multiple: number): number =>
  (multiple - (count % multiple)) % multiple;

/** The tokens of all segments, with zeros for padding, [B, N, width]. */
function joined(segments: readonly Segment[], batch: number, width: number): Tensor {
  const total = segments.reduce((sum, { positions }) => sum + positions.length, 0);
  const data = allocate(batch * total * width);
  let start = 0;
  for (const { tokens, positions } of segments) {
    if (tokens) {
      const rows = repeatToBatch(tokens, batch);
      const size = tokens.shape[1] * width;
      for (let b = 0; b < batch; b++)
        data.set(rows.data.subarray(b * size, (b + 1) * size), (b * total + start) * width);
    }
    start += positions.length;
  }
  return tensor([batch, total, width], data);
}

/** 1 for marked tokens, else 0, [N, 1]. */
function markedTokens(
  segments: readonly Segment[],
  isMarked: (segment: Segment, isPad: boolean) => boolean,
): Tensor {
  const marks = segments.flatMap((segment) =>
    segment.positions.map((_, i) =>
      isMarked(segment, i >= segment.positions.length - segment.pads) ? 1 : 0,
    ),
  );
  return tensor([marks.length, 1], Float32Array.from(marks));
}
