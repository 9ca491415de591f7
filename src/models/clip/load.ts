// Loads text encoders, from checkpoints and from files of their own, in Hugging Face's and
// open_clip's layouts.

import type { ClipPart } from '../../formats/identify/identified-model.ts';
import { identify } from '../../formats/identify/identify.ts';
import { withModelFile } from '../../formats/model-file.ts';
import type { TensorFile, TensorInfo } from '../../formats/tensor-file.ts';
import { rejectScaledFp8, wrongFile } from '../checkpoint/wrong-file.ts';
import { type ModelRuntime, textEncoderRounding } from '../model-runtime.ts';
import { weightsOf } from '../weights/tensors.ts';
import { type ClipLayout, HUGGING_FACE, LEGACY_CLIP_SAVE, OPEN_CLIP } from './config.ts';
import { createTextEncoder } from './network.ts';
import type { TextEncoder } from './text-encoder.ts';

const LAYOUTS: Readonly<Record<ClipPart['layout'], ClipLayout>> = {
  'hugging-face': HUGGING_FACE,
  'open-clip': OPEN_CLIP,
};

/**
 * Returns the encoder in a part of a file. ComfyUI rounds text encoders to float16, whatever the
 * file holds, and computes in float32.
 */
export function encoderOf(
  runtime: ModelRuntime,
  { file, tensors }: Pick<TensorFile, 'file' | 'tensors'>,
  { kind, layout, prefix }: ClipPart,
  clipLayout: ClipLayout = LAYOUTS[layout],
): TextEncoder {
  rejectScaledFp8(file, new Map([...tensors].filter(([name]) => name.startsWith(prefix))));
  const rounding = textEncoderRounding(runtime);
  const weights = weightsOf(file, tensors, prefix, { rounding });
  return createTextEncoder(runtime, { kind, weights, layout: clipLayout });
}

/**
 * Loads a file that holds one text encoder. Throws DR_MODEL_UNSUPPORTED, and what openModelFile
 * throws.
 */
export async function loadTextEncoder(file: string, runtime: ModelRuntime): Promise<TextEncoder> {
  const tensors = await withModelFile(file, (opened) => opened.tensors);
  const found = identify(tensors);
  if (found.kind !== 'text-encoder')
    throw wrongFile(
      file,
      'a text encoder',
      found,
      'The CLIP encoders of SD1.x (CLIP-L), SD2.x (CLIP-H) and SDXL (CLIP-L and CLIP-G) are ' +
        'supported.',
    );
  const { clip } = found;
  if (clip.layout === 'open-clip') return encoderOf(runtime, { file, tensors }, clip);
  // the projection is beside `text_model.`
  const unprefixed = withoutPrefix(tensors, clip.prefix);
  const layout = unprefixed.has(LEGACY_CLIP_SAVE.projection) ? LEGACY_CLIP_SAVE : HUGGING_FACE;
  return encoderOf(runtime, { file, tensors: unprefixed }, { ...clip, prefix: '' }, layout);
}

/** Removes the prefix from the names that start with it. */
const withoutPrefix = (
  tensors: ReadonlyMap<string, TensorInfo>,
  prefix: string,
): Map<string, TensorInfo> =>
  new Map(
    [...tensors].map(([name, info]) => [
      name.startsWith(prefix) ? name.slice(prefix.length) : name,
      info,
    ]),
  );
