// Nodes that draw boxes into images.
// Source: ComfyUI 0.33.0 comfy_extras/nodes_rtdetr.py.
import { DarkroomError } from '../../../../errors.ts';
import { outlineRectangle } from '../../../../image/compose/draw-rectangle.ts';
import { type ByteImage, fromBytes, toBytes } from '../../../../image/image-bytes.ts';
import { type Tensor, zeros } from '../../../../tensor/tensor.ts';
import { defineNode, type NodeDeclaration, output, outputs, socket } from '../../../declare.ts';
import type { BoundingBox } from '../../../widget-types.ts';
import { boxesByImage, boxesInput } from './box-nodes.ts';

/** The colour of boxes without a known label. */
const BOX_COLOUR = [255, 0, 0];
const BORDER = 3;
/** Side of an image without boxes. */
const DEFAULT_SIDE = 640;

const DrawBBoxes = defineNode({
  type: 'DrawBBoxes',
  display: 'Draw BBoxes',
  category: 'image/detection',
  inputs: { bboxes: boxesInput(), image: socket('IMAGE', { optional: true }) },
  outputs: [output('IMAGE', 'out_image')],
  run({ bboxes, image }) {
    const lists = boxesByImage(bboxes);
    const canvas = image ?? blackCanvas(lists);
    const [count, height, width, channels] = canvas.shape;
    if (channels < 3)
      throw new DarkroomError('DR_SHAPE_MISMATCH', {
        message: `boxes are drawn in colours, but the images have ${channels} channels`,
        hint: 'Convert the images to RGB first.',
        input: 'image',
      });
    const bytes = toBytes(canvas);
    const perImage = height * width * channels;
    for (let i = 0; i < count; i++) {
      const own = lists.length === 1 ? lists[0] : (lists[i] ?? []);
      const pixels = bytes.subarray(i * perImage, (i + 1) * perImage);
      drawBoxes({ width, height, channels, bytes: pixels }, own);
    }
    return outputs(fromBytes(bytes, canvas.shape));
  },
});

/** A black image for each list of boxes, which contains all boxes. */
function blackCanvas(lists: readonly (readonly BoundingBox[])[]): Tensor {
  const boxes = lists.flat();
  const extent = (ends: readonly number[]): number =>
    ends.length === 0 ? DEFAULT_SIDE : Math.max(...ends.map(Math.trunc));
  const width = extent(boxes.map((box) => box.x + box.width));
  const height = extent(boxes.map((box) => box.y + box.height));
  if (width > 0 && height > 0) return zeros([1, height, width, 3]);
  throw new DarkroomError('DR_INPUT_INVALID', {
    message: `boxes that end at ${width},${height} need no image`,
    hint: 'Connect an image, or give boxes with a positive end.',
    input: 'bboxes',
  });
}

/** Draws boxes, the ones of the highest score last. */
function drawBoxes(image: ByteImage, boxes: readonly BoundingBox[]): void {
  const byScore = [...boxes].sort((a, b) => score(a) - score(b));
  for (const { x, y, width, height } of byScore) {
    if (width < 0 || height < 0)
      throw new DarkroomError('DR_INPUT_INVALID', {
        message: `a box of ${width}x${height} cannot be drawn`,
        hint: 'Give boxes whose width and height are not negative.',
        input: 'bboxes',
      });
    const [left, top, right, bottom] = [x, y, x + width, y + height].map(Math.trunc);
    const colour = [...BOX_COLOUR, 255].slice(0, image.channels);
    outlineRectangle(image, { left, top, right, bottom }, colour, BORDER);
  }
}

const score = ({ score = 1 }: BoundingBox): number => Math.fround(score);

export const DRAWING_NODES: readonly NodeDeclaration[] = [DrawBBoxes];
