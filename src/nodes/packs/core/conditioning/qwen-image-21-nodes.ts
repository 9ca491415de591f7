// Nodes of Qwen-Image 2.1. Source: ComfyUI 0.37.4 comfy_extras/nodes_qwen.py.
import { toNCHW, toNHWC } from '../../../../image/channel-order.ts';
import { commonUpscale } from '../../../../image/resize/common-upscale.ts';
import { narrow } from '../../../../tensor/axes.ts';
import { roundHalfEven } from '../../../../tensor/round-half-even.ts';
import { sliceBatch, type Tensor, tensor, zeros } from '../../../../tensor/tensor.ts';
import {
  autogrowNames,
  combo,
  defineNode,
  int,
  type NodeDeclaration,
  output,
  outputs,
  socket,
  string,
} from '../../../declare.ts';
import { encodePrompt } from '../../../shared/encode-prompt.ts';
import { referencesOf } from './qwen-image-nodes.ts';

/** A token that the text encoder sees is a square of 2 x 2 cells of a latent. */
const SEEN_SIDE = 32;
const CELL_SIDE = 16;
const CHANNELS = 64;
const DEFAULT_SIDE = 1024;
const REFERENCES = Array.from({ length: 16 }, (_, i) => `image_${i + 1}`);

interface Size {
  readonly width: number;
  readonly height: number;
}

/** About `resolution` squared pixels in the shape of a picture; 0: the size of the picture. */
function sizeFor({ shape: [, height, width] }: Tensor, resolution: number): Size {
  const side = (pixels: number): number =>
    Math.max(SEEN_SIDE, roundHalfEven(pixels / SEEN_SIDE) * SEEN_SIDE);
  if (resolution === 0) return { width: side(width), height: side(height) };
  const ratio = width / height;
  return {
    width: side(Math.sqrt(resolution * resolution * ratio)),
    height: side(Math.sqrt((resolution * resolution) / ratio)),
  };
}

/** The first picture of a batch, resized. */
function reference(picture: Tensor, resolution: number): Tensor {
  const first = sliceBatch(picture, 0, 1);
  const size = sizeFor(first, resolution);
  const isSame = first.shape[1] === size.height && first.shape[2] === size.width;
  return isSame ? first : toNHWC(commonUpscale(toNCHW(first), size, 'lanczos', 'disabled'));
}

/** The colours of a picture, over white where it has alpha. */
function overWhite(picture: Tensor): Tensor {
  const channels = picture.shape[3];
  const colours = narrow(picture, 3, 0, 3);
  if (channels <= 3) return colours;
  const { fround } = Math;
  const values = colours.data.map((value, i) => {
    const alpha = picture.data[Math.floor(i / 3) * channels + 3];
    return fround(value * alpha) + fround(1 - alpha);
  });
  return tensor(colours.shape, values);
}

const TextEncodeQwenImage21 = defineNode({
  type: 'TextEncodeQwenImage21',
  display: 'Text Encode Qwen Image 2.1',
  category: 'model/conditioning/qwen image',
  description:
    'Encodes a positive and a negative prompt for Qwen-Image 2.1, with the pictures that they ' +
    'are about.',
  inputs: {
    clip: socket('CLIP', { tooltip: 'The text encoder of Qwen-Image 2.1.' }),
    prompt: string({ multiline: true, dynamicPrompts: true }),
    negative_prompt: string({ multiline: true, dynamicPrompts: true }),
    vae: socket('VAE', {
      optional: true,
      tooltip:
        'Encodes the pictures as reference latents; without it only the text encoder sees them.',
    }),
    resolution: int({
      default: DEFAULT_SIDE,
      min: 0,
      max: 4096,
      step: 32,
      tooltip:
        'Pictures are resized to about so many pixels squared, in their shape, at multiples of ' +
        '32. 0 keeps the size of each, rounded to a multiple of 32.',
    }),
    images: autogrowNames('image', socket('IMAGE'), REFERENCES, 0),
  },
  outputs: [
    output('CONDITIONING', 'positive'),
    output('CONDITIONING', 'negative'),
    output('LATENT', 'latent'),
  ],
  async run({ clip, prompt, negative_prompt: negative, vae, resolution, images }, { warn }) {
    const given: Readonly<Record<string, Tensor | undefined>> = images ?? {};
    const pictures = REFERENCES.flatMap((name) => given[name] ?? []).map((picture) =>
      reference(picture, resolution),
    );
    const references = await referencesOf(vae, pictures);
    const prompted = { images: pictures.map(overWhite), areKept: !references.reference_latents };
    const encode = (text: string) =>
      encodePrompt(
        clip,
        (one) => one.encodeWithImages(text === '' ? ' ' : text, prompted, warn),
        references,
      );
    const side = resolution || DEFAULT_SIDE;
    const [, height, width] = pictures[0]?.shape ?? [1, side, side];
    const cells = [height, width].map((pixels) => Math.floor(pixels / CELL_SIDE));
    return outputs(await encode(prompt), await encode(negative), {
      samples: zeros([1, CHANNELS, ...cells]),
    });
  },
});

const QwenImage21Cache = defineNode({
  type: 'QwenImage21Cache',
  display: 'Qwen Image 2.1 Cache',
  category: 'model/conditioning/qwen image',
  experimental: true,
  description:
    'Rounds what Qwen-Image 2.1 keeps of the prompt and of reference pictures between steps, as ' +
    'ComfyUI does where it stores them in fewer bits.',
  inputs: {
    model: socket('MODEL'),
    device: combo(['auto', 'gpu', 'cpu', 'off'], {
      default: 'auto',
      tooltip: 'off computes them in each step, without rounding. Others differ only in ComfyUI.',
    }),
    dtype: combo(['default', 'int8', 'int4'], {
      default: 'default',
      tooltip: 'default does not round. int8 is about as exact as bfloat16, int4 less so.',
    }),
  },
  outputs: [output('MODEL')],
  run: ({ model, device, dtype }) =>
    outputs({
      ...model,
      denoiser: model.denoiser.variant({ keyCache: device === 'off' ? 'default' : dtype }),
    }),
});

export const QWEN_IMAGE_21_NODES: readonly NodeDeclaration[] = [
  TextEncodeQwenImage21,
  QwenImage21Cache,
];
