// Images and latents that are sent to the editor, or read from files that the editor names.
// Source: Impact Pack impact_pack.py, impact_server.py.
import { latentExif, latentFromExif } from '../../../../formats/latent-png.ts';
import { decodeImage } from '../../../../image/codec/decode-image.ts';
import { readImageFile } from '../../../../image/codec/image-file.ts';
import { encodePng, readPngExif } from '../../../../image/codec/png.ts';
import type { ByteImage } from '../../../../image/image-bytes.ts';
import { pilResize } from '../../../../image/resize/pil-resize.ts';
import { LATENT_COLOURS, previewLatent } from '../../../../sampling/model/latent-preview.ts';
import { parseAnnotatedName } from '../../../../storage/folder-paths.ts';
import { zeros } from '../../../../tensor/tensor.ts';
import type { NodeContext, NodeEnvironment, SavedFile } from '../../../context.ts';
import {
  boolean,
  combo,
  defineNode,
  type InputCheck,
  inputFile,
  type NodeDeclaration,
  output,
  outputs,
  socket,
  string,
} from '../../../declare.ts';
import { inputContentHash, readLatentFile } from '../../../shared/input-files.ts';
import { saveImages, tempSuffix } from '../../../shared/save-images.ts';
import { linkId } from './logic-nodes.ts';
import {
  checkPreviewMethod,
  colourChannels,
  PREVIEW_METHODS,
  type PreviewMethod,
  TINY_AUTOENCODERS,
} from './preview-methods.ts';

const UTIL = 'ImpactPack/Util';
const HIDDEN = { prompt: 'PROMPT', extra_pnginfo: 'EXTRA_PNGINFO' } as const;
const DATA = '#DATA';
const trigger = () => boolean({ default: false, label_on: 'enable', label_off: 'disable' });
const isRelative = (name: string): boolean => !name.startsWith('/') && !name.includes('..');

/** The properties of a file that clients use. */
const clientFile = ({ filename, subfolder, type }: SavedFile): Record<string, string> => ({
  filename,
  subfolder,
  type,
});

const ImageSender = defineNode({
  type: 'ImageSender',
  display: 'Image Sender',
  category: UTIL,
  description: 'Shows images, and sends them to the receivers with the same link_id in the editor.',
  outputNode: true,
  saves: 'temp',
  inputs: {
    images: socket('IMAGE'),
    filename_prefix: string({ default: 'ImgSender' }),
    link_id: linkId(),
  },
  hidden: HIDDEN,
  outputs: [],
  async run({ images, filename_prefix, link_id }, context) {
    const prefix = `${filename_prefix}${tempSuffix(context.random)}`;
    const result = await saveImages(images, context, { type: 'temp', prefix, level: 1 });
    context.send('img-send', {
      link_id,
      images: (result.ui!['images'] as SavedFile[]).map(clientFile),
    });
    return result;
  },
});

const imageCheck: InputCheck = {
  check({ image }, environment) {
    const name = String(image);
    return (name === DATA || environment.hasInput(name)) && isRelative(name)
      ? true
      : `Invalid image file: ${name}`;
  },
};

const ImageReceiver = defineNode({
  type: 'ImageReceiver',
  display: 'Image Receiver',
  category: UTIL,
  description: 'Loads an image of the input folder, or one that is stored in the workflow.',
  inputs: {
    image: inputFile(),
    link_id: linkId(),
    save_to_workflow: boolean(),
    image_data: string(),
    trigger_always: trigger(),
  },
  outputs: [output('IMAGE'), output('MASK')],
  validate: imageCheck,
  prepare: {
    edit(id, prompt) {
      if (prompt.input(id, 'save_to_workflow')) prompt.set(id, 'image', DATA);
    },
  },
  fingerprint: ({ image, save_to_workflow, trigger_always }, context) =>
    trigger_always ? Number.NaN : save_to_workflow ? '' : inputContentHash(image, context),
  async run({ image, save_to_workflow, image_data }, context) {
    if (!save_to_workflow) {
      const decoded = await decodeImage(
        await readImageFile(context.inputPath(image), image),
        image,
        context.warn,
      );
      return outputs(decoded.image, decoded.mask);
    }
    const base64 = image_data.split(',')[1];
    const decoded =
      base64 === undefined
        ? undefined
        : await decodeImage(Buffer.from(base64, 'base64'), 'image_data', context.warn).catch(
            () => undefined,
          );
    if (decoded) return outputs(decoded.image, decoded.mask);
    context.warn('image_data is not an image; a black image is used instead');
    return outputs(zeros([1, 64, 64, 3]), zeros([1, 64, 64]));
  },
});

