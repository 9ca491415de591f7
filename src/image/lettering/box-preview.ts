// The preview of boxes with their colours and texts over a darkened image.
// Source: ComfyUI 0.33.0 comfy_extras/nodes_bounding_boxes.py (render_preview), color_util.py.
import { splitWords } from '../../python-space.ts';
import { allocateBytes } from '../../tensor/allocate.ts';
import { roundHalfEven } from '../../tensor/round-half-even.ts';
import { hexColour, type Rgb } from '../colour/hex-colour.ts';
import { type Corners, fillRectangle, outlineRectangle } from '../compose/draw-rectangle.ts';
import type { Size } from '../geometry.ts';
import type { ByteImage } from '../image-bytes.ts';
import { pilResize } from '../resize/pil-resize.ts';
import { type Font, fontOf } from './freetype.ts';
import { drawText, textLength } from './pillow-text.ts';

/** A box in fractions of the image, with what it shall show. */
export interface BoxRegion {
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
  readonly type: 'text' | 'obj';
  /** The words to be written, of a region of the type text. */
  readonly text: string;
  readonly desc: string;
  /** Colours, `#rrggbb`. */
  readonly palette: readonly string[];
}

const LONGEST_SIDE = 1024;
const BRIGHTNESS = 0.25;
const GREY = 128;
const NO_COLOUR: Rgb = [140, 140, 140];
const MAX_SWATCHES = 5;
const WHITE: Rgb = [255, 255, 255];

const rgbOf = (text: string): Rgb => hexColour(text) ?? WHITE;
const luminance = ([r, g, b]: Rgb): number => 0.299 * r + 0.587 * g + 0.114 * b;

/** The colour, or a lighter one where it is too dark to read. */
function readable(colour: Rgb): number[] {
  const light = luminance(colour);
  if (light >= 130) return [...colour];
  const share = (130 - light) / (255 - light);
  return colour.map((value) => roundHalfEven(value + (255 - value) * share));
}

/** The preview, RGB: of the size of `background`, 1024 at most, or of `size` without one. */
export function boxPreview(
  regions: readonly BoxRegion[],
  size: Size,
  background: ByteImage | undefined,
): ByteImage {
  const base = darkened(background, size);
  const { width, height } = base;
  const overlay: ByteImage = {
    width,
    height,
    channels: 4,
    bytes: allocateBytes(width * height * 4),
  };
  const fontSize = Math.max(10, roundHalfEven(height / 64));
  const fonts = { body: fontOf(fontSize), tag: fontOf(Math.max(9, fontSize - 2)) };
  for (const [i, region] of regions.entries()) drawRegion(overlay, region, i + 1, fonts);
  return compose(base, overlay);
}

/** The background at a quarter of its brightness, or plain grey. */
function darkened(background: ByteImage | undefined, size: Size): ByteImage {
  const from = background ?? size;
  const scale = Math.min(1, LONGEST_SIDE / (Math.max(from.width, from.height) || 1));
  const [width, height] = [from.width, from.height].map((side) =>
    Math.max(1, roundHalfEven(side * scale)),
  );
  const bytes = allocateBytes(width * height * 3);
  if (!background) return { width, height, channels: 3, bytes: bytes.fill(BRIGHTNESS * GREY) };
  const { channels } = background;
  const rgb = allocateBytes(background.width * background.height * 3);
  for (let i = 0; i < rgb.length; i++)
    rgb[i] = background.bytes[Math.floor(i / 3) * channels + (i % 3)];
  const resized = pilResize(
    { ...background, channels: 3, bytes: rgb },
    { width, height },
    'lanczos',
  );
  resized.bytes.forEach((value, i) => {
    bytes[i] = Math.trunc(value * BRIGHTNESS);
  });
  return { width, height, channels: 3, bytes };
}

interface Fonts {
  readonly body: Font;
  readonly tag: Font;
}

/** A side of the preview within it, its ends in order. */
function span(from: number, length: number, side: number): [number, number] {
  const ends = [from, from + length].map((end) =>
    Math.max(0, Math.min(side, roundHalfEven(end * side))),
  );
  return [Math.min(...ends), Math.max(...ends)];
}

