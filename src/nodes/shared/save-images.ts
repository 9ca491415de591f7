// Images saved as PNG files with the workflow in them. Source: ComfyUI nodes.py (SaveImage).
import { encodePng } from '../../image/codec/png.ts';
import { toByteImage } from '../../image/image-bytes.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { NodeContext, SaveRequest } from '../context.ts';
import { type HiddenType, type NodeResult, outputs } from '../declare.ts';

/** The hidden inputs of nodes that write the workflow into what they save. */
export const METADATA_INPUTS: Readonly<Record<string, HiddenType>> = {
  prompt: 'PROMPT',
  extra_pnginfo: 'EXTRA_PNGINFO',
};

export interface SaveImagesOptions extends Pick<SaveRequest, 'type' | 'prefix'> {
  /** zlib's compression level, 0 to 9. */
  readonly level: number;
  /** Whether files contain the workflow; true unless given. */
  readonly withWorkflow?: boolean;
}

/** Saves each image of a batch [N,H,W,C] as a PNG file. The result has no outputs, only `ui`. */
export async function saveImages(
  images: Tensor,
  context: NodeContext,
  { type, prefix, level, withWorkflow = true }: SaveImagesOptions,
): Promise<NodeResult<readonly []>> {
  const [count, height, width] = images.shape;
  const text = withWorkflow ? context.metadata() : undefined;
  const files: Uint8Array[] = [];
  for (let i = 0; i < count; i++)
    files.push(await encodePng(toByteImage(images, i), { text, level }));
  const size = { width, height };
  const saved = await context.save({ type, prefix, extension: 'png', size, files });
  return { ...outputs(), ui: { images: saved } };
}

// the original's alphabet: without w, with two p
const LETTERS = 'abcdefghijklmnopqrstupvxyz';

/** `_temp_xxxxx`: separates the preview files of several processes. `random` returns [0, 1). */
export const tempSuffix = (random: () => number): string => {
  const letters = Array.from({ length: 5 }, () => LETTERS[Math.floor(random() * LETTERS.length)]);
  return `_temp_${letters.join('')}`;
};
