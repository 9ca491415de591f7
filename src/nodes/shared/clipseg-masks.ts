// Masks of what a text names, by CLIPSeg. Source: biegert/ComfyUI-CLIPSeg custom_nodes/clipseg.py.
import { DarkroomError } from '../../errors.ts';
import { scipyGaussianFilter } from '../../image/blur/scipy-gaussian-filter.ts';
import { applyColourMap, GREYS_MAP, VIRIDIS_MAP } from '../../image/colour/colour-maps.ts';
import { fromBytes, toBytes } from '../../image/image-bytes.ts';
import { dilateMask } from '../../image/mask/impact-mask-morphology.ts';
import { resizeBytes } from '../../image/resize/opencv-resize.ts';
import { type ClipSeg, loadClipSeg } from '../../models/clipseg/load.ts';
import { roundHalfEven } from '../../tensor/round-half-even.ts';
import { map, type Tensor } from '../../tensor/tensor.ts';
import type { NodeContext } from '../context.ts';
import { loadOnce } from './file-cache.ts';

/** The models folder of CLIPSeg: model.safetensors of CIDAS/clipseg-rd64-refined, any name. */
export const CLIPSEG_FOLDER = 'clipseg';

/** The path of the model, the refined one where there are several. Throws DR_MODEL_MISSING. */
export function clipSegPath(context: NodeContext): string {
  const names = context.modelFiles(CLIPSEG_FOLDER);
  const name = names.find((one) => one.includes('refined')) ?? names[0];
  if (name !== undefined) return context.modelPath(CLIPSEG_FOLDER, name);
  throw new DarkroomError('DR_MODEL_MISSING', {
    message: 'there is no CLIPSeg model',
    hint:
      'Put model.safetensors of CIDAS/clipseg-rd64-refined into the folder ' +
      `'${CLIPSEG_FOLDER}' of a models folder, as clipseg-rd64-refined.safetensors.`,
    file: 'clipseg-rd64-refined.safetensors',
  });
}

/** The model of the folder, loaded once. Throws DR_MODEL_MISSING. */
export async function loadClipSegModel(context: NodeContext): Promise<ClipSeg> {
  const file = clipSegPath(context);
  const load = () => loadClipSeg(file, context.runtime);
  return loadOnce(context.runtime, [file], load, CLIPSEG_FOLDER);
}

export interface ClipSegOptions {
  /** Standard deviation of the Gaussian filter, in pixels of the logits. */
  readonly blur: number;
  /** Probabilities up to it count as 0. */
  readonly threshold: number;
  /** Pixels of the logits by which the mask grows. */
  readonly dilation: number;
}

export interface ClipSegMasks {
  /** [1,H,W] */
  readonly mask: Tensor;
  /** The image blended with the mask in colours, [1,H,W,3]. */
  readonly heatmap: Tensor;
  /** The mask in greys, [1,H,W,3]. */
  readonly greys: Tensor;
}

/**
 * The mask of what a text names in an image [1,H,W,3]. It is empty where nothing reaches the
 * threshold.
 */
export async function segmentByText(
  model: ClipSeg,
  image: Tensor,
  text: string,
  options: ClipSegOptions,
): Promise<ClipSegMasks> {
  return masksFromLogits(image, await model.logits(image, text), options);
}

/** The values above the threshold, blurred, stretched to 0..1, dilated and resized to the image. */
function masksFromLogits(
  image: Tensor,
  logits: Tensor,
  { blur, threshold, dilation }: ClipSegOptions,
): ClipSegMasks {
  const [, height, width] = image.shape;
  const [rows, columns] = logits.shape;
  const aboveThreshold = map(logits, (value) => {
    const probability = Math.fround(1 / (1 + Math.exp(-value)));
    return probability > Math.fround(threshold) ? probability : 0;
  });
  const blurred = scipyGaussianFilter(aboveThreshold, blur);
  const minimum = blurred.data.reduce((a, b) => Math.min(a, b));
  const range = Math.fround(blurred.data.reduce((a, b) => Math.max(a, b)) - minimum);
  const stretched = map(blurred, (value) => (range > 0 ? Math.fround(value - minimum) / range : 0));
  const dilated = dilateMask(stretched, 2 * dilation + 1);
  const resizedToImage = (colours: Uint8Array): Uint8Array =>
    resizeBytes(colours, { width: columns, height: rows }, { width, height }, 3);
  const background = toBytes(image);
  const heatmap = resizedToImage(applyColourMap(dilated, VIRIDIS_MAP)).map((value, i) =>
    roundHalfEven((value + background[i]) / 2),
  );
  const greys = resizedToImage(applyColourMap(dilated, GREYS_MAP));
  const imageShape = [1, height, width, 3];
  return {
    mask: fromBytes(
      greys.filter((_, i) => i % 3 === 0),
      [1, height, width],
    ),
    heatmap: fromBytes(heatmap, imageShape),
    greys: fromBytes(greys, imageShape),
  };
}
