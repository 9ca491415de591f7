// Conditioning for models with an image as a further input: inpainting models, InstructPix2Pix,
// Stable Diffusion's x4 upscaler. Source: ComfyUI nodes.py (InpaintModelConditioning),
// comfy_extras/nodes_ip2p.py, nodes_sdupscale.py.
import { DarkroomError } from '../../../../errors.ts';
import { toNCHW, toNHWC } from '../../../../image/channel-order.ts';
import { toNHW } from '../../../../image/mask/mask-shape.ts';
import { commonUpscale } from '../../../../image/resize/common-upscale.ts';
import { cropToCells, inpaintConditioning } from '../../../../sampling/conditioning/inpaint.ts';
import { setConditioningValues } from '../../../../sampling/conditioning/operations.ts';
import { roundHalfEven } from '../../../../tensor/round-half-even.ts';
import { map, zeros } from '../../../../tensor/tensor.ts';
import { boolean, defineNode, float, output, outputs, socket } from '../../../declare.ts';
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

const SD_4XUpscale_Conditioning = defineNode({
  type: 'SD_4XUpscale_Conditioning',
  display: 'SD_4XUpscale_Conditioning',
  category: 'conditioning/upscale_diffusion',
  inputs: {
    images: socket('IMAGE'),
    positive: socket('CONDITIONING'),
    negative: socket('CONDITIONING'),
    scale_ratio: float({ default: 4, min: 0, max: 10, step: 0.01 }),
    noise_augmentation: float({ default: 0, min: 0, max: 1, step: 0.001 }),
  },
  outputs: [
    output('CONDITIONING', 'positive'),
    output('CONDITIONING', 'negative'),
    output('LATENT', 'latent'),
  ],
  run({ images, positive, negative, scale_ratio, noise_augmentation }) {
    const [count, ...sides] = images.shape;
    const [height, width] = sides
      .slice(0, 2)
      .map((side) => Math.max(1, roundHalfEven(side * scale_ratio)) >> 2);
    if (height === 0 || width === 0)
      throw new DarkroomError('DR_INPUT_INVALID', {
        message: `images of ${sides[1]}x${sides[0]} scaled by ${scale_ratio} have no latent cell`,
        hint: 'Use a larger scale_ratio.',
        input: 'scale_ratio',
      });
    const pixels = map(toNCHW(images), (value) => value * 2 - 1);
    const concat_image = commonUpscale(pixels, { width, height }, 'bilinear', 'center');
    const values = { concat_image, noise_augmentation };
    return outputs(
      setConditioningValues(positive, values),
      setConditioningValues(negative, values),
      { samples: zeros([count, 4, height, width]) },
    );
  },
});

export const MODEL_INPUT_NODES = [
  InpaintModelConditioning,
  InstructPixToPixConditioning,
  SD_4XUpscale_Conditioning,
];
