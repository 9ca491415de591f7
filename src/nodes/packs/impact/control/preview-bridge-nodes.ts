// Previews that a mask can be drawn on: the picture goes on with the mask that stands in the edited file's alpha channel.
// Source: Impact Pack bridge_nodes.py. What the original keeps in its server (last picture, last mask) is kept in the node's state.
import { readFile } from 'node:fs/promises';
import { DarkroomError } from '../../../../errors.ts';
import { decodeImage } from '../../../../image/codec/decode-image.ts';
import { fromBytes } from '../../../../image/image-bytes.ts';
import { resizeMask } from '../../../../image/resize/impact-resize.ts';
import { pilResize } from '../../../../image/resize/pil-resize.ts';
import type { Autoencoder } from '../../../../models/vae/autoencoder.ts';
import { LATENT_COLOURS, previewLatent } from '../../../../sampling/model/latent-preview.ts';
import type { Latent } from '../../../../sampling/sampling-types.ts';
import { full, type Tensor, tensor, zeros } from '../../../../tensor/tensor.ts';
import type { NodeContext, SavedFile } from '../../../context.ts';
import {
  boolean,
  combo,
  defineNode,
  type NodeDeclaration,
  type NodeResult,
  output,
  socket,
  string,
} from '../../../declare.ts';
import { loadNamedVae } from '../../../shared/named-vae.ts';
import { saveImages, tempSuffix } from '../../../shared/save-images.ts';
import { blocker } from '../../../socket-values.ts';
import { savedFileOf } from './sender-nodes.ts';

const UTIL = 'ImpactPack/Util';
const bridgeInputs = {
  block: boolean({
    default: false,
    label_on: 'if_empty_mask',
    label_off: 'never',
    optional: true,
    tooltip: 'Keeps what is behind it from running while the mask is empty.',
  }),
  restore_mask: combo(['never', 'always', 'if_same_size'], {
    optional: true,
    tooltip: 'Puts the last mask on a new picture; goes before block.',
  }),
};
const IMAGE = {
  default: '',
  tooltip:
    'What the editor knows the edited picture by; here also the name of a file: sub/name.png [temp].',
} as const;

interface Shown {
  readonly source: readonly unknown[];
  readonly files: readonly SavedFile[];
}

