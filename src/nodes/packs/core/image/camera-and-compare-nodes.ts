// Nodes around the editor's camera and its slider between two images.
// Source: ComfyUI 0.33.0 comfy_extras/nodes_webcam.py, nodes_image_compare.py.
import type { Tensor } from '../../../../tensor/tensor.ts';
import {
  boolean,
  defineNode,
  int,
  type NodeDeclaration,
  output,
  outputs,
  socket,
  widget,
} from '../../../declare.ts';
import { inputContentHash } from '../../../shared/input-files.ts';
import { loadImage } from '../../../shared/load-image.ts';
import { METADATA_INPUTS, saveImages, tempSuffix } from '../../../shared/save-images.ts';

const WebcamCapture = defineNode({
  type: 'WebcamCapture',
  display: 'Webcam Capture',
  category: 'image',
  description:
    'A picture of the camera, which the editor takes when a workflow is queued. Elsewhere, give ' +
    'the name of a picture in the input folder.',
  inputs: {
    image: widget('WEBCAM'),
    width: int({ step: 1 }),
    height: int({ step: 1 }),
    capture_on_queue: boolean({ default: true }),
  },
  outputs: [output('IMAGE')],
  validate: {
    of: ['image'],
    check: ({ image }, environment) =>
      typeof image !== 'string' ||
      (image !== '' && environment.hasInput(image)) ||
      (image === ''
        ? 'the camera has taken no picture: queue the workflow in the editor, or set image to a ' +
          'file of the input folder'
        : `Invalid image file: ${image}`),
  },
  fingerprint: ({ image }, context) => inputContentHash(image, context),
  run: async ({ image }, context) => outputs((await loadImage(image, context)).image),
});

const ImageCompare = defineNode({
  type: 'ImageCompare',
  display: 'Compare Images',
  category: 'image',
  description: 'Shows two images with a slider between them. They are saved in the temp folder.',
  experimental: true,
  inputs: {
    compare_view: widget('IMAGECOMPARE', { socketless: true }),
    image_a: socket('IMAGE', { optional: true }),
    image_b: socket('IMAGE', { optional: true }),
  },
  hidden: METADATA_INPUTS,
  outputs: [],
  outputNode: true,
  saves: 'temp',
  async run({ image_a, image_b }, context) {
    const saved = async (side: string, images: Tensor | undefined) => {
      if (!images) return [];
      const prefix = `comfy.compare.${side}${tempSuffix(context.random)}`;
      return (await saveImages(images, context, { type: 'temp', prefix, level: 1 })).ui!['images'];
    };
    const ui = { a_images: await saved('a', image_a), b_images: await saved('b', image_b) };
    return { ...outputs(), ui };
  },
});

export const CAMERA_AND_COMPARE_NODES: readonly NodeDeclaration[] = [WebcamCapture, ImageCompare];
