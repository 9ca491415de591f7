// Texts as Pillow measures and draws them with its basic layout: glyph after glyph, lines under one
// another. Source: Pillow 13 src/_imagingft.c, src/PIL/ImageText.py, ImageDraw.py.
import { allocateBytes } from '../../tensor/allocate.ts';
import type { ByteImage } from '../image-bytes.ts';
import type { Font } from './freetype.ts';

/** Left, top, right and bottom in pixels. */
type TextBox = readonly [left: number, top: number, right: number, bottom: number];

export type TextAlign = 'left' | 'center' | 'right';

/** How a text of several lines is set. */
interface TextStyle {
  readonly font: Font;
  /** Pixels that glyphs grow in all directions. */
  readonly stroke: number;
  /** Pixels between lines, beyond their own height. */
  readonly spacing: number;
  readonly align: TextAlign;
}

/** The pixel of a position in 1/64 pixels. */
const pixelOf = (position: number): number => (position + 32) >> 6;
/** C's round. */
const round = (value: number): number => Math.sign(value) * Math.round(Math.abs(value));

/** The length of a text in pixels. */
export const textLength = (text: string, { measure }: Font): number =>
  [...text].reduce((sum, character) => sum + measure(character).advance, 0) / 64;

/** The box of a line around its pen position, and where its anchor is in it. */
function lineExtent(text: string, font: Font, align: TextAlign) {
  let [pen, left, right, bottom, top] = [0, 0, 0, 0, 0];
  for (const character of text) {
    const glyph = font.measure(character);
    const at = pixelOf(pen);
    pen += glyph.advance;
    right = Math.max(right, pixelOf(pen), glyph.right + at);
    left = Math.min(left, glyph.left + at);
    top = Math.max(top, glyph.top);
    bottom = Math.min(bottom, glyph.bottom);
  }
  const isEmpty = text === '';
  const anchors = { left: 0, center: pixelOf(Math.trunc(pen / 2)), right: pixelOf(pen) };
  return {
    width: right - left,
    height: top - bottom,
    x: left - anchors[align],
    y: isEmpty ? 0 : pixelOf(font.ascender) - top,
  };
}

/** ImageFont.getbbox, with the anchor at the ascender. */
function lineBox(text: string, font: Font, stroke: number, align: TextAlign = 'left'): TextBox {
  const { x, y, width, height } = lineExtent(text, font, align);
  return [x - stroke, y - stroke, x + width + stroke, y + height + stroke];
}

interface PlacedLine {
  readonly text: string;
  readonly x: number;
  readonly y: number;
}

/** The anchor of each line of a text whose anchor is at x, y. */
function placeLines(text: string, x: number, y: number, style: TextStyle): PlacedLine[] {
  const { font, stroke, spacing } = style;
  const lineHeight = lineBox('A', font, stroke)[3] + stroke + spacing;
  // alignment and anchor move a line by the same amount in opposite directions
  return text.split('\n').map((line, i) => ({ text: line, x, y: y + i * lineHeight }));
}

/** The box of a text of several lines at 0, 0, aligned to the left. */
export function textBox(text: string, style: Omit<TextStyle, 'align'>): TextBox {
  const boxes = placeLines(text, 0, 0, { ...style, align: 'left' }).map((line): TextBox => {
    const [left, top, right, bottom] = lineBox(line.text, style.font, style.stroke);
    return [left, top + line.y, right, bottom + line.y];
  });
  const of = (pick: (...values: number[]) => number, side: number): number =>
    pick(...boxes.map((box) => box[side]));
  return [of(Math.min, 0), of(Math.min, 1), of(Math.max, 2), of(Math.max, 3)];
}