/** What a bridge keeps from run to run. */
const stateOf = ({ state }: NodeContext) => ({
  get shown() {
    return state.get('shown') as Shown | undefined;
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

/** The edited picture that `name` stands for: a file; else the one that was shown, if what goes into the node is still the same. */
function edited(
  name: string,
  source: readonly unknown[],
  context: NodeContext,
): SavedFile | undefined {
  const { shown } = stateOf(context);
  const same = shown?.source.every((value, i) => value === source[i]);
  if (name !== '' && context.hasInput(name) && (same || !shown)) return savedFileOf(name, context);
  return same ? shown?.files[0] : undefined;
}

/** The last mask that was not empty, where it is to be put on a picture of this size again. */
function restored(
  mode: string | undefined,
  height: number,
  width: number,
  context: NodeContext,
): Tensor | undefined {
  const { mask } = stateOf(context);
  if (!mask || mode === undefined || mode === 'never') return undefined;
  return mode === 'always' || (mask.shape[1] === height && mask.shape[2] === width)
    ? mask
    : undefined;
}

/** Saves a picture as it is shown, with what the mask covers see-through. */
async function show(
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
  const cover = resizeMask(mask, { width, height }).data;
  const data = new Float32Array(n * height * width * 4);
  for (let i = 0; i < data.length / 4; i++) {
    for (let c = 0; c < 3; c++)
      data[i * 4 + c] = image.data[i * channels + (channels >= 3 ? c : 0)];
    data[i * 4 + 3] = 1 - cover[i % cover.length];
  }
  return tensor([n, height, width, 4], data);
}

const all = ({ data }: Tensor, value: number): boolean => data.every((v) => v === value);

const PreviewBridge = defineNode({
  type: 'PreviewBridge',
  display: 'Preview Bridge (Image)',
  category: UTIL,
  description: 'Shows a picture, and gives it on with the mask that was drawn on it.',
  outputNode: true,
  saves: 'temp',
  inputs: { images: socket('IMAGE'), image: string(IMAGE), ...bridgeInputs },
  hidden: { unique_id: 'UNIQUE_ID', extra_pnginfo: 'EXTRA_PNGINFO' },
  outputs: [output('IMAGE'), output('MASK')],
  async run({ images, image, block, restore_mask }, context): Promise<NodeResult> {
    const state = stateOf(context);
    const file = edited(image, [images], context);
    let result: {
      readonly pixels: Tensor;
      readonly mask: Tensor;
      readonly files: readonly SavedFile[];
    };
    if (file) {
      const picture = await decodeImage(await readFile(file.path), file.filename);
      result = { pixels: picture.image, mask: picture.mask, files: [file] };
      state.shown ??= { source: [images], files: [file] };
    } else {
      const mask = restored(restore_mask, images.shape[1], images.shape[2], context);
      const files = await show(images, mask, 'PB', context);
      result = { pixels: images, mask: mask ?? zeros([1, 64, 64]), files };
      state.shown = { source: [images], files };
    }
    const { pixels, mask, files } = result;
    const empty = all(mask, 0);
    if (!empty) state.mask = mask;
    return {
      outputs: block && empty ? [blocker(), blocker()] : [pixels, mask],
      ui: { images: files },
    };
  },
});

const TINY: Readonly<Record<string, string>> = { TAESDXL: 'taesdxl', TAESD15: 'taesd' };
/** Methods of models whose latents have 16 channels. */
const DEEP = ['Latent2RGB-FLUX.1', 'Latent2RGB-SD3', 'Latent2RGB-SC-Prior', 'TAEF1', 'TAESD3'];
const METHODS = [
  'Latent2RGB-FLUX.1',
  'Latent2RGB-SDXL',
  'Latent2RGB-SD15',
  'Latent2RGB-SD3',
  'Latent2RGB-SD-X4',
  'Latent2RGB-Playground-2.5',
  'Latent2RGB-SC-Prior',
  'Latent2RGB-SC-B',
  'TAEF1',
  'TAESDXL',
  'TAESD15',
  'TAESD3',
];

/** A picture of a latent: by a VAE, or by the colours of its channels at eight times its size. */
async function pictureOf(
  { samples }: Latent,
  method: string,
  vae: Autoencoder | undefined,
  context: NodeContext,
): Promise<Tensor> {
  if (vae) return vae.decode(samples);
  if (DEEP.includes(method) !== (samples.shape[1] === 16) || DEEP.includes(method))
    throw new DarkroomError('DR_INPUT_INVALID', {
      message: `the preview method ${method} is for another kind of latent than this one of ${samples.shape[1]} channels`,
      hint: 'Choose Latent2RGB-SD15 or Latent2RGB-SDXL, or connect vae_opt.',
      input: 'preview_method',
    });
  if (TINY[method]) return (await loadNamedVae(TINY[method], context)).decode(samples);
  const small = previewLatent(samples, LATENT_COLOURS[method]);
  const large = pilResize(small, { width: small.width * 8, height: small.height * 8 }, 'lanczos');
  return fromBytes(large.bytes, [1, large.height, large.width, 3]);
}

const PreviewBridgeLatent = defineNode({
  type: 'PreviewBridgeLatent',
  display: 'Preview Bridge (Latent)',
  category: UTIL,
  description:
    'Shows a latent, and gives it on with the mask that was drawn on it as its noise mask.',
  outputNode: true,
  saves: 'temp',
  inputs: {
    latent: socket('LATENT'),
    image: string(IMAGE),
    preview_method: combo(METHODS),
    vae_opt: socket('VAE', { optional: true }),
    ...bridgeInputs,
  },
  hidden: { unique_id: 'UNIQUE_ID', prompt: 'PROMPT', extra_pnginfo: 'EXTRA_PNGINFO' },
  outputs: [output('LATENT'), output('MASK')],
  async run(
    { latent, image, preview_method, vae_opt, block, restore_mask },
    context,
  ): Promise<NodeResult> {
    const state = stateOf(context);
    const source = [latent, vae_opt, vae_opt ? undefined : preview_method];
    const file = edited(image, source, context);
    let result: {
      readonly latent: Latent;
      readonly mask: Tensor;
      readonly files: readonly SavedFile[];
    };
    if (file) {
      const { mask } = await decodeImage(await readFile(file.path), file.filename);
      result = { latent: { ...latent, noise_mask: mask }, mask, files: [file] };
      state.shown ??= { source, files: [file] };
    } else {
      const picture = await pictureOf(latent, preview_method, vae_opt, context);
      const mask =
        latent.noise_mask ?? restored(restore_mask, picture.shape[1], picture.shape[2], context);
      const files = await show(picture, mask, 'PBL', context);
      result = { latent, mask: mask ?? full([1, ...latent.samples.shape.slice(2)], 1), files };
      state.shown = { source, files };
    }
    // as in the original, a mask that is 1 everywhere counts as none
    const empty = all(result.mask, 1);
    if (!empty) state.mask = result.mask;
    return {
      outputs: block && empty ? [blocker(), blocker()] : [result.latent, result.mask],
      ui: { images: result.files },
    };
  },
});

export const BRIDGE_NODES: readonly NodeDeclaration[] = [PreviewBridge, PreviewBridgeLatent];
