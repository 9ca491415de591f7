// Applies a ControlNet that acts inside of a model (comfy_extras/nodes_model_patch.py): a Fun
// ControlNet of Z-Image (ZImageControlPatch), whose hint is a picture, or one with a part that is
// to be painted, or one of DiffSynth for Qwen-Image (DiffSynthCnetPatch), whose hint is a picture,
// or one with a mask.
import { DarkroomError } from '../../errors.ts';
import { toNCHW, toNHWC } from '../../image/channel-order.ts';
import { commonUpscale, cropToAspect } from '../../image/resize/common-upscale.ts';
import { interpolate } from '../../image/resize/torch-interpolate.ts';
import type { ControlledModel } from '../../models/dit/layer-control.ts';
import type { ModelPatch } from '../../models/model-patch.ts';
import type { Autoencoder } from '../../models/vae/autoencoder.ts';
import { framesOf } from '../../tensor/frames.ts';
import { roundHalfEven } from '../../tensor/round-half-even.ts';
import { full, map, repeatToBatch, reshape, type Tensor, zeros } from '../../tensor/tensor.ts';
import { joinChannels } from '../conditioning/concat.ts';
import { FLUX, toModelLatent, WAN21 } from '../model/latent-format.ts';
import type { Model } from '../sampling-types.ts';

export interface LayerControlHint {
  /** Pictures [N,H,W,3] in 0..1, of any size. */
  readonly image?: Tensor;
  readonly inpaintImage?: Tensor;
  /** Where to paint (1), [N,h,w]. */
  readonly mask?: Tensor;
}

/** Values of a patch of the hint's latents without a mask. */
const PATCH_VALUES = 64;

/**
 * Returns the model with the ControlNet inside of its network. Throws DR_INPUT_INVALID for another
 * kind of model, and without the picture that the ControlNet needs.
 */
export function withLayerControl(
  model: Model,
  net: ModelPatch,
  vae: Autoencoder,
  strength: number,
  given: LayerControlHint,
): Model {
  if (net.kind !== 'layer-control') throw otherPatch();
  const controlled = model.denoiser.layerControl;
  if (controlled?.model !== net.model || controlled.width !== net.config.dim)
    throw otherModel(net.model);
  const takesMask = net.config.patchSize > PATCH_VALUES;
  const { encoded, paints } = HINTS[net.model];
  if (!given.image && !(paints && takesMask && given.inpaintImage)) throw withoutImage();
  let last: { readonly size: string; readonly hint: Tensor } | undefined;
  const hint = async (height: number, width: number): Promise<Tensor> => {
    const size = `${height}x${width}`;
    if (last?.size !== size)
      last = { size, hint: await encoded(vae, given, takesMask, { height, width }) };
    return last.hint;
  };
  return {
    ...model,
    denoiser: model.denoiser.variant({ layerControls: [{ net, strength, hint }] }),
  };
}

const otherPatch = (): DarkroomError =>
  new DarkroomError('DR_INPUT_INVALID', {
    message: 'the model patch is no ControlNet but the projector of USO',
    hint: 'Connect it to USOStyleReference.',
    input: 'model_patch',
  });

const otherModel = (name: ControlledModel): DarkroomError =>
  new DarkroomError('DR_INPUT_INVALID', {
    message:
      `the model patch is a ControlNet of ${name}, and the model is not a ${name} of its ` +
      'width',
    hint: `Load ${name} with UNETLoader.`,
    input: 'model',
  });

const withoutImage = (): DarkroomError =>
  new DarkroomError('DR_INPUT_INVALID', {
    message: 'the ControlNet needs an image',
    hint: 'Connect an image; ControlNets for inpainting also take inpaint_image alone.',
    input: 'image',
  });

interface Cells {
  readonly height: number;
  readonly width: number;
}

type EncodeHint = (
  vae: Autoencoder,
  given: LayerControlHint,
  takesMask: boolean,
  cells: Cells,
) => Promise<Tensor>;

/** The hint for latents of a size: [N,16,h,w], with mask and inpainted picture [N,33,h,w]. */
const zImageHint: EncodeHint = async (vae, { image, inpaintImage, mask }, takesMask, cells) => {
  const size = { height: cells.height * vae.factor, width: cells.width * vae.factor };
  const encode = async (pixels: Tensor): Promise<Tensor> =>
    toModelLatent(FLUX, await vae.encode(pixels));
  const [count] = (image ?? inpaintImage)!.shape;
  const grey = (): Tensor => full([count, size.height, size.width, 3], 0.5);
  const latent = await encode(image ? atSize(image, size) : grey());
  if (!takesMask) return latent;
  const kept = mask && keptMask(mask);
  const painted = inpaintImage ? atSize(inpaintImage, size) : grey();
  const inpaint = await encode(kept ? greyWhere(painted, kept) : painted);
  const atCells = kept
    ? interpolate(cropToAspect(kept, cells), cells, 'nearest')
    : zeros([count, 1, cells.height, cells.width]);
  return joinChannels(joinChannels(latent, repeatToBatch(atCells, count)), inpaint);
};

/** The hint for latents of a size: [N,16,h,w], with a mask of what is kept [N,17,h,w]. */
const qwenImageHint: EncodeHint = async (vae, { image, mask }, takesMask, cells) => {
  const size = { height: cells.height * vae.factor, width: cells.width * vae.factor };
  const [frame] = framesOf(await vae.encode(atSize(image!, size)));
  const latent = toModelLatent(WAN21, frame);
  if (!takesMask) return latent;
  const [count, , height, width] = latent.shape;
  const kept = mask
    ? interpolate(keptMask(mask), { height, width }, 'bilinear')
    : full([count, 1, height, width], 1);
  return joinChannels(latent, repeatToBatch(kept, count));
};

/** How the ControlNets of a model see pictures, and whether they paint a part of one. */
const HINTS: Readonly<
  Record<ControlledModel, { readonly encoded: EncodeHint; readonly paints: boolean }>
> = {
  'Z-Image': { encoded: zImageHint, paints: true },
  'Qwen-Image': { encoded: qwenImageHint, paints: false },
};

/** Pictures [N,H,W,3] at a size. */
const atSize = (pixels: Tensor, size: Cells): Tensor =>
  pixels.shape[1] === size.height && pixels.shape[2] === size.width
    ? pixels
    : toNHWC(commonUpscale(toNCHW(pixels), size, 'area', 'center'));

/** Where masks keep a picture (1), as one channel. */
const keptMask = (mask: Tensor): Tensor => map(channelOf(mask), (value) => 1 - value);

/** Masks as one channel, [N,1,h,w]. */
function channelOf(mask: Tensor): Tensor {
  const [h, w] = mask.shape.slice(-2);
  return reshape(mask, [mask.data.length / (h * w), 1, h, w]);
}

/** Pictures [N,H,W,3] that are grey where the mask [M,1,h,w] is below a half. */
function greyWhere(pixels: Tensor, kept: Tensor): Tensor {
  const [, height, width, channels] = pixels.shape;
  const rounded = map(commonUpscale(kept, { width, height }, 'bilinear', 'center'), roundHalfEven);
  const { data } = rounded;
  return map(pixels, (value, i) => {
    const factor = data[Math.floor(i / channels) % data.length];
    return Math.fround(Math.fround(value - 0.5) * factor) + 0.5;
  });
}
