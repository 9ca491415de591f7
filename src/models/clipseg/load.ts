// Loads CLIPSeg, which segments an image by a text: logits [352,352] of the objects that the text
// names. Images are
// preprocessed as transformers' CLIPSegProcessor does with the settings of
// CIDAS/clipseg-rd64-refined.

import { DarkroomError } from '../../errors.ts';
import { withModelFile } from '../../formats/model-file.ts';
import { toNCHW, toNHWC } from '../../image/channel-order.ts';
import { toBytes } from '../../image/image-bytes.ts';
import { pilResize } from '../../image/resize/pil-resize.ts';
import { interpolate } from '../../image/resize/torch-interpolate.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import { allocate } from '../../tensor/allocate.ts';
import { concatAxis } from '../../tensor/axes.ts';
import { sliceBatch, type Tensor, tensor } from '../../tensor/tensor.ts';
import { clipBpe, END_TOKEN, START_TOKEN } from '../../text/clip-bpe.ts';
import { withPrefix } from '../clip/block.ts';
import { type ClipLayout, HUGGING_FACE } from '../clip/config.ts';
import { createTextEncoder } from '../clip/network.ts';
import { weightsOf } from '../weights/tensors.ts';
import { CLIPSEG_NAMES, clipSegGraph } from './graph.ts';

export interface ClipSeg {
  /**
   * Returns logits [352,352] of the objects that a text names in an image [1,H,W,3], which is
   * resized to a square. Throws DR_INPUT_INVALID for long texts.
   */
  logits(image: Tensor, text: string): Promise<Tensor>;
  /** Returns the features of a text, [1, projected]. */
  prompt(text: string): Promise<Tensor>;
}

/** Side that images are resized to, in pixels. */
export const CLIPSEG_SIDE = 352;
const MEAN = [0.485, 0.456, 0.406].map(Math.fround);
const DEVIATION = [0.229, 0.224, 0.225].map(Math.fround);

const prefixed = (name: string): string => CLIPSEG_NAMES.text + name;
const LAYOUT: ClipLayout = {
  ...HUGGING_FACE,
  tokens: prefixed(HUGGING_FACE.tokens),
  positions: prefixed(HUGGING_FACE.positions),
  finalNorm: prefixed(HUGGING_FACE.finalNorm),
  projection: CLIPSEG_NAMES.textProjection,
  block: (layer) => withPrefix(CLIPSEG_NAMES.text, HUGGING_FACE.block(layer)),
};

/**
 * Loads a model file of CLIPSeg (rd16 or rd64, refined or not). Throws DR_MODEL_UNSUPPORTED for
 * others.
 */
export async function loadClipSeg(file: string, runtime: Runtime): Promise<ClipSeg> {
  return withModelFile(file, async (opened) => {
    const weights = weightsOf(file, opened.tensors, '');
    if (!weights.has('decoder.film_mul.weight') || !weights.has(CLIPSEG_NAMES.positions))
      throw new DarkroomError('DR_MODEL_UNSUPPORTED', {
        message: `${file} is not a CLIPSeg model`,
        hint: 'Use model.safetensors of CIDAS/clipseg-rd64-refined.',
        file,
      });
    const [, , patch] = weights.shape(CLIPSEG_NAMES.patches);
    const positions = resizePositions(
      await opened.read(CLIPSEG_NAMES.positions),
      CLIPSEG_SIDE / patch,
    );
    const encoder = createTextEncoder(runtime, { kind: 'clip_l', weights, layout: LAYOUT });
    const build = () => clipSegGraph(weights, CLIPSEG_SIDE);
    const network = runtime.network({ file, part: 'clipseg', outputs: ['logits'], build });
    const prompt = async (text: string): Promise<Tensor> => {
      const chunk = tokensOf(text, encoder.length);
      return (await encoder.encode([chunk], { layer: 'last', finalNorm: true, project: true }))
        .pooled;
    };
    return {
      prompt,
      logits: async (image, text) =>
        (await network.run({ pixels: clipSegPixels(image), positions, prompt: await prompt(text) }))
          .logits,
    };
  });
}

/** Returns the start token, the text's tokens, and end tokens up to `length`. */
function tokensOf(text: string, length: number): number[] {
  const words = clipBpe().encode(text);
  if (words.length > length - 2)
    throw new DarkroomError('DR_INPUT_INVALID', {
      message: `the text has ${words.length} tokens; CLIPSeg accepts at most ${length - 2}`,
      hint: 'Describe what to find in a few words.',
      input: 'text',
    });
  return [START_TOKEN, ...words, ...new Array<number>(length - 1 - words.length).fill(END_TOKEN)];
}

/** Resizes position embeddings [1 + n², width] to `cells` x `cells` cells. */
function resizePositions(table: Tensor, cells: number): Tensor {
  const [rows, width] = table.shape;
  const side = Math.round(Math.sqrt(rows - 1));
  if (side === cells) return table;
  const grid = toNCHW({ shape: [1, side, side, width], data: sliceBatch(table, 1, rows).data });
  const resized = toNHWC(interpolate(grid, { height: cells, width: cells }, 'bicubic'));
  return concatAxis(
    [sliceBatch(table, 0, 1), { shape: [cells * cells, width], data: resized.data }],
    0,
  );
}

/**
 * Converts an image [1,H,W,3] to 8 bits, resizes it to the square by Pillow's bilinear filter and
 * normalises it: [1,3,352,352].
 */
export function clipSegPixels(image: Tensor): Tensor {
  const [, height, width] = image.shape;
  const { bytes } = pilResize(
    { width, height, channels: 3, bytes: toBytes(image) },
    { width: CLIPSEG_SIDE, height: CLIPSEG_SIDE },
    'bilinear',
  );
  const plane = CLIPSEG_SIDE * CLIPSEG_SIDE;
  const data = allocate(3 * plane);
  for (let i = 0; i < plane; i++)
    for (let c = 0; c < 3; c++)
      data[c * plane + i] =
        Math.fround(Math.fround(bytes[i * 3 + c] * (1 / 255)) - MEAN[c]) / DEVIATION[c];
  return tensor([1, 3, CLIPSEG_SIDE, CLIPSEG_SIDE], data);
}
