// Nodes that encode prompts with pictures for Qwen-Image-Edit. Source: ComfyUI
// comfy_extras/nodes_qwen.py.
import { toNCHW, toNHWC } from '../../../../image/channel-order.ts';
import { commonUpscale } from '../../../../image/resize/common-upscale.ts';
import { QWEN_EDIT_TEMPLATE } from '../../../../models/clip/families.ts';
import type { Autoencoder } from '../../../../models/vae/autoencoder.ts';
import { roundHalfEven } from '../../../../tensor/round-half-even.ts';
import type { Tensor } from '../../../../tensor/tensor.ts';
import {
  defineNode,
  type NodeDeclaration,
  output,
  outputs,
  socket,
  string,
} from '../../../declare.ts';
import { encodePrompt } from '../../../shared/encode-prompt.ts';
import { rgbChannels } from '../../../shared/shape-checks.ts';

const editNode = {
  category: 'advanced/conditioning',
  outputs: [output('CONDITIONING')],
} as const;
const image = () => socket('IMAGE', { optional: true });
const inputs = {
  clip: socket('CLIP', { tooltip: 'The text encoder of Qwen-Image, which sees the pictures.' }),
  prompt: string({ multiline: true, dynamicPrompts: true }),
  vae: socket('VAE', { optional: true, tooltip: 'Encodes the pictures as reference latents.' }),
};

/** About the pixels of a picture that the autoencoder encodes, and that the text encoder sees. */
const REFERENCE_PIXELS = 1024 * 1024;
const SEEN_PIXELS = 384 * 384;

/** Resizes a picture to about so many pixels, both sides to multiples of `multiple`. */
function withPixels(picture: Tensor, pixels: number, multiple = 1): Tensor {
  const [, height, width] = picture.shape;
  const factor = Math.sqrt(pixels / (width * height));
  const side = (size: number): number => roundHalfEven((size * factor) / multiple) * multiple;
  const size = { width: side(width), height: side(height) };
  return rgbChannels(toNHWC(commonUpscale(toNCHW(picture), size, 'area', 'disabled')));
}

/** The values of a conditioning with reference latents. */
export async function referencesOf(
  vae: Autoencoder | undefined,
  pictures: readonly Tensor[],
): Promise<{ reference_latents?: readonly Tensor[] }> {
  if (!vae || pictures.length === 0) return {};
  const reference_latents: Tensor[] = [];
  for (const picture of pictures) reference_latents.push(await vae.encode(picture));
  return { reference_latents };
}

const TextEncodeQwenImageEdit = defineNode({
  ...editNode,
  type: 'TextEncodeQwenImageEdit',
  display: 'TextEncodeQwenImageEdit',
  description: 'Encodes a prompt that edits a picture, for Qwen-Image-Edit.',
  inputs: { ...inputs, image: image() },
  async run({ clip, prompt, vae, image: given }, { warn }) {
    const images = given ? [withPixels(given, REFERENCE_PIXELS)] : [];
    const references = await referencesOf(vae, images);
    const encode = (one: typeof clip) => one.encodeWithImages(prompt, { images }, warn);
    return outputs(await encodePrompt(clip, encode, references));
  },
});

const PICTURES = ['image1', 'image2', 'image3'] as const;

const TextEncodeQwenImageEditPlus = defineNode({
  ...editNode,
  type: 'TextEncodeQwenImageEditPlus',
  display: 'TextEncodeQwenImageEditPlus',
  description:
    'Encodes a prompt about up to three pictures, which it calls Picture 1 to Picture 3, for ' +
    'Qwen-Image-Edit 2509 and later.',
  inputs: { ...inputs, image1: image(), image2: image(), image3: image() },
  async run({ clip, prompt, vae, ...given }, { warn }) {
    const pictures = PICTURES.flatMap((name, i) => {
      const picture = given[name];
      return picture ? [{ number: i + 1, picture }] : [];
    });
    const marks = pictures.map(
      ({ number }) => `Picture ${number}: <|vision_start|><|image_pad|><|vision_end|>`,
    );
    const images = pictures.map(({ picture }) => withPixels(picture, SEEN_PIXELS));
    const references = await referencesOf(
      vae,
      pictures.map(({ picture }) => withPixels(picture, REFERENCE_PIXELS, 8)),
    );
    const text = marks.join('') + prompt;
    const prompted = { images, template: QWEN_EDIT_TEMPLATE };
    const encode = (one: typeof clip) => one.encodeWithImages(text, prompted, warn);
    return outputs(await encodePrompt(clip, encode, references));
  },
});

export const QWEN_IMAGE_NODES: readonly NodeDeclaration[] = [
  TextEncodeQwenImageEdit,
  TextEncodeQwenImageEditPlus,
];
