// Previews on which a mask can be drawn: they output the image and the mask, which the editor saves
// in the alpha channel of a file. Source: Impact Pack bridge_nodes.py. The last image and mask are
// in the node's state; the original stores them in its server.
import { decodeImage } from '../../../../image/codec/decode-image.ts';
import { readImageFile } from '../../../../image/codec/image-file.ts';
import { fromBytes } from '../../../../image/image-bytes.ts';
import { resizeMask } from '../../../../image/resize/impact-resize.ts';
import { pilResize } from '../../../../image/resize/pil-resize.ts';
import type { Autoencoder } from '../../../../models/vae/autoencoder.ts';
import { ownValue } from '../../../../own-value.ts';
import { LATENT_COLOURS, previewLatent } from '../../../../sampling/model/latent-preview.ts';
import type { Latent } from '../../../../sampling/sampling-types.ts';
import { allocate } from '../../../../tensor/allocate.ts';
import { full, type Tensor, tensor, zeros } from '../../../../tensor/tensor.ts';
import type { NodeContext, SavedFile } from '../../../context.ts';
import {
  boolean,
  combo,
  defineNode,
  type NodeDeclaration,
  output,
  socket,
  string,
} from '../../../declare.ts';
import { loadNamedVae } from '../../../shared/named-vae.ts';
import { saveImages, tempSuffix } from '../../../shared/save-images.ts';
import { blocker } from '../../../socket-values.ts';
import {
  checkPreviewMethod,
  colourChannels,
  PREVIEW_METHODS,
  TINY_AUTOENCODERS,
} from './preview-methods.ts';
import { savedFileOf } from './sender-nodes.ts';

const UTIL = 'ImpactPack/Util';
const bridgeInputs = {
  block: boolean({
    default: false,
    label_on: 'if_empty_mask',
    label_off: 'never',
    optional: true,
    tooltip: 'Blocks the nodes that follow while the mask is empty.',
  }),
  restore_mask: combo(['never', 'always', 'if_same_size'], {
    optional: true,
    tooltip: 'Applies the last mask to a new image; takes precedence over block.',
  }),
};
const IMAGE = {
  default: '',
  tooltip: 'The edited image, set by the editor. A file name also works: sub/name.png [temp].',
} as const;

/** The files that a bridge shows, and the inputs that they show. */
interface ShownPreview {
  readonly source: readonly unknown[];
  readonly files: readonly SavedFile[];
}

/** Typed access to the state that a bridge has across runs. */
const stateOf = ({ state }: NodeContext) => ({
  get shown() {
    return state.get('shown') as ShownPreview | undefined;
  },
  set shown(shown) {
    state.set('shown', shown);
  },
  get mask() {
    return state.get('mask') as Tensor | undefined;
  },
  set mask(mask) {
    state.set('mask', mask);
  },
});

/**
 * The edited image: the file `name` if it exists, otherwise the file that was shown if the inputs
 * have not changed since.
 */
function editedFile(
  name: string,
  source: readonly unknown[],
  context: NodeContext,
): SavedFile | undefined {
  const { shown } = stateOf(context);
  const isUnchanged = shown?.source.every((value, i) => value === source[i]);
  if (name !== '' && context.hasInput(name) && (isUnchanged || !shown))
    return savedFileOf(name, context);
  return isUnchanged ? shown?.files[0] : undefined;
}

/**
 * The last mask that was not empty, if `mode` restores it for a new image of this size; `never`
 * forgets it.
 */
function restoredMask(
  mode: string | undefined,
  height: number,
  width: number,
  context: NodeContext,
): Tensor | undefined {
  const state = stateOf(context);
  if (mode === undefined || mode === 'never') state.mask = undefined;
  const { mask } = state;
  if (!mask) return undefined;
  return mode === 'always' || (mask.shape[1] === height && mask.shape[2] === width)
    ? mask
    : undefined;
}

/** Saves a preview, transparent where the mask is set. */
async function savePreview(
  image: Tensor,
  mask: Tensor | undefined,
  name: string,
  context: NodeContext,
): Promise<readonly SavedFile[]> {
  const prefix = `PreviewBridge/${name}-${tempSuffix(context.random)}`;
  const result = await saveImages(mask ? withAlpha(image, mask) : image, context, {
    type: 'temp',
    prefix,
    level: 1,
  });
  return result.ui!['images'] as SavedFile[];
}

function withAlpha(image: Tensor, mask: Tensor): Tensor {
  const [n, height, width, channels] = image.shape;
  const transparency = resizeMask(mask, { width, height }).data;
  const data = allocate(n * height * width * 4);
  for (let i = 0; i < data.length / 4; i++) {
    for (let c = 0; c < 3; c++)
      data[i * 4 + c] = image.data[i * channels + (channels >= 3 ? c : 0)];
    data[i * 4 + 3] = 1 - transparency[i % transparency.length];
  }
  return tensor([n, height, width, 4], data);
}

