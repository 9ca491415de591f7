// Nodes that composite images and handle transparency.
// Source: ComfyUI comfy_extras/nodes_compositing.py, nodes_mask.py.
import { DarkroomError } from '../../../../errors.ts';
import { compositeImages } from '../../../../image/compose/composite.ts';
import {
  PORTER_DUFF,
  type PorterDuffMode,
  porterDuff,
} from '../../../../image/compose/porter-duff.ts';
import { invert } from '../../../../image/mask/core-masks.ts';
import { commonUpscale, upscaleImage } from '../../../../image/resize/common-upscale.ts';
import { resizeMask } from '../../../../image/resize/impact-resize.ts';
import { concatAxis, narrow } from '../../../../tensor/axes.ts';
import {
  concatBatch,
  repeatToBatch,
  reshape,
  sliceBatch,
  type Tensor,
  zeros,
} from '../../../../tensor/tensor.ts';
import {
  boolean,
  combo,
  defineNode,
  int,
  type NodeDeclaration,
  output,
  outputs,
  socket,
} from '../../../declare.ts';
import { MAX_RESOLUTION } from '../../../shared/image-limits.ts';

const category = 'mask/compositing';
const offset = () => int({ default: 0, min: 0, max: MAX_RESOLUTION, step: 1 });

const ImageCompositeMasked = defineNode({
  type: 'ImageCompositeMasked',
  display: 'ImageCompositeMasked',
  category: 'image',
  inputs: {
    destination: socket('IMAGE'),
    source: socket('IMAGE'),
    x: offset(),
    y: offset(),
    resize_source: boolean({ default: false }),
    mask: socket('MASK', { optional: true }),
  },
  outputs: [output('IMAGE')],
  run: ({ destination, source, x, y, resize_source, mask }) =>
    outputs(compositeImages(destination, source, { x, y, mask, resizeSource: resize_source })),
});

/** A mask [1,H,W], cropped about its centre to the aspect ratio and resized. */
const fitMask = (mask: Tensor, height: number, width: number): Tensor =>
  mask.shape[1] === height && mask.shape[2] === width
    ? mask
    : reshape(
        commonUpscale(reshape(mask, [1, ...mask.shape]), { width, height }, 'bicubic', 'center'),
        [1, height, width],
      );

const PorterDuffImageComposite = defineNode({
  type: 'PorterDuffImageComposite',
  display: 'Porter-Duff Image Composite',
  category,
  inputs: {
    source: socket('IMAGE'),
    source_alpha: socket('MASK'),
    destination: socket('IMAGE'),
    destination_alpha: socket('MASK'),
    mode: combo(Object.keys(PORTER_DUFF) as PorterDuffMode[], { default: 'DST' }),
  },
  outputs: [output('IMAGE'), output('MASK')],
  run({ source, source_alpha, destination, destination_alpha, mode }) {
    if (source.shape[3] !== destination.shape[3])
      throw new DarkroomError('DR_SHAPE_MISMATCH', {
        message: `source has ${source.shape[3]} channels, destination has ${destination.shape[3]}`,
        hint: 'Remove the transparency of one of them (SplitImageWithAlpha).',
        input: 'source',
      });
    const [, height, width] = destination.shape;
    const count = Math.min(
      ...[source, source_alpha, destination, destination_alpha].map(({ shape }) => shape[0]),
    );
    const results = Array.from({ length: count }, (_, i) => {
      const [image, alpha, below, belowAlpha] = [
        source,
        source_alpha,
        destination,
        destination_alpha,
      ].map((x) => sliceBatch(x, i, i + 1));
      const fits = image.shape[1] === height && image.shape[2] === width;
      return porterDuff(
        {
          image: fits ? image : upscaleImage(image, { width, height }, 'bicubic', 'center'),
          mask: fitMask(alpha, height, width),
        },
        { image: below, mask: fitMask(belowAlpha, height, width) },
        mode,
      );
    });
    return outputs(
      concatBatch(results.map(({ image }) => image)),
      concatBatch(results.map(({ mask }) => mask)),
    );
  },
});

const SplitImageWithAlpha = defineNode({
  type: 'SplitImageWithAlpha',
  display: 'Split Image with Alpha',
  category,
  inputs: { image: socket('IMAGE') },
  outputs: [output('IMAGE'), output('MASK')],
  run({ image }) {
    const [n, h, w, channels] = image.shape;
    const mask =
      channels > 3 ? invert(reshape(narrow(image, 3, 3, 1), [n, h, w])) : zeros([n, h, w]);
    return outputs(channels > 3 ? narrow(image, 3, 0, 3) : image, mask);
  },
});

const JoinImageWithAlpha = defineNode({
  type: 'JoinImageWithAlpha',
  display: 'Join Image with Alpha',
  category,
  inputs: { image: socket('IMAGE'), alpha: socket('MASK') },
  outputs: [output('IMAGE')],
  run({ image, alpha }, { behaviour }) {
    const [n, h, w, channels] = image.shape;
    const lengths = [n, alpha.shape[0]];
    const count = behaviour.shorterBatchIsRepeated ? Math.max(...lengths) : Math.min(...lengths);
    const opaque = repeatToBatch(invert(resizeMask(alpha, { width: w, height: h })), count);
    const colours = narrow(repeatToBatch(image, count), 3, 0, Math.min(channels, 3));
    return outputs(concatAxis([colours, reshape(opaque, [count, h, w, 1])], 3));
  },
});

export const COMPOSITING_NODES: readonly NodeDeclaration[] = [
  ImageCompositeMasked,
  PorterDuffImageComposite,
  SplitImageWithAlpha,
  JoinImageWithAlpha,
];