function drawRegion(overlay: ByteImage, region: BoxRegion, number: number, fonts: Fonts): void {
  const palette = region.palette.filter((colour) => colour !== '');
  const colour = palette.length > 0 ? rgbOf(palette[0]) : NO_COLOUR;
  const [left, right] = span(region.x, region.w, overlay.width);
  const [top, bottom] = span(region.y, region.h, overlay.height);
  outlineRectangle(overlay, { left, top, right, bottom }, [...colour, 255], 2);
  drawSwatches(overlay, palette.slice(0, MAX_SWATCHES), { left, top, right, bottom }, fonts);
  drawTag(overlay, String(number).padStart(2, '0'), left, top, colour, fonts);
  if (right - left > 8) drawBody(overlay, region, { left, top, right, bottom }, colour, fonts);
}

function drawSwatches(
  overlay: ByteImage,
  palette: readonly string[],
  { left, top, right }: Corners,
  { body: { size } }: Fonts,
): void {
  if (right - left <= 2) return;
  const bottom = top + Math.max(5, Math.floor(size / 2));
  const width = (right - left) / palette.length;
  for (const [i, colour] of palette.entries()) {
    const [from, to] = [i, i + 1].map((at) => left + roundHalfEven(at * width));
    fillRectangle(overlay, { left: from, right: to, top, bottom }, [...rgbOf(colour), 255]);
  }
}

function drawLine(
  overlay: ByteImage,
  text: string,
  position: readonly [number, number],
  font: Font,
  colour: readonly number[],
): void {
  const fill = [...colour, 255];
  drawText(
    overlay,
    text,
    position,
    { font, stroke: 0, spacing: 0, align: 'left' },
    {
      fill,
      outline: fill,
    },
  );
}

function drawTag(
  overlay: ByteImage,
  tag: string,
  left: number,
  top: number,
  colour: Rgb,
  fonts: Fonts,
): void {
  const right = left + textLength(tag, fonts.tag) + 6;
  const bottom = top + fonts.body.size + 2;
  fillRectangle(overlay, { left, top, right, bottom }, [...colour, 255]);
  const ink = luminance(colour) > 140 ? [0, 0, 0] : WHITE;
  drawLine(overlay, tag, [left + 3, top + 1], fonts.tag, ink);
}

function drawBody(
  overlay: ByteImage,
  { type, text, desc }: BoxRegion,
  { left, top, right, bottom }: Corners,
  colour: Rgb,
  { body: font }: Fonts,
): void {
  const body = type === 'text' && text ? `"${text}"${desc ? ` — ${desc}` : ''}` : desc;
  if (body === '') return;
  let y = top + font.size + 5;
  for (const line of wrapped(body, font, right - left - 8)) {
    if (y > bottom) return;
    drawLine(overlay, line, [left + 4, y], font, readable(colour));
    y += font.size + 2;
  }
}

/** Lines of whole words that fit into a width, where more than one word is in a line. */
const wrapped = (text: string, font: Font, width: number): string[] =>
  text.split('\n').flatMap((paragraph) => {
    const lines: string[] = [];
    let line = '';
    for (const word of splitWords(paragraph)) {
      const longer = line === '' ? word : `${line} ${word}`;
      if (line !== '' && textLength(longer, font) > width) {
        lines.push(line);
        line = word;
      } else line = longer;
    }
    return [...lines, line];
  });

/** PIL.Image.alpha_composite of an RGBA image over an opaque one. */
function compose(base: ByteImage, overlay: ByteImage): ByteImage {
  const bytes = allocateBytes(base.bytes.length);
  for (let i = 0; i < bytes.length; i++) {
    const at = Math.floor(i / 3) * 4;
    const alpha = overlay.bytes[at + 3];
    // 7 more bits of precision; the image below is opaque
    const share = Math.floor((alpha * 255 * 255 * 128) / (255 * 255));
    const sum = overlay.bytes[at + (i % 3)] * share + base.bytes[i] * (255 * 128 - share);
    const rounded = sum + (0x80 << 7);
    bytes[i] = alpha === 0 ? base.bytes[i] : (((rounded >> 8) + rounded) >> 8) >> 7;
  }
  return { ...base, bytes };
}
