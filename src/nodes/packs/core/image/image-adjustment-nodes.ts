// Nodes that adjust the values of images, crop and resize them, and join lists of them.
// Source: ComfyUI 0.33.0 comfy_extras/nodes_dataset.py.
import { fromBytes, toBytes } from '../../../../image/image-bytes.ts';
import { pilResizeImages } from '../../../../image/resize/pil-resize.ts';
import { narrow } from '../../../../tensor/axes.ts';
import { batchItems, map, type Tensor } from '../../../../tensor/tensor.ts';
import {
  defineListNode,
  defineNode,
  float,
  int,
  type NodeDeclaration,
  output,
  outputs,
  socket,
} from '../../../declare.ts';

const f32 = Math.fround;
const clamp = (value: number): number => Math.min(Math.max(value, 0), 1);
const adjusted = { outputs: [output('IMAGE', 'images')], experimental: true } as const;
const factorInput = (tooltip: string) => float({ default: 1, min: 0, max: 2, tooltip });

const AdjustBrightness = defineNode({
  ...adjusted,
  type: 'AdjustBrightness',
  display: 'Adjust Brightness',
  category: 'image/adjustments',
  inputs: { images: socket('IMAGE'), factor: factorInput('Below 1 darker, above 1 brighter.') },
  run: ({ images, factor }) => outputs(map(images, (value) => clamp(f32(value * f32(factor))))),
});

const AdjustContrast = defineNode({
  ...adjusted,
  type: 'AdjustContrast',
  display: 'Adjust Contrast',
  category: 'image/adjustments',
  inputs: { images: socket('IMAGE'), factor: factorInput('Below 1 less contrast, above 1 more.') },
  run: ({ images, factor }) =>
    outputs(map(images, (value) => clamp(f32(f32(f32(value - 0.5) * f32(factor)) + 0.5)))),
});

const NormalizeImages = defineNode({
  ...adjusted,
  type: 'NormalizeImages',
  display: 'Normalize Image Colors',
  category: 'image/color',
  inputs: {
    images: socket('IMAGE'),
    mean: float({ default: 0.5, min: 0, max: 1, tooltip: 'Subtracted from the values.' }),
    std: float({ default: 0.5, min: 0.001, max: 1, tooltip: 'Divides the values.' }),
  },
  run: ({ images, mean, std }) =>
    outputs(map(images, (value) => f32(value - f32(mean)) / f32(std))),
});

const side = (value: number, tooltip: string) =>
  int({ default: value, min: 1, max: 8192, tooltip });

const CenterCropImages = defineNode({
  ...adjusted,
  type: 'CenterCropImages',
  display: 'Crop Image (Center)',
  category: 'image/transform',
  inputs: {
    images: socket('IMAGE'),
    width: side(512, 'Crop width.'),
    height: side(512, 'Crop height.'),
  },
  run({ images, width, height }) {
    const cropped = [height, width].reduce((x, size, i) => {
      const axis = i + 1;
      const start = Math.max(0, Math.floor((x.shape[axis] - size) / 2));
      return narrow(x, axis, start, Math.min(size, x.shape[axis] - start));
    }, images);
    // the original goes through 8-bit pictures
    return outputs(fromBytes(toBytes(cropped), cropped.shape));
  },
});

/** Resizes images to the width or the height of an edge; the other side follows. */
function resizeByEdge(images: Tensor, edge: number, isWidth: boolean) {
  const [, height, width] = images.shape;
  const size = isWidth
    ? { width: edge, height: Math.trunc(height * (edge / width)) }
    : { width: Math.trunc(width * (edge / height)), height: edge };
  return outputs(pilResizeImages(images, size, 'lanczos'));
}

const ResizeImagesByShorterEdge = defineNode({
  ...adjusted,
  type: 'ResizeImagesByShorterEdge',
  display: 'Resize Images by Shorter Edge (DEPRECATED)',
  category: 'image/transform',
  deprecated: true,
  inputs: { images: socket('IMAGE'), shorter_edge: side(512, 'Size of the shorter edge.') },
  run({ images, shorter_edge }) {
    const [, height, width] = images.shape;
    return resizeByEdge(images, shorter_edge, width < height);
  },
});

const ResizeImagesByLongerEdge = defineNode({
  ...adjusted,
  type: 'ResizeImagesByLongerEdge',
  display: 'Resize Images by Longer Edge (DEPRECATED)',
  category: 'image/transform',
  deprecated: true,
  inputs: { images: socket('IMAGE'), longer_edge: side(1024, 'Size of the longer edge.') },
  run({ images, longer_edge }) {
    const [, height, width] = images.shape;
    return resizeByEdge(images, longer_edge, width > height);
  },
});

const MergeImageLists = defineListNode({
  ...adjusted,
  type: 'MergeImageLists',
  display: 'Merge Image Lists (DEPRECATED)',
  category: 'image/batch',
  deprecated: true,
  inputs: { images: socket('IMAGE') },
  outputs: [output('IMAGE', 'images', true)],
  run: ({ images }) => outputs(images.flatMap(batchItems)),
});

export const IMAGE_ADJUSTMENT_NODES: readonly NodeDeclaration[] = [
  AdjustBrightness,
  AdjustContrast,
  NormalizeImages,
  CenterCropImages,
  ResizeImagesByShorterEdge,
  ResizeImagesByLongerEdge,
  MergeImageLists,
];
