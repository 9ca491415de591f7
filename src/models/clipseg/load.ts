// CLIPSeg over its networks: what in a picture a text means, as logits of 352 x 352 pixels. Pictures are made ready as transformers'
// CLIPSegProcessor does with the settings of CIDAS/clipseg-rd64-refined.
import { DarkroomError } from '../../errors.ts';
import { openModelFile } from '../../formats/model-file.ts';
import { toNCHW, toNHWC } from '../../image/channel-order.ts';
import { toBytes } from '../../image/image-bytes.ts';
import { pilResize } from '../../image/resize/pil-resize.ts';
import { interpolate } from '../../image/resize/torch-interpolate.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import { concatAxis } from '../../tensor/axes.ts';
import { sliceBatch, type Tensor, tensor } from '../../tensor/tensor.ts';
import { clipBpe, END_TOKEN, START_TOKEN } from '../../text/clip-bpe.ts';
import { type ClipLayout, HUGGING_FACE } from '../clip/config.ts';
import { createTextEncoder } from '../clip/network.ts';
import { weightsOf } from '../weights/tensors.ts';
import { CLIPSEG_NAMES, clipSegGraph } from './graph.ts';

export interface ClipSeg {
  /** Logits [352,352] of what a text means in a picture [1,H,W,3], which is squeezed to a square. Throws DR_INPUT_INVALID. */
  logits(image: Tensor, text: string): Promise<Tensor>;
  /** The features of a text, [1, projected]. */
  prompt(text: string): Promise<Tensor>;
}

/** Side that pictures are brought to. */
export const CLIPSEG_SIDE = 352;
const MEAN = [0.485, 0.456, 0.406].map(Math.fround);
const DEVIATION = [0.229, 0.224, 0.225].map(Math.fround);

const { block } = HUGGING_FACE;
const below = (name: string): string => CLIPSEG_NAMES.text + name;
const LAYOUT: ClipLayout = {
  ...HUGGING_FACE,
  tokens: below(HUGGING_FACE.tokens),
  positions: below(HUGGING_FACE.positions),
  finalNorm: below(HUGGING_FACE.finalNorm),
  projection: CLIPSEG_NAMES.textProjection,
  block: (layer) => {
    const { norm1, norm2, qkv, out, up, down } = block(layer);
    const [q, k, v] = qkv as readonly [string, string, string];
    return {
      norm1: below(norm1),
      norm2: below(norm2),
      qkv: [below(q), below(k), below(v)],
      out: below(out),
      up: below(up),
      down: below(down),
    };
  },
};

/** A model file of CLIPSeg (rd16 or rd64, refined or not). Throws DR_MODEL_UNSUPPORTED for others. */
export async function loadClipSeg(file: string, runtime: Runtime): Promise<ClipSeg> {
  const opened = await openModelFile(file);
  try {
    const weights = weightsOf(file, opened.tensors, '');
    if (!weights.has('decoder.film_mul.weight') || !weights.has(CLIPSEG_NAMES.positions))
      throw new DarkroomError('DR_MODEL_UNSUPPORTED', {
        message: `${file} is no model of CLIPSeg`,
        hint: 'Use model.safetensors of CIDAS/clipseg-rd64-refined.',
        file,
      });
    const [, , patch] = weights.shape(CLIPSEG_NAMES.patches);
    const positions = stretched(await opened.read(CLIPSEG_NAMES.positions), CLIPSEG_SIDE / patch);
    const encoder = createTextEncoder(runtime, 'clip_l', weights, LAYOUT);
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
  } finally {
    await opened.close();
  }
}

/** Start, the words, and ends up to `length`. */
function tokensOf(text: string, length: number): number[] {
  const words = clipBpe().encode(text);
  if (words.length > length - 2)
    throw new DarkroomError('DR_INPUT_INVALID', {
      message: `the text has ${words.length} tokens; CLIPSeg takes ${length - 2}`,
      hint: 'Name what is to be found in a few words.',
      input: 'text',
    });
  return [START_TOKEN, ...words, ...new Array<number>(length - 1 - words.length).fill(END_TOKEN)];
}

/** Position embeddings [1 + n², width] for `cells` x `cells` cells. */
function stretched(table: Tensor, cells: number): Tensor {
  const [rows, width] = table.shape;
  const side = Math.round(Math.sqrt(rows - 1));
  if (side === cells) return table;
  const grid = toNCHW({ shape: [1, side, side, width], data: sliceBatch(table, 1, rows).data });
  const larger = toNHWC(interpolate(grid, cells, cells, 'bicubic'));
  return concatAxis(
    [sliceBatch(table, 0, 1), { shape: [cells * cells, width], data: larger.data }],
    0,
  );
}

/** A picture [1,H,W,3] in 8 bits, squeezed to the square by PIL's bilinear filter and normalised, [1,3,352,352]. */
export function clipSegPixels(image: Tensor): Tensor {
  const [, height, width] = image.shape;
  const { bytes } = pilResize(
    { width, height, channels: 3, bytes: toBytes(image) },
    CLIPSEG_SIDE,
    CLIPSEG_SIDE,
    'bilinear',
  );
  const plane = CLIPSEG_SIDE * CLIPSEG_SIDE;
  const data = new Float32Array(3 * plane);
  for (let i = 0; i < plane; i++)
    for (let c = 0; c < 3; c++)
      data[c * plane + i] =
        Math.fround(Math.fround(bytes[i * 3 + c] * (1 / 255)) - MEAN[c]) / DEVIATION[c];
  return tensor([1, 3, CLIPSEG_SIDE, CLIPSEG_SIDE], data);
}
