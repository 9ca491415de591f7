// Prompts for models that see a picture beside the latent: inpainting models and InstructPix2Pix.
// Source: ComfyUI nodes.py (InpaintModelConditioning), comfy_extras/nodes_ip2p.py.
import { interpolate } from '../../image/interpolate.ts';
import { toNCHW, toNHWC } from '../../image/layout.ts';
import { toNHW } from '../../image/masks.ts';
import { cropPlanes, roundHalfEven } from '../../image/upscale.ts';
import { setValues } from '../../sampling/conditioning-ops.ts';
import { map, reshape, type Tensor, zeros } from '../../tensor/tensor.ts';
import { boolean, defineNode, output, outputs, socket } from '../declare.ts';
import { batchFits, rgb } from './checks.ts';

const STEP = 8;

/** Planes [N,C,H,W] cut about the centre to multiples of 8. */
function cropToCells(x: Tensor): Tensor {
  const [, , height, width] = x.shape;
  const cut = (side: number): number => Math.floor(side / STEP) * STEP;
  const offset = (side: number): number => Math.floor((side % STEP) / 2);
  return cropPlanes(x, offset(width), offset(height), cut(width), cut(height));
}

/** Planes [N,C,H,W] that are 0.5 where the rounded mask [N or 1,1,H,W] is set. */
function greyUnder(planes: Tensor, mask: Tensor): Tensor {
  const [, channels, height, width] = planes.shape;
  const plane = height * width;
  return map(planes, (value, i) => {
    const item = mask.shape[0] === 1 ? 0 : Math.floor(i / (channels * plane));
    return Math.fround(Math.fround(value - 0.5) * (1 - roundHalfEven(mask.data[item * plane + (i % plane)]))) + 0.5;
  });
}

const InpaintModelConditioning = defineNode({
  type: 'InpaintModelConditioning',
  display: 'InpaintModelConditioning',
  category: 'conditioning/inpaint',
  inputs: {
    positive: socket('CONDITIONING'),
    negative: socket('CONDITIONING'),
    vae: socket('VAE'),
    pixels: socket('IMAGE'),
    mask: socket('MASK'),
    noise_mask: boolean({ default: true, tooltip: 'Samples inside of the mask only. Better or worse, depending on the model.' }),
  },
  outputs: [output('CONDITIONING', 'positive'), output('CONDITIONING', 'negative'), output('LATENT', 'latent')],
  async run({ positive, negative, vae, pixels, mask, noise_mask }) {
    const image = rgb(pixels);
    const masks = toNHW(mask);
    batchFits(image.shape[0], masks, 'mask');
    const [count, height, width] = masks.shape;
    const scaled = cropToCells(interpolate(reshape(masks, [count, 1, height, width]), image.shape[1], image.shape[2], 'bilinear'));
    const concat_mask = reshape(scaled, [count, scaled.shape[2], scaled.shape[3]]);
    const concat_latent_image = await vae.encode(toNHWC(greyUnder(cropToCells(toNCHW(image)), scaled)));
    const samples = await vae.encode(image);
    const values = { concat_latent_image, concat_mask };
    return outputs(
      setValues(positive, values),
      setValues(negative, values),
      noise_mask ? { samples, noise_mask: concat_mask } : { samples },
    );
  },
});

const InstructPixToPixConditioning = defineNode({
  type: 'InstructPixToPixConditioning',
  display: 'InstructPixToPixConditioning',
  category: 'conditioning/instructpix2pix',
  inputs: { positive: socket('CONDITIONING'), negative: socket('CONDITIONING'), vae: socket('VAE'), pixels: socket('IMAGE') },
  outputs: [output('CONDITIONING', 'positive'), output('CONDITIONING', 'negative'), output('LATENT', 'latent')],
  async run({ positive, negative, vae, pixels }) {
    const concat_latent_image = await vae.encode(toNHWC(cropToCells(toNCHW(rgb(pixels)))));
    const values = { concat_latent_image };
    return outputs(setValues(positive, values), setValues(negative, values), { samples: zeros(concat_latent_image.shape) });
  },
});

export const MODEL_INPUT_NODES = [InpaintModelConditioning, InstructPixToPixConditioning];
