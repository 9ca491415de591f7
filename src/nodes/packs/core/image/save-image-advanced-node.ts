// A node that saves images as PNG files of 8 or 16 bits, or as OpenEXR files.
// Source: ComfyUI 0.33.0 comfy_extras/nodes_images.py (SaveImageAdvanced).
import { DarkroomError } from '../../../../errors.ts';
import { encodeExr } from '../../../../image/codec/exr.ts';
import { encodePng, encodePng16 } from '../../../../image/codec/png.ts';
import { type Encoding, toLinearLight } from '../../../../image/colour/linear-light.ts';
import { toBytes } from '../../../../image/image-bytes.ts';
import { batchItems, type Tensor } from '../../../../tensor/tensor.ts';
import {
  combo,
  defineNode,
  dynamicCombo,
  type NodeDeclaration,
  output,
  socket,
  string,
} from '../../../declare.ts';
import { METADATA_INPUTS } from '../../../shared/save-images.ts';

const FORMATS = {
  png: {
    bit_depth: combo(['8-bit', '16-bit'], { default: '8-bit', advanced: true }),
    input_color_space: combo(['sRGB'], { default: 'sRGB', advanced: true }),
  },
  exr: {
    bit_depth: combo(['32-bit float'], { default: '32-bit float', advanced: true }),
    input_color_space: combo(['sRGB', 'HDR', 'linear'], {
      default: 'sRGB',
      advanced: true,
      tooltip:
        'What the values are. The file has scene-linear light: sRGB and HLG (HDR, Rec.2020) are ' +
        'converted, linear values are written as they are.',
    }),
  },
} as const;

type Format =
  | { readonly format: 'png'; readonly bit_depth: '8-bit' | '16-bit' }
  | { readonly format: 'exr'; readonly input_color_space: Encoding };

const SaveImageAdvanced = defineNode({
  type: 'SaveImageAdvanced',
  display: 'Save Image (Advanced)',
  category: 'image',
  description: 'Saves images in the output folder, as PNG or OpenEXR, with the workflow in them.',
  inputs: {
    images: socket('IMAGE', { tooltip: 'The images.' }),
    filename_prefix: string({
      default: 'ComfyUI',
      tooltip:
        'The beginning of the file names. It may contain a subfolder, and %width%, %height%, ' +
        '%year%, %month%, %day% …',
    }),
    format: dynamicCombo(FORMATS, { tooltip: 'The format of the files.' }),
  },
  hidden: METADATA_INPUTS,
  outputs: [output('IMAGE', 'images')],
  outputNode: true,
  saves: 'output',
  async run({ images, filename_prefix, format }, context) {
    const [, height, width, channels] = images.shape;
    if (![1, 3, 4].includes(channels))
      throw new DarkroomError('DR_SHAPE_MISMATCH', {
        message: `images of ${channels} channels can't be saved; 1, 3 and 4 channels can`,
        hint: 'Connect grey, RGB or RGBA images.',
        input: 'images',
      });
    const text = context.metadata();
    const files: Uint8Array[] = [];
    for (const image of batchItems(images)) files.push(await encode(image, format, text));
    const saved = await context.save({
      type: 'output',
      prefix: filename_prefix,
      extension: format.format,
      bareCounter: true,
      size: { width, height },
      files,
    });
    return { outputs: [images], ui: { images: saved } };
  },
});

/** One image [1,H,W,C] as a file. */
async function encode(
  image: Tensor,
  format: Format,
  text: Readonly<Record<string, string>>,
): Promise<Uint8Array> {
  const [, height, width, channels] = image.shape;
  const size = { width, height, channels };
  if (format.format === 'exr') {
    const encoding = format.input_color_space;
    const values = toLinearLight(image.data, channels, encoding);
    const primaries = encoding === 'HDR' ? 'Rec.2020' : 'Rec.709';
    return encodeExr({ ...size, values }, { text, primaries });
  }
  return format.bit_depth === '8-bit'
    ? encodePng({ ...size, bytes: toBytes(image) }, { text })
    : encodePng16({ ...size, words: toWords(image.data) }, { text });
}

/** 0 to 1 as 16-bit values, truncated. */
const toWords = (values: Float32Array): Uint16Array =>
  Uint16Array.from(values, (value) =>
    Math.trunc(Math.min(65535, Math.max(0, Math.fround(value * 65535)))),
  );

export const SAVE_IMAGE_ADVANCED_NODES: readonly NodeDeclaration[] = [SaveImageAdvanced];