/** Resizes a preview so that its longer side is at most 256, but its shorter side at least 128. */
function resizePreview(preview: ByteImage): ByteImage {
  const { width, height } = preview;
  const [shorter, longer] = [Math.min(width, height), Math.max(width, height)];
  let scale = longer > 256 ? 256 / longer : 1;
  if (shorter * scale < 128) scale = 128 / shorter;
  return pilResize(
    preview,
    { width: Math.trunc(width * scale), height: Math.trunc(height * scale) },
    'nearest',
  );
}

/** What the original uses in place of the tiny autoencoders. */
const TINY_METHOD: PreviewMethod = 'Latent2RGB-SD15';

const LatentSender = defineNode({
  type: 'LatentSender',
  display: 'LatentSender',
  category: UTIL,
  description:
    'Saves a latent in a small preview image of it, and sends it to the receivers with the same ' +
    'link_id in the editor.',
  outputNode: true,
  saves: 'temp',
  inputs: {
    samples: socket('LATENT'),
    filename_prefix: string({ default: 'latents/LatentSender' }),
    link_id: linkId(),
    preview_method: combo(PREVIEW_METHODS),
  },
  hidden: HIDDEN,
  outputs: [],
  async run({ samples, filename_prefix, link_id, preview_method }, context) {
    const method = preview_method in TINY_AUTOENCODERS ? TINY_METHOD : preview_method;
    checkPreviewMethod(preview_method, colourChannels(method), samples.samples);
    const preview = resizePreview(previewLatent(samples.samples, LATENT_COLOURS[method], true));
    const file = await encodePng(preview, {
      text: context.metadata(),
      exif: latentExif(samples.samples),
    });
    const images = await context.save({
      type: 'temp',
      prefix: filename_prefix,
      extension: 'latent.png',
      size: { width: 0, height: 0 },
      files: [file],
    });
    context.send('latent-send', { link_id, images: images.map(clientFile) });
    return { outputs: [], ui: { images } };
  },
});

const isLatent = (name: string): boolean =>
  name.endsWith('.latent') || name.endsWith('.latent.png');

/** Parses the name that clients use for a file, `sub/name [temp]`. */
export function savedFileOf(name: string, context: NodeContext): SavedFile {
  const { name: path, type = 'input' } = parseAnnotatedName(name.trimEnd());
  const slash = path.lastIndexOf('/');
  return {
    filename: path.slice(slash + 1),
    subfolder: slash < 0 ? '' : path.slice(0, slash),
    type,
    path: context.inputPath(name),
  };
}

const LatentReceiver = defineNode({
  type: 'LatentReceiver',
  display: 'LatentReceiver',
  category: UTIL,
  description:
    'Loads a latent of the input folder: a .latent file, or an image that LatentSender saved.',
  inputs: {
    latent: {
      ...combo([]),
      options: (environment: NodeEnvironment): readonly string[] =>
        environment.inputFiles().filter(isLatent),
    },
    link_id: linkId(),
    trigger_always: trigger(),
  },
  outputs: [output('LATENT')],
  validate: {
    check({ latent }, environment) {
      const name = String(latent);
      return environment.hasInput(name) && isRelative(name) ? true : `Invalid latent file: ${name}`;
    },
  },
  fingerprint: ({ latent, trigger_always }, context) =>
    trigger_always ? Number.NaN : inputContentHash(latent, context),
  async run({ latent }, context) {
    const path = context.inputPath(latent);
    const exif = path.endsWith('.latent')
      ? undefined
      : readPngExif(await readImageFile(path, latent));
    const samples = path.endsWith('.latent')
      ? await readLatentFile(path)
      : exif && latentFromExif(exif, latent);
    if (!samples) context.warn(`${latent} contains no latent; an empty latent is used instead`);
    return {
      outputs: [{ samples: samples ?? zeros([1, 4, 8, 8]) }],
      ui: { images: [savedFileOf(latent, context)] },
    };
  },
});

export const SENDER_NODES: readonly NodeDeclaration[] = [
  ImageSender,
  ImageReceiver,
  LatentSender,
  LatentReceiver,
];