/** A mask of one line with its position; `start` is the fraction of its anchor's position. */
function renderLine(
  text: string,
  { font, align }: TextStyle,
  stroke: number,
  start: readonly [number, number],
) {
  const extent = lineExtent(text, font, align);
  const width = extent.width + Math.ceil(stroke * 2 + start[0]);
  const height = extent.height + Math.ceil(stroke * 2 + start[1]);
  const bytes = allocateBytes(Math.max(width * height, 0));
  const mask = { width, height, channels: 1, bytes };
  const [x, y] = [round(extent.x - stroke), round(extent.y - stroke)];
  let [pen, left, top] = [0, 0, 0];
  for (const character of text) {
    const glyph = font.render(character, 0);
    top = Math.max(top, glyph.top);
    left = Math.min(left, glyph.left + pixelOf(pen));
    pen += font.measure(character).advance;
  }
  pen = round((-left + stroke + start[0]) * 64);
  const base = pixelOf(round((-top - stroke - start[1]) * 64));
  for (const character of text) {
    const glyph = font.render(character, stroke);
    addGlyph(mask, glyph, pixelOf(pen) + glyph.left, -(base + glyph.top));
    pen += font.measure(character).advance;
  }
  return { mask, x, y };
}

/** v*a/255, rounded in Pillow's integer arithmetic. */
const multiply255 = (v: number, a: number): number => {
  const t = v * a + 128;
  return ((t >> 8) + t) >> 8;
};

/** Adds a glyph to a mask, over what is there. */
function addGlyph(
  mask: ByteImage,
  glyph: { readonly width: number; readonly rows: number; readonly bytes: Uint8Array },
  left: number,
  top: number,
): void {
  for (let row = 0; row < glyph.rows; row++) {
    const y = top + row;
    if (y < 0 || y >= mask.height) continue;
    for (let column = 0; column < glyph.width; column++) {
      const x = left + column;
      const value = glyph.bytes[row * glyph.width + column];
      if (value === 0 || x < 0 || x >= mask.width) continue;
      const at = y * mask.width + x;
      mask.bytes[at] = Math.min(255, value + multiply255(mask.bytes[at], 255 - value));
    }
  }
}

/** Paints a colour into an RGB or RGBA image through a mask. */
function paint(
  image: ByteImage,
  mask: ByteImage,
  left: number,
  top: number,
  colour: readonly number[],
): void {
  for (let row = 0; row < mask.height; row++)
    for (let column = 0; column < mask.width; column++) {
      const [x, y] = [left + column, top + row];
      if (x < 0 || x >= image.width || y < 0 || y >= image.height) continue;
      const value = mask.bytes[row * mask.width + column];
      const at = (y * image.width + x) * image.channels;
      // colours of transparent pixels are replaced, not blended
      const isClear = image.channels === 4 && image.bytes[at + 3] === 0;
      const ofColours = value !== 0 && isClear ? 255 : value;
      for (let c = 0; c < image.channels; c++) {
        const share = c === 3 ? value : ofColours;
        const sum = image.bytes[at + c] * (255 - share) + colour[c] * share + 128;
        image.bytes[at + c] = ((sum >> 8) + sum) >> 8;
      }
    }
}

interface TextColours {
  /** Red, green, blue and alpha, 0 to 255. */
  readonly fill: readonly number[];
  /** Of what glyphs grow by. */
  readonly outline: readonly number[];
}

/** Draws a text of several lines with its anchor, the ascender, at x, y of an RGB or RGBA image. */
export function drawText(
  image: ByteImage,
  text: string,
  [x, y]: readonly [number, number],
  style: TextStyle,
  { fill, outline }: TextColours,
): void {
  const draw = (line: PlacedLine, stroke: number, colour: readonly number[]): void => {
    const [left, top] = [Math.trunc(line.x), Math.trunc(line.y)];
    const rendered = renderLine(line.text, style, stroke, [line.x - left, line.y - top]);
    paint(image, rendered.mask, left + rendered.x, top + rendered.y, colour);
  };
  for (const line of placeLines(text, x, y, style)) {
    if (style.stroke > 0) draw(line, style.stroke, outline);
    if (style.stroke === 0 || `${fill}` !== `${outline}`) draw(line, 0, fill);
  }
}
