// Nodes that read from the input folder and save to the output and temp folders. Source: ComfyUI nodes.py.
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { basename, extname } from 'node:path';
import { DarkroomError } from '../../../../errors.ts';
import { openSafetensors } from '../../../../formats/safetensors/safetensors.ts';
import { encodeSafetensors } from '../../../../formats/safetensors/safetensors-write.ts';
import { decodeChannel, decodeImage } from '../../../../image/codec/decode-image.ts';
import { encodePng } from '../../../../image/codec/png.ts';
import { toBytes } from '../../../../image/image-bytes.ts';
import { type Channel, maskToImage } from '../../../../image/mask/core-masks.ts';
import { map, sliceBatch, type Tensor } from '../../../../tensor/tensor.ts';
import type { NodeContext, NodeEnvironment } from '../../../context.ts';
import {
  combo,
  defineNode,
  inputFile,
  type NodeResult,
  output,
  outputs,
  socket,
  string,
} from '../../../declare.ts';

/** A hash of the file's content: the node runs again when the file was changed. */
export const contentOf = async (name: string, context: NodeContext): Promise<string> =>
  createHash('sha256')
    .update(await readFile(context.inputPath(name)))
    .digest('hex');

const PICTURES = new Set([
  '.png',
  '.jpg',
  '.jpeg',
  '.webp',
  '.gif',
  '.tif',
  '.tiff',
  '.avif',
  '.bmp',
  '.heic',
  '.heif',
]);
const isPicture = (name: string): boolean => PICTURES.has(extname(name).toLowerCase());

const LoadImage = defineNode({
  type: 'LoadImage',
  display: 'Load Image',
  category: 'image',
  inputs: {
    image: {
      ...inputFile(),
      options: (environment: NodeEnvironment): readonly string[] =>
        environment.inputFiles().filter(isPicture),
    },
  },
  outputs: [output('IMAGE'), output('MASK')],
  fingerprint: ({ image }, context) => contentOf(image, context),
  async run({ image }, context) {
    const decoded = await decodeImage(await readFile(context.inputPath(image)), image);
    return outputs(decoded.image, decoded.mask);
  },
});

const LoadImageOutput = defineNode({
  type: 'LoadImageOutput',
  display: 'Load Image (from Outputs)',
  category: 'image',
  description:
    'Loads a picture of the output folder. The editor lists them; its refresh button takes the newest.',
  experimental: true,
  inputs: {
    image: {
      ...combo([]),
      image_upload: true,
      image_folder: 'output',
      remote: {
        route: '/internal/files/output',
        refresh_button: true,
        control_after_refresh: 'first',
      },
    },
  },
  outputs: [output('IMAGE'), output('MASK')],
  fingerprint: ({ image }, context) => contentOf(image, context),
  validate: {
    check: ({ image }, environment) =>
      typeof image !== 'string' || environment.hasInput(image) || `Invalid image file: ${image}`,
  },
  async run({ image }, context) {
    const decoded = await decodeImage(await readFile(context.inputPath(image)), image);
    return outputs(decoded.image, decoded.mask);
  },
});

/** In ComfyUI's order, which is not that of the channels. */
const MASK_CHANNELS: readonly Channel[] = ['alpha', 'red', 'green', 'blue'];

const LoadImageMask = defineNode({
  type: 'LoadImageMask',
  display: 'Load Image (as Mask)',
  category: 'mask',
  inputs: { image: inputFile(), channel: combo(MASK_CHANNELS) },
  outputs: [output('MASK')],
  fingerprint: ({ image }, context) => contentOf(image, context),
  run: async ({ image, channel }, context) =>
    outputs(await decodeChannel(await readFile(context.inputPath(image)), channel, image)),
});

/** Saves each picture of a batch as a PNG with the workflow inside. */
export async function savePictures(
  images: Tensor,
  context: NodeContext,
  place: {
    readonly type: 'output' | 'temp' | 'input';
    readonly prefix: string;
    readonly level: number;
  },
): Promise<NodeResult> {
  const [count, height, width, channels] = images.shape;
  const text = context.metadata();
  const files: Uint8Array[] = [];
  for (let i = 0; i < count; i++) {
    const bytes = toBytes(sliceBatch(images, i, i + 1));
    files.push(await encodePng({ width, height, channels, bytes }, { text, level: place.level }));
  }
  const saved = await context.save({
    type: place.type,
    prefix: place.prefix,
    extension: 'png',
    size: { width, height },
    files,
  });
  return { outputs: [], ui: { images: saved } };
}

const HIDDEN = { prompt: 'PROMPT', extra_pnginfo: 'EXTRA_PNGINFO' } as const;

