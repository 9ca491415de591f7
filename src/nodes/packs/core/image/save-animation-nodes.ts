// Nodes that save a batch of images as an animation. Source: ComfyUI comfy_extras/nodes_images.py.

import {
  encodeAnimatedPng,
  encodeAnimatedWebp,
  type Frames,
} from '../../../../image/codec/encode-animation.ts';
import { toByteImage } from '../../../../image/image-bytes.ts';
import type { Tensor } from '../../../../tensor/tensor.ts';
import type { NodeContext } from '../../../context.ts';
import {
  boolean,
  combo,
  defineNode,
  float,
  int,
  type NodeDeclaration,
  output,
  socket,
  string,
} from '../../../declare.ts';
import { METADATA_INPUTS } from '../../../shared/save-images.ts';

const common = {
  category: 'image/animation',
  hidden: METADATA_INPUTS,
  outputs: [output('IMAGE', 'images')],
  outputNode: true,
  saves: 'output',
} as const;
const fps = () => float({ default: 6, min: 0.01, max: 1000, step: 0.01 });

/** libwebp's effort, 0 to 6, by name. */
const METHODS = { default: 4, fastest: 0, slowest: 6 } as const;

const framesOf = (images: Tensor): Frames =>
  Array.from({ length: images.shape[0] }, (_, i) => toByteImage(images, i));

/** Saves one file, and outputs the images. If `oneIsAnimated`, clients show one as an animation. */
async function saveAnimation(
  source: Tensor,
  context: NodeContext,
  {
    prefix,
    extension,
    bytes,
    oneIsAnimated,
  }: { prefix: string; extension: string; bytes: Uint8Array; oneIsAnimated: boolean },
) {
  const [count, height, width] = source.shape;
  const images = await context.save({
    type: 'output',
    prefix,
    extension,
    size: { width, height },
    files: [bytes],
  });
  const hasFlag = count > 1 || context.behaviour.oneImageHasAnimatedFlag;
  const ui = { images, ...(hasFlag && { animated: [count > 1 || oneIsAnimated] }) };
  return { outputs: [source] as const, ui };
}

const SaveAnimatedWEBP = defineNode({
  ...common,
  type: 'SaveAnimatedWEBP',
  display: 'SaveAnimatedWEBP',
  inputs: {
    images: socket('IMAGE'),
    filename_prefix: string({ default: 'ComfyUI' }),
    fps: fps(),
    lossless: boolean({ default: true }),
    quality: int({ default: 80, min: 0, max: 100 }),
    method: combo(Object.keys(METHODS) as (keyof typeof METHODS)[]),
  },
  async run({ images, filename_prefix, fps, lossless, quality, method }, context) {
    const frames = framesOf(images);
    const options = {
      duration: Math.trunc(1000 / fps),
      lossless,
      quality,
      effort: METHODS[method],
      texts: context.metadata(),
    };
    const bytes = await encodeAnimatedWebp(frames, options);
    return saveAnimation(images, context, {
      prefix: filename_prefix,
      extension: 'webp',
      bytes,
      oneIsAnimated: false,
    });
  },
});

const SaveAnimatedPNG = defineNode({
  ...common,
  type: 'SaveAnimatedPNG',
  display: 'SaveAnimatedPNG',
  inputs: {
    images: socket('IMAGE'),
    filename_prefix: string({ default: 'ComfyUI' }),
    fps: fps(),
    compress_level: int({ default: 4, min: 0, max: 9 }),
  },
  async run({ images, filename_prefix, fps, compress_level }, context) {
    const frames = framesOf(images);
    const options = {
      duration: Math.min(Math.trunc(1000 / fps), 0xffff),
      level: compress_level,
      texts: context.metadata(),
    };
    const bytes = await encodeAnimatedPng(frames, options);
    return saveAnimation(images, context, {
      prefix: filename_prefix,
      extension: 'png',
      bytes,
      oneIsAnimated: true,
    });
  },
});

export const ANIMATION_NODES: readonly NodeDeclaration[] = [SaveAnimatedWEBP, SaveAnimatedPNG];
