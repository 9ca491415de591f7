// Conditioning for models with an image as a further input: inpainting models, InstructPix2Pix.
// Source: ComfyUI nodes.py (InpaintModelConditioning), comfy_extras/nodes_ip2p.py.
import { toNCHW, toNHWC } from '../../../../image/channel-order.ts';
import { toNHW } from '../../../../image/mask/mask-shape.ts';
import { cropToCells, inpaintConditioning } from '../../../../sampling/conditioning/inpaint.ts';
import { setConditioningValues } from '../../../../sampling/conditioning/operations.ts';
import { zeros } from '../../../../tensor/tensor.ts';
import { boolean, defineNode, output, outputs, socket } from '../../../declare.ts';
import { checkBatchSize, rgbChannels } from '../../../shared/shape-checks.ts';

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
    noise_mask: boolean({
      default: true,
      tooltip: 'Samples inside the mask only. Better or worse, depending on the model.',
    }),
  },
  outputs: [
    output('CONDITIONING', 'positive'),
    output('CONDITIONING', 'negative'),
    output('LATENT', 'latent'),
  ],
  async run({ positive, negative, vae, pixels, mask, noise_mask }) {
    const image = rgbChannels(pixels);
    checkBatchSize(image.shape[0], toNHW(mask), 'mask');
    const conditioned = await inpaintConditioning({
      positive,
      negative,
      vae,
      pixels: image,
      mask,
      noiseMask: noise_mask,
    });
    return outputs(conditioned.positive, conditioned.negative, conditioned.latent);
  },
});

const InstructPixToPixConditioning = defineNode({
  type: 'InstructPixToPixConditioning',
  display: 'InstructPixToPixConditioning',
  category: 'conditioning/instructpix2pix',
  inputs: {
    positive: socket('CONDITIONING'),
    negative: socket('CONDITIONING'),
    vae: socket('VAE'),
    pixels: socket('IMAGE'),
  },
  outputs: [
    output('CONDITIONING', 'positive'),
    output('CONDITIONING', 'negative'),
    output('LATENT', 'latent'),
  ],
  async run({ positive, negative, vae, pixels }) {
    const concat_latent_image = await vae.encode(toNHWC(cropToCells(toNCHW(rgbChannels(pixels)))));
    const values = { concat_latent_image };
    return outputs(
      setConditioningValues(positive, values),
      setConditioningValues(negative, values),
      { samples: zeros(concat_latent_image.shape) },
    );
  },
});

export const MODEL_INPUT_NODES = [InpaintModelConditioning, InstructPixToPixConditioning];