const isFilledWith = ({ data }: Tensor, value: number): boolean => data.every((v) => v === value);

const PreviewBridge = defineNode({
  type: 'PreviewBridge',
  display: 'Preview Bridge (Image)',
  category: UTIL,
  description: 'Shows an image and outputs it with the mask that is drawn on it.',
  outputNode: true,
  saves: 'temp',
  inputs: { images: socket('IMAGE'), image: string(IMAGE), ...bridgeInputs },
  hidden: { unique_id: 'UNIQUE_ID', extra_pnginfo: 'EXTRA_PNGINFO' },
  outputs: [output('IMAGE'), output('MASK')],
  async run({ images, image, block, restore_mask }, context) {
    const state = stateOf(context);
    const file = editedFile(image, [images], context);
    let result: {
      readonly pixels: Tensor;
      readonly mask: Tensor;
      readonly files: readonly SavedFile[];
    };
    if (file) {
      const decoded = await decodeImage(
        await readImageFile(file.path, file.filename),
        file.filename,
        context.warn,
      );
      result = { pixels: decoded.image, mask: decoded.mask, files: [file] };
      state.shown ??= { source: [images], files: [file] };
    } else {
      const mask = restoredMask(restore_mask, images.shape[1], images.shape[2], context);
      const files = await savePreview(images, mask, 'PB', context);
      result = { pixels: images, mask: mask ?? zeros([1, 64, 64]), files };
      state.shown = { source: [images], files };
    }
    const { pixels, mask, files } = result;
    const empty = isFilledWith(mask, 0);
    if (!empty) state.mask = mask;
    return {
      outputs: block && empty ? [blocker(), blocker()] : [pixels, mask],
      ui: { images: files },
    };
  },
});

/**
 * A preview of a latent: decoded by a VAE, or the colours of its channels at eight times its size.
 * Throws DR_INPUT_INVALID for a method that does not support the latent.
 */
async function latentPreview(
  { samples }: Latent,
  method: string,
  vae: Autoencoder | undefined,
  context: NodeContext,
): Promise<Tensor> {
  if (vae) return vae.decode(samples);
  const tiny = ownValue(TINY_AUTOENCODERS, method);
  const channels = tiny?.channels ?? colourChannels(method);
  checkPreviewMethod(method, channels, samples, ', or connect vae_opt');
  if (tiny) return (await loadNamedVae(tiny.name, context)).decode(samples);
  const small = previewLatent(samples, LATENT_COLOURS[method]);
  const large = pilResize(small, { width: small.width * 8, height: small.height * 8 }, 'lanczos');
  return fromBytes(large.bytes, [1, large.height, large.width, 3]);
}

const PreviewBridgeLatent = defineNode({
  type: 'PreviewBridgeLatent',
  display: 'Preview Bridge (Latent)',
  category: UTIL,
  description: 'Shows a latent and outputs it with the mask that is drawn on it as its noise mask.',
  outputNode: true,
  saves: 'temp',
  inputs: {
    latent: socket('LATENT'),
    image: string(IMAGE),
    preview_method: combo(PREVIEW_METHODS),
    vae_opt: socket('VAE', { optional: true }),
    ...bridgeInputs,
  },
  hidden: { unique_id: 'UNIQUE_ID', prompt: 'PROMPT', extra_pnginfo: 'EXTRA_PNGINFO' },
  outputs: [output('LATENT'), output('MASK')],
  async run({ latent, image, preview_method, vae_opt, block, restore_mask }, context) {
    const state = stateOf(context);
    const source = [latent, vae_opt, vae_opt ? undefined : preview_method];
    const file = editedFile(image, source, context);
    let result: {
      readonly latent: Latent;
      readonly mask: Tensor;
      readonly files: readonly SavedFile[];
    };
    if (file) {
      const { mask } = await decodeImage(
        await readImageFile(file.path, file.filename),
        file.filename,
        context.warn,
      );
      result = { latent: { ...latent, noise_mask: mask }, mask, files: [file] };
      state.shown ??= { source, files: [file] };
    } else {
      const preview = await latentPreview(latent, preview_method, vae_opt, context);
      const restored = restoredMask(restore_mask, preview.shape[1], preview.shape[2], context);
      const mask = latent.noise_mask ?? restored;
      const files = await savePreview(preview, mask, 'PBL', context);
      result = { latent, mask: mask ?? full([1, ...latent.samples.shape.slice(2)], 1), files };
      state.shown = { source, files };
    }
    // as in the original, a mask that is 1 everywhere is an empty one
    const empty = isFilledWith(result.mask, 1);
    if (!empty) state.mask = result.mask;
    return {
      outputs: block && empty ? [blocker(), blocker()] : [result.latent, result.mask],
      ui: { images: result.files },
    };
  },
});

export const BRIDGE_NODES: readonly NodeDeclaration[] = [PreviewBridge, PreviewBridgeLatent];
