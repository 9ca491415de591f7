// A ControlNet's hint at the size of a latent: pixels, or for networks that take latents what the
// autoencoder makes of them (comfy/controlnet.py, ControlNet.get_control).
import { basename } from 'node:path';
import { DarkroomError } from '../../errors.ts';
import { toNCHW, toNHWC } from '../../image/channel-order.ts';
import { commonUpscale } from '../../image/resize/common-upscale.ts';
import type { ControlNet, LatentHint } from '../../models/controlnet/controlnet.ts';
import type { Autoencoder } from '../../models/vae/autoencoder.ts';
import { allocate } from '../../tensor/allocate.ts';
import { framesOf } from '../../tensor/frames.ts';
import { full, repeatToBatch, type Tensor, tensor } from '../../tensor/tensor.ts';
import { toModelLatent } from '../model/latent-format.ts';
import type { Control } from '../sampling-types.ts';
import { joinChannels } from './concat.ts';

/**
 * Returns the input of the network's prepareHint for latents of this size. Throws DR_INPUT_INVALID
 * when a VAE is missing.
 */
export async function hintAtSize(control: Control, height: number, width: number): Promise<Tensor> {
  const { net, vae, keptMask } = control;
  const hint = toNCHW(control.hint);
  if (!net.latentHint) return resized(hint, net, height, width);
  if (!vae)
    throw new DarkroomError('DR_INPUT_INVALID', {
      message: `the ControlNet ${basename(net.file)} needs a VAE, and none is connected`,
      hint: 'Connect the VAE of the model to ControlNetApplyAdvanced.',
      input: 'vae',
    });
  const pixels = resized(firstColours(hint), { factor: net.factor * vae.factor }, height, width);
  const latents = await encoded(pixels, net.latentHint, vae);
  return net.latentHint.hasMask ? withMask(latents, keptMask) : latents;
}

function resized(
  hint: Tensor,
  { factor, multiple = 1 }: Pick<ControlNet, 'factor' | 'multiple'>,
  height: number,
  width: number,
): Tensor {
  const side = (cells: number): number => Math.ceil((cells * factor) / multiple) * multiple;
  const size = { width: side(width), height: side(height) };
  return commonUpscale(hint, size, 'nearest-exact', 'center');
}

/** The latents of pixels [N,C,H,W], in the units of the network; of videos the first frame. */
async function encoded(pixels: Tensor, hint: LatentHint, vae: Autoencoder): Promise<Tensor> {
  const [latents] = framesOf(await vae.encode(toNHWC(hint.pixels?.(pixels) ?? pixels)));
  return toModelLatent(hint, latents);
}

/** The colours of images [N,C,H,W], without what follows them. */
function firstColours(images: Tensor): Tensor {
  const [count, channels, height, width] = images.shape;
  if (channels <= COLOURS) return images;
  const plane = height * width;
  const data = allocate(count * COLOURS * plane);
  for (let i = 0; i < count; i++) {
    const from = i * channels * plane;
    data.set(images.data.subarray(from, from + COLOURS * plane), i * COLOURS * plane);
  }
  return tensor([count, COLOURS, height, width], data);
}

const COLOURS = 3;

/** Adds a mask as the last channel of latents [N,C,H,W]. */
function withMask(latents: Tensor, mask: Tensor = full([1, 1, 1, 1], 1)): Tensor {
  const [count, , height, width] = latents.shape;
  const sized = commonUpscale(mask, { width, height }, 'nearest-exact', 'center');
  return joinChannels(latents, repeatToBatch(sized, count));
}
