// Nodes that draw boxes and texts into images.
// Source: ComfyUI 0.33.0 comfy_extras/nodes_rtdetr.py, nodes_text_overlay.py,
// nodes_bounding_boxes.py.
import { isDeepStrictEqual } from 'node:util';
import { DarkroomError } from '../../../../errors.ts';
import { outlineRectangle } from '../../../../image/compose/draw-rectangle.ts';
import { type ByteImage, fromBytes, toByteImage, toBytes } from '../../../../image/image-bytes.ts';
import { boxPreview } from '../../../../image/lettering/box-preview.ts';
import { fontOf } from '../../../../image/lettering/freetype.ts';
import { drawText } from '../../../../image/lettering/pillow-text.ts';
import { textOverlay } from '../../../../image/lettering/text-overlay.ts';
import { map, type Tensor, zeros } from '../../../../tensor/tensor.ts';
import {
  boolean,
  combo,
  defineNode,
  float,
  int,
  type NodeDeclaration,
  output,
  outputs,
  socket,
  string,
  widget,
} from '../../../declare.ts';
import { METADATA_INPUTS } from '../../../shared/save-images.ts';
import type { BoundingBox } from '../../../widget-types.ts';
import { boxesOfInput, boxesOfRegions, elementsOf, regionsOf } from './box-editor.ts';
import { boxesByImage, boxesInput } from './box-nodes.ts';
import { COCO_CLASSES } from './coco-classes.ts';

/** The colours of boxes by their label; those with another label have the first. */
const BOX_COLOURS = [
  [255, 0, 0],
  [0, 200, 0],
  [0, 0, 255],
  [255, 165, 0],
  [128, 0, 128],
  [0, 255, 255],
  [255, 20, 147],
  [100, 149, 237],
];
/** Size of labels, in pixels. */
const LABEL_SIZE = 10;
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
  for (const box of byScore) {
    const { x, y, width, height, label = '' } = box;
    if (width < 0 || height < 0)
      throw new DarkroomError('DR_INPUT_INVALID', {
        message: `a box of ${width}x${height} cannot be drawn`,
        hint: 'Give boxes whose width and height are not negative.',
        input: 'bboxes',
      });
    const [left, top, right, bottom] = [x, y, x + width, y + height].map((side) =>
      Math.trunc(Math.fround(side)),
    );
    const index = COCO_CLASSES.indexOf(label);
    const colour = [...BOX_COLOURS[Math.max(index, 0) % BOX_COLOURS.length], 255];
    const ink = colour.slice(0, image.channels);
    outlineRectangle(image, { left, top, right, bottom }, ink, BORDER);
    if (index >= 0)
      drawLabel(
        image,
        `${label} ${score(box).toFixed(2)}`,
        [Math.fround(x) + 2, Math.fround(y) + 2],
        colour,
      );
  }
}

/** Draws one line into an image. */
function drawLabel(
  image: ByteImage,
  text: string,
  position: readonly [number, number],
  fill: readonly number[],
): void {
  const style = { font: fontOf(LABEL_SIZE), stroke: 0, spacing: 0, align: 'left' } as const;
  drawText(image, text, position, style, { fill, outline: fill });
}

const score = ({ score = 1 }: BoundingBox): number => Math.fround(score);

const TextOverlay = defineNode({
  type: 'TextOverlay',
  display: 'Draw Text Overlay',
  category: 'text',
  description: 'Draws a text at the top or bottom of images.',
  inputs: {
    images: socket('IMAGE'),
    text: string({ default: '', multiline: true }),
    font_size: float({
      default: 5,
      min: 0.5,
      max: 50,
      step: 0.5,
      tooltip: 'Font size in percent of the image height.',
    }),
    color: widget('COLOR', {
      default: '#ffffff',
      socketless: true,
      tooltip: 'Colour of the text.',
    }),
    position: combo(['top', 'bottom'], { default: 'top' }),
    align: combo(['left', 'center', 'right'], { default: 'left' }),
    outline: boolean({ default: true, tooltip: 'Draws a black outline around the text.' }),
  },
  outputs: [output('IMAGE', 'images')],
  run({ images, text, font_size, color, ...layout }) {
    if (text.trim() === '') return outputs(images);
    const [, height, width, channels] = images.shape;
    if (channels !== 3)
      throw new DarkroomError('DR_SHAPE_MISMATCH', {
        message: `texts are drawn into images of 3 channels, these have ${channels}`,
        hint: 'Remove the alpha channel first, with SplitImageWithAlpha for example.',
        input: 'images',
      });
    const shown = text.replaceAll('\\n', '\n').replaceAll('\\t', '\t');
    const options = { ...layout, fontSize: font_size, colour: textColour(color) };
    return outputs(overlaid(images, textOverlay(shown, { width, height }, options)));
  },
});

