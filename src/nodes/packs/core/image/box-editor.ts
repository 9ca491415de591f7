// The boxes of the box editor: what its input may be, and its outputs.
// Source: ComfyUI 0.33.0 comfy_extras/nodes_bounding_boxes.py.
import { DarkroomError } from '../../../../errors.ts';
import type { Size } from '../../../../image/geometry.ts';
import type { BoxRegion } from '../../../../image/lettering/box-preview.ts';
import { roundHalfEven } from '../../../../tensor/round-half-even.ts';
import type { BoundingBox } from '../../../widget-types.ts';

type Fields = Readonly<Record<string, unknown>>;

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const numberAt = (fields: Fields, name: string): number => Number(fields[name] ?? 0);
const textAt = (fields: Fields, name: string): string => String(fields[name] ?? '');

/** An element of a structured prompt, whose box is [top, left, bottom, right] in thousandths. */
interface PromptElement {
  readonly type: 'text' | 'obj';
  readonly bbox: readonly number[];
  readonly text?: string;
  readonly desc: string;
  readonly color_palette?: readonly string[];
}

const isElement = ({ bbox }: Fields): boolean => Array.isArray(bbox) && bbox.length === 4;
const isBox = (fields: Fields): boolean =>
  ['x', 'y', 'width', 'height'].every((side) => Object.hasOwn(fields, side));

const refused = (message: string): DarkroomError =>
  new DarkroomError('DR_INPUT_INVALID', {
    message,
    hint: 'Give boxes with x, y, width and height, or elements with a bbox of four numbers.',
    input: 'bboxes',
  });

/** The boxes of an input: boxes, lists of boxes, elements, or JSON of these. */
export function boxesOfInput(input: unknown, size: Size): BoundingBox[] {
  if (input === undefined || input === null) return [];
  const data = typeof input === 'string' ? parsed(input) : input;
  if (data === undefined) return [];
  const list = Array.isArray(data) ? data : [data];
  if (list.length === 0) return [];
  const [first] = list;
  if (Array.isArray(first)) return first.filter(isFields).map(plainBox);
  if (!isFields(first)) throw refused(`bboxes are boxes or elements, not ${typeof first}`);
  if (isElement(first)) return list.filter(isFields).map((one) => boxOfElement(one, size));
  if (isBox(first)) return list.filter(isFields).map(plainBox);
  throw refused('bboxes have neither x, y, width and height nor a bbox');
}

function parsed(text: string): unknown {
  if (text.trim() === '') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    throw refused('the text of bboxes is not JSON');
  }
}

function plainBox(fields: Fields): BoundingBox {
  const { metadata } = fields;
  return {
    x: numberAt(fields, 'x'),
    y: numberAt(fields, 'y'),
    width: numberAt(fields, 'width'),
    height: numberAt(fields, 'height'),
    ...(isFields(metadata) && { metadata }),
  };
}

function boxOfElement(element: Fields, { width, height }: Size): BoundingBox {
  const sides = isElement(element) ? (element['bbox'] as unknown[]).map(Number) : [];
  if (sides.length !== 4 || !sides.every(Number.isFinite))
    throw refused('an element of bboxes has no bbox of four numbers');
  const [top, left, bottom, right] = sides.map((side) => side / 1000);
  const isText = element['type'] === 'text';
  return {
    x: roundHalfEven(Math.min(left, right) * width),
    y: roundHalfEven(Math.min(top, bottom) * height),
    width: roundHalfEven(Math.abs(right - left) * width),
    height: roundHalfEven(Math.abs(bottom - top) * height),
    metadata: {
      type: isText ? 'text' : 'obj',
      text: isText ? textAt(element, 'text') : '',
      desc: textAt(element, 'desc'),
      palette: element['color_palette'] ?? [],
    },
  };
}

/** The regions of boxes, in fractions of a size. */
export const regionsOf = (boxes: readonly unknown[], { width, height }: Size): BoxRegion[] =>
  boxes.filter(isFields).map((box) => {
    const metadata = isFields(box['metadata']) ? box['metadata'] : {};
    const palette = metadata['palette'] ?? [];
    return {
      x: numberAt(box, 'x') / (width || 1),
      y: numberAt(box, 'y') / (height || 1),
      w: numberAt(box, 'width') / (width || 1),
      h: numberAt(box, 'height') / (height || 1),
      type: metadata['type'] === 'text' ? 'text' : 'obj',
      text: textAt(metadata, 'text'),
      desc: textAt(metadata, 'desc'),
      palette: Object.values(palette as object).filter((one) => typeof one === 'string'),
    };
  });

/** The boxes of regions in pixels, as the boxes of one image. */
export function boxesOfRegions(
  regions: readonly BoxRegion[],
  { width, height }: Size,
): BoundingBox[][] {
  const boxes = regions.map(({ x, y, w, h }) => ({
    x: roundHalfEven((w < 0 ? x + w : x) * width),
    y: roundHalfEven((h < 0 ? y + h : y) * height),
    width: roundHalfEven(Math.abs(w) * width),
    height: roundHalfEven(Math.abs(h) * height),
  }));
  return boxes.length > 0 ? [boxes] : [];
}

const MAX_COLOURS = 5;

/** The elements of a structured prompt. */
export const elementsOf = (regions: readonly BoxRegion[]): PromptElement[] =>
  regions.map(({ x, y, w, h, type, text, desc, palette }) => {
    const thousandths = (value: number): number =>
      Math.max(0, Math.min(1000, roundHalfEven(value * 1000)));
    const [rows, columns] = [
      [y, y + h],
      [x, x + w],
    ].map((ends) => ends.map(thousandths).sort((a, b) => a - b));
    const colours = palette.filter((one) => one !== '').map((one) => one.toUpperCase());
    return {
      type,
      bbox: [rows[0], columns[0], rows[1], columns[1]],
      ...(type === 'text' && { text }),
      desc,
      ...(colours.length > 0 && { color_palette: colours.slice(0, MAX_COLOURS) }),
    };
  });
