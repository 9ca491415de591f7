// Nodes that load files of the input folder and save to the output and temp folders.
// Source: ComfyUI nodes.py.
import { extname } from 'node:path';
import { encodeSafetensors } from '../../../../formats/safetensors/safetensors-write.ts';
import { decodeChannel } from '../../../../image/codec/decode-image.ts';
import { readImageFile } from '../../../../image/codec/image-file.ts';
import { encodePng } from '../../../../image/codec/png.ts';
import { toByteImage } from '../../../../image/image-bytes.ts';
import { type Channel, imageToMask, maskToImage } from '../../../../image/mask/mask-conversions.ts';
import type { NodeContext, NodeEnvironment } from '../../../context.ts';
import { combo, defineNode, inputFile, output, outputs, socket, string } from '../../../declare.ts';
import { inputContentHash, readLatentFile } from '../../../shared/input-files.ts';
import { loadImage } from '../../../shared/load-image.ts';
import { METADATA_INPUTS, saveImages, tempSuffix } from '../../../shared/save-images.ts';

const IMAGE_EXTENSIONS = new Set([
  '.png',
  '.apng',
  '.jpg',
  '.jpeg',
  '.jpe',
  '.jfif',
  '.webp',
  '.gif',
  '.tif',
  '.tiff',
  '.avif',
  '.bmp',
  '.ico',
  '.tga',
  '.pbm',
  '.pgm',
  '.ppm',
  '.pnm',
  '.jp2',
  '.j2k',
  '.jpx',
  '.heic',
  '.heif',
]);
const isImage = (name: string): boolean => IMAGE_EXTENSIONS.has(extname(name).toLowerCase());

const loadedImage = async (name: string, context: NodeContext) => {
  const { image, mask } = await loadImage(name, context);
  return outputs(image, mask);
};

const LoadImage = defineNode({
  type: 'LoadImage',
  display: 'Load Image',
  category: 'image',
  inputs: {
    image: {
      ...inputFile(),
      options: (environment: NodeEnvironment): readonly string[] =>
        environment.inputFiles().filter(isImage),
    },
  },
  outputs: [output('IMAGE'), output('MASK')],
  fingerprint: ({ image }, context) => inputContentHash(image, context),
  run: ({ image }, context) => loadedImage(image, context),
});

const LoadImageOutput = defineNode({
  type: 'LoadImageOutput',
  display: 'Load Image (from Outputs)',
  category: 'image',
  description:
    'Loads an image of the output folder. The refresh button of the editor selects the newest.',
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
  fingerprint: ({ image }, context) => inputContentHash(image, context),
  validate: {
    check: ({ image }, environment) =>
      typeof image !== 'string' || environment.hasInput(image) || `Invalid image file: ${image}`,
  },
  run: ({ image }, context) => loadedImage(image, context),
});

/** In ComfyUI's order. */
const MASK_CHANNELS: readonly Channel[] = ['alpha', 'red', 'green', 'blue'];

const LoadImageMask = defineNode({
  type: 'LoadImageMask',
  display: 'Load Image (as Mask)',
  category: 'mask',
  inputs: { image: inputFile(), channel: combo(MASK_CHANNELS) },
  outputs: [output('MASK')],
  fingerprint: ({ image }, context) => inputContentHash(image, context),
  async run({ image, channel }, context) {
    if (context.behaviour.readsImagesAsFfmpeg) {
      const loaded = await loadImage(image, context);
      return outputs(channel === 'alpha' ? loaded.mask : imageToMask(loaded.image, channel));
    }
    const file = await readImageFile(context.inputPath(image), image);
    return outputs(await decodeChannel(file, channel, image, context.warn));
  },
});