/** Images under an RGBA layer: image (1 - alpha) + colour alpha. */
function overlaid(images: Tensor, { bytes }: ByteImage): Tensor {
  const f32 = Math.fround;
  const plane = (bytes.length / 4) * 3;
  return map(images, (value, i) => {
    const at = Math.floor((i % plane) / 3) * 4;
    const alpha = f32(bytes[at + 3] / 255);
    return f32(value * f32(1 - alpha)) + f32(f32(bytes[at + (i % 3)] / 255) * alpha);
  });
}

/** Red, green, blue and alpha of `#rgb`, `#rgba`, `#rrggbb` or `#rrggbbaa`. */
function textColour(text: string): number[] {
  const digits = /^#([0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})$/i.exec(text)?.[1];
  if (digits === undefined)
    throw new DarkroomError('DR_INPUT_INVALID', {
      message: `'${text}' is not a colour that texts can be drawn in`,
      hint: 'Write it as #RRGGBB or #RRGGBBAA.',
      input: 'color',
    });
  const pairs =
    digits.length < 6 ? [...digits].map((digit) => digit + digit) : digits.match(/../g)!;
  return [...pairs.map((pair) => Number.parseInt(pair, 16)), 255].slice(0, 4);
}

const canvasSide = (tooltip: string) => int({ default: 1024, min: 64, step: 16, tooltip });

const CreateBoundingBoxes = defineNode({
  type: 'CreateBoundingBoxes',
  display: 'Create Bounding Boxes',
  category: 'utilities',
  description:
    'The boxes that are drawn in the editor, as boxes, as elements of a structured prompt, and as a preview.',
  experimental: true,
  inputs: {
    width: canvasSide('Width of the canvas, in whose pixels boxes are.'),
    height: canvasSide('Height of the canvas, in whose pixels boxes are.'),
    editor_state: widget('BOUNDING_BOXES', {
      default: [],
      socketless: false,
      tooltip: 'The boxes, from the background to the foreground.',
    }),
    background: socket('IMAGE', { optional: true, tooltip: 'Shown below the boxes.' }),
    bboxes: socket('BOUNDING_BOX,ARRAY,STRING', {
      optional: true,
      tooltip:
        'Boxes, elements or JSON of these. They replace those of the editor when they change.',
    }),
    last_incoming: widget('BOUNDING_BOXES', {
      default: [],
      socketless: true,
      optional: true,
      tooltip: 'The last boxes that the editor got from bboxes.',
    }),
  },
  hidden: METADATA_INPUTS,
  outputs: [
    output('IMAGE', 'preview'),
    output('BOUNDING_BOX', 'bboxes'),
    output('ARRAY', 'elements'),
  ],
  outputNode: true,
  run({ width, height, editor_state, background, bboxes, last_incoming }) {
    const size = { width, height };
    const incoming = boxesOfInput(bboxes, size);
    const isNew = incoming.length > 0 && !isDeepStrictEqual(incoming, last_incoming ?? []);
    const regions = regionsOf(isNew ? incoming : (editor_state ?? []), size);
    const { bytes, ...preview } = boxPreview(regions, size, background && firstImage(background));
    return {
      ...outputs(
        fromBytes(bytes, [1, preview.height, preview.width, 3]),
        boxesOfRegions(regions, size),
        elementsOf(regions),
      ),
      ui: { dims: [width, height], ...(incoming.length > 0 && { input_bboxes: incoming }) },
    };
  },
});

/** The first image of a batch in 8 bits; undefined for one that has no colours. */
const firstImage = (images: Tensor): ByteImage | undefined =>
  images.shape[3] < 3 ? undefined : toByteImage(images);

export const DRAWING_NODES: readonly NodeDeclaration[] = [
  DrawBBoxes,
  TextOverlay,
  CreateBoundingBoxes,
];