const SaveImage = defineNode({
  type: 'SaveImage',
  display: 'Save Image',
  category: 'image',
  description: 'Saves pictures in the output folder, with the workflow inside.',
  inputs: {
    images: socket('IMAGE', { tooltip: 'The pictures.' }),
    filename_prefix: string({
      default: 'ComfyUI',
      tooltip:
        'How the file names begin; may name a subfolder, and hold %width%, %height%, %year%, %month%, %day% …',
    }),
  },
  hidden: HIDDEN,
  outputs: [],
  outputNode: true,
  saves: 'output',
  run: ({ images, filename_prefix }, context) =>
    savePictures(images, context, { type: 'output', prefix: filename_prefix, level: 4 }),
});

// as the original has them: without w, with two p
const LETTERS = 'abcdefghijklmnopqrstupvxyz';

/** `_temp_xxxxx`: what keeps previews of several programs apart. */
export const tempSuffix = (random: () => number): string =>
  `_temp_${Array.from({ length: 5 }, () => LETTERS[Math.floor(random() * LETTERS.length)]).join('')}`;

const PreviewImage = defineNode({
  type: 'PreviewImage',
  display: 'Preview Image',
  category: 'image',
  description: 'Shows pictures without keeping them: they are saved in the temp folder.',
  inputs: { images: socket('IMAGE') },
  hidden: HIDDEN,
  outputs: [],
  outputNode: true,
  saves: 'temp',
  run: ({ images }, context) =>
    savePictures(images, context, {
      type: 'temp',
      prefix: `ComfyUI${tempSuffix(context.random)}`,
      level: 1,
    }),
});

const MaskPreview = defineNode({
  type: 'MaskPreview',
  display: 'MaskPreview',
  category: 'mask',
  inputs: { mask: socket('MASK') },
  hidden: HIDDEN,
  outputs: [],
  outputNode: true,
  saves: 'temp',
  run: ({ mask }, context) =>
    savePictures(maskToImage(mask), context, {
      type: 'temp',
      prefix: `ComfyUI${tempSuffix(context.random)}`,
      level: 4,
    }),
});

const SaveLatent = defineNode({
  type: 'SaveLatent',
  display: 'SaveLatent',
  category: '_for_testing',
  inputs: { samples: socket('LATENT'), filename_prefix: string({ default: 'latents/ComfyUI' }) },
  hidden: HIDDEN,
  outputs: [],
  outputNode: true,
  saves: 'output',
  async run({ samples, filename_prefix }, context) {
    const tensors = {
      latent_tensor: { dtype: 'F32', ...samples.samples },
      latent_format_version_0: { dtype: 'F32', shape: [0], data: new Float32Array() },
    } as const;
    const latents = await context.save({
      type: 'output',
      prefix: filename_prefix,
      extension: 'latent',
      size: { width: 0, height: 0 },
      files: [Buffer.concat(encodeSafetensors(tensors, context.metadata()))],
    });
    return { outputs: [], ui: { latents } };
  },
});

/** The latent [B,C,H,W] of a `.latent` file. */
export async function readLatent(path: string): Promise<Tensor> {
  const latent = basename(path);
  const file = await openSafetensors(path);
  try {
    const samples = await file.read('latent_tensor');
    if (samples.shape.length !== 4)
      throw new DarkroomError('DR_SHAPE_MISMATCH', {
        message: `${latent} holds a latent of ${samples.shape.length} dimensions; pictures have 4`,
        hint: 'Save the latent again with SaveLatent.',
        file: latent,
      });
    // files without the version tensor hold latents in the scale of SD1 models
    const old = 1 / 0.18215;
    return file.tensors.has('latent_format_version_0')
      ? samples
      : map(samples, (v) => v * Math.fround(old));
  } finally {
    await file.close();
  }
}

const LoadLatent = defineNode({
  type: 'LoadLatent',
  display: 'LoadLatent',
  category: '_for_testing',
  inputs: {
    latent: {
      ...combo([]),
      options: (environment: NodeEnvironment): readonly string[] =>
        environment.inputFiles().filter((name) => name.endsWith('.latent')),
    },
  },
  outputs: [output('LATENT')],
  fingerprint: ({ latent }, context) => contentOf(latent, context),
  run: async ({ latent }, context) =>
    outputs({ samples: await readLatent(context.inputPath(latent)) }),
});

export const FILE_NODES = [
  LoadImage,
  LoadImageOutput,
  LoadImageMask,
  SaveImage,
  PreviewImage,
  MaskPreview,
  SaveLatent,
  LoadLatent,
];
