// The node of ComfyUI-CLIPSeg: a mask of what a text names. Its file is looked for in the models folder `clipseg`: model.safetensors of
// CIDAS/clipseg-rd64-refined, under any name. Source: biegert/ComfyUI-CLIPSeg custom_nodes/clipseg.py.
import { DarkroomError } from '../../../errors.ts';
import { gaussianFilter } from '../../../image/blur/scipy-gaussian-filter.ts';
import { coloured, GREYS_MAP, VIRIDIS_MAP } from '../../../image/colour/colour-maps.ts';
import { fromBytes, toBytes } from '../../../image/image-bytes.ts';
import { dilateMask } from '../../../image/mask/impact-mask-morphology.ts';
import { resizeBytes } from '../../../image/resize/opencv-resize.ts';
import { type ClipSeg, loadClipSeg } from '../../../models/clipseg/load.ts';
import { roundHalfEven } from '../../../tensor/round-half-even.ts';
import { concatBatch, map, sliceBatch, type Tensor } from '../../../tensor/tensor.ts';
import type { NodeContext } from '../../context.ts';
import {
  boolean,
  defineNode,
  float,
  int,
  type NodeDeclaration,
  output,
  outputs,
  socket,
  string,
} from '../../declare.ts';
import { rgb } from '../../shared/checks.ts';
import { once, stateOf } from '../core/models/loaders.ts';

const FOLDER = 'clipseg';

/** The model's file: the refined one where there are several. Throws DR_MODEL_MISSING. */
export function clipSegFile(context: NodeContext): string {
  const names = context.modelFiles(FOLDER);
  const name = names.find((one) => one.includes('refined')) ?? names[0];
  if (name !== undefined) return context.modelPath(FOLDER, name);
  throw new DarkroomError('DR_MODEL_MISSING', {
    message: 'there is no model of CLIPSeg',
    hint: `Put model.safetensors of CIDAS/clipseg-rd64-refined into the folder '${FOLDER}' of a models folder, as clipseg-rd64-refined.safetensors.`,
    file: 'clipseg-rd64-refined.safetensors',
  });
}

/** The model of the folder, loaded once. */
export async function clipSegOf(context: NodeContext): Promise<ClipSeg> {
  const file = clipSegFile(context);
  return once(context.runtime, [file], () => loadClipSeg(file, context.runtime), FOLDER);
}

export interface SegmentOptions {
  readonly blur: number;
  readonly threshold: number;
  readonly dilation: number;
}

export interface Segmented {
  /** [1,H,W] */
  readonly mask: Tensor;
  /** The picture under the mask in colours, and the mask, [1,H,W,3]. */
  readonly heatmap: Tensor;
  readonly plain: Tensor;
}

/** What a text means in a picture [1,H,W,3]; where nothing reaches the threshold the mask is empty. */
export async function segment(
  model: ClipSeg,
  image: Tensor,
  text: string,
  options: SegmentOptions,
): Promise<Segmented> {
  return shown(image, await model.logits(image, text), options);
}

/** The picture's mask from the logits: the certain parts, blurred, stretched to 0..1 and grown. */
export function shown(
  image: Tensor,
  logits: Tensor,
  { blur, threshold, dilation }: SegmentOptions,
): Segmented {
  const [, height, width] = image.shape;
  const [rows, columns] = logits.shape;
  const certain = map(logits, (value) => {
    const sure = Math.fround(1 / (1 + Math.exp(-value)));
    return sure > Math.fround(threshold) ? sure : 0;
  });
  const soft = gaussianFilter(certain, blur);
  const least = soft.data.reduce((a, b) => Math.min(a, b));
  const range = Math.fround(soft.data.reduce((a, b) => Math.max(a, b)) - least);
  const whole = map(soft, (value) => (range > 0 ? Math.fround(value - least) / range : 0));
  const grown = dilateMask(whole, 2 * dilation + 1);
  const resized = (colours: Uint8Array): Uint8Array =>
    resizeBytes(colours, { width: columns, height: rows }, { width, height }, 3);
  const back = toBytes(image);
  const heat = resized(coloured(grown, VIRIDIS_MAP)).map((value, i) =>
    roundHalfEven((value + back[i]) / 2),
  );
  const plain = resized(coloured(grown, GREYS_MAP));
  const size = [1, height, width, 3];
  return {
    mask: fromBytes(
      plain.filter((_, i) => i % 3 === 0),
      size.slice(0, 3),
    ),
    heatmap: fromBytes(heat, size),
    plain: fromBytes(plain, size),
  };
}

const CLIPSeg = defineNode({
  type: 'CLIPSeg',
  display: 'CLIPSeg',
  category: 'image',
  description: `A mask of what the text names. Needs a file in the models folder ${FOLDER}.`,
  inputs: {
    image: socket('IMAGE'),
    text: string({ multiline: false }),
    blur: float({ default: 7, min: 0, max: 15, step: 0.1, optional: true }),
    threshold: float({ default: 0.4, min: 0, max: 1, step: 0.05, optional: true }),
    dilation_factor: int({ default: 4, min: 0, max: 10, step: 1, optional: true }),
    use_cuda: boolean({
      default: true,
      optional: true,
      tooltip: 'Taken as it is; the device is chosen for all models together.',
    }),
    every_batch: boolean({
      default: false,
      optional: true,
      tooltip: 'All pictures of the batch, not the first alone.',
    }),
  },
  outputs: [output('MASK', 'Mask'), output('IMAGE', 'Heatmap Mask'), output('IMAGE', 'BW Mask')],
  fingerprint: (_, context) => stateOf(clipSegFile(context)),
  async run(
    { image, text, blur = 7, threshold = 0.4, dilation_factor = 4, every_batch = false },
    context,
  ) {
    const model = await clipSegOf(context);
    const found: Segmented[] = [];
    for (let i = 0; i < (every_batch ? image.shape[0] : 1); i++) {
      const options = { blur, threshold, dilation: dilation_factor };
      found.push(await segment(model, rgb(sliceBatch(image, i, i + 1)), text, options));
    }
    return outputs(
      ...(['mask', 'heatmap', 'plain'] as const).map((part) =>
        concatBatch(found.map((one) => one[part])),
      ),
    );
  },
});

export const CLIPSEG_NODES: readonly NodeDeclaration[] = [CLIPSeg];