const SaveImage = defineNode({
  type: 'SaveImage',
  display: 'Save Image',
  category: 'image',
  description: 'Saves images in the output folder, with the workflow in them.',
  inputs: {
    images: socket('IMAGE', { tooltip: 'The images.' }),
    filename_prefix: string({
      default: 'ComfyUI',
      tooltip:
        'The beginning of the file names. It may contain a subfolder, and %width%, %height%, ' +
        '%year%, %month%, %day% …',
    }),
  },
  hidden: METADATA_INPUTS,
  outputs: [output('IMAGE', 'images')],
  outputNode: true,
  saves: 'output',
  run: async ({ images, filename_prefix }, context) => ({
    ...(await saveImages(images, context, { type: 'output', prefix: filename_prefix, level: 4 })),
    outputs: [images],
  }),
});

const SaveImageWebsocket = defineNode({
  type: 'SaveImageWebsocket',
  display: 'SaveImageWebsocket',
  category: 'api/image',
  description:
    'Sends images to the client as PNG files, in the form of previews, without the workflow in ' +
    'them. Where there is no client, as on the command line, they are saved in the output folder.',
  inputs: { images: socket('IMAGE') },
  outputs: [],
  outputNode: true,
  saves: 'output',
  fingerprint: () => Number.NaN,
  async run({ images }, context) {
    const [count, height, width] = images.shape;
    const files: Uint8Array[] = [];
    for (let i = 0; i < count; i++) {
      context.progress(i, count);
      const png = await encodePng(toByteImage(images, i), { level: 1 });
      if (context.sendImage) context.sendImage(png);
      else files.push(png);
    }
    if (context.sendImage) return outputs();
    const size = { width, height };
    const saved = await context.save({
      type: 'output',
      prefix: 'ComfyUI',
      extension: 'png',
      size,
      files,
    });
    return { ...outputs(), ui: { images: saved } };
  },
});

const PreviewImage = defineNode({
  type: 'PreviewImage',
  display: 'Preview Image',
  category: 'image',
  description: 'Shows images. They are saved in the temp folder only.',
  inputs: { images: socket('IMAGE') },
  hidden: METADATA_INPUTS,
  outputs: [output('IMAGE', 'images')],
  outputNode: true,
  saves: 'temp',
  run: async ({ images }, context) => ({
    ...(await saveImages(images, context, {
      type: 'temp',
      prefix: `ComfyUI${tempSuffix(context.random)}`,
      level: 1,
    })),
    outputs: [images],
  }),
});

const MaskPreview = defineNode({
  type: 'MaskPreview',
  display: 'MaskPreview',
  category: 'mask',
  inputs: { mask: socket('MASK') },
  hidden: METADATA_INPUTS,
  outputs: [output('MASK', 'mask')],
  outputNode: true,
  saves: 'temp',
  async run({ mask }, context) {
    const { maskPreviewHasWorkflow: withWorkflow } = context.behaviour;
    const { ui } = await saveImages(maskToImage(mask), context, {
      type: 'temp',
      prefix: `ComfyUI${tempSuffix(context.random)}`,
      level: withWorkflow ? 4 : 1,
      withWorkflow,
    });
    return { outputs: [mask], ui: withWorkflow ? ui : { ...ui, animated: [false] } };
  },
});

const SaveLatent = defineNode({
  type: 'SaveLatent',
  display: 'SaveLatent',
  category: '_for_testing',
  inputs: { samples: socket('LATENT'), filename_prefix: string({ default: 'latents/ComfyUI' }) },
  hidden: METADATA_INPUTS,
  outputs: [output('LATENT', 'samples')],
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
    return { outputs: [samples], ui: { latents } };
  },
});

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
  fingerprint: ({ latent }, context) => inputContentHash(latent, context),
  run: async ({ latent }, context) =>
    outputs({ samples: await readLatentFile(context.inputPath(latent)) }),
});

export const FILE_NODES = [
  LoadImage,
  LoadImageOutput,
  LoadImageMask,
  SaveImage,
  SaveImageWebsocket,
  PreviewImage,
  MaskPreview,
  SaveLatent,
  LoadLatent,
];
