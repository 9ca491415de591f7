// A text at the top or bottom of an image, as large as fits.
// Source: ComfyUI 0.33.0 comfy_extras/nodes_text_overlay.py.
import { splitWords } from '../../python-space.ts';
import { allocateBytes } from '../../tensor/allocate.ts';
import { roundHalfEven } from '../../tensor/round-half-even.ts';
import type { Size } from '../geometry.ts';
import type { ByteImage } from '../image-bytes.ts';
import { type Font, fontOf } from './freetype.ts';
import { drawText, type TextAlign, textBox, textLength } from './pillow-text.ts';

interface OverlayOptions {
  /** Percent of the image's height. */
  readonly fontSize: number;
  /** Red, green, blue and alpha, 0 to 255. */
  readonly colour: readonly number[];
  readonly position: 'top' | 'bottom';
  readonly align: TextAlign;
  /** Draws a black outline around the text. */
  readonly outline: boolean;
}

const LINE_HEIGHT = 1.2;
const MARGIN_PERCENT = 1;
const LEAST_PERCENT = 2;
const LEAST_PIXELS = 10;
const OUTLINE_SHARE = 0.04;
/** Size of the next try, over that of a text that is too high. */
const SHRINK = 0.9;

/** The lines of a text that fit into a width; words that are too long are cut. */
function wrapText(text: string, font: Font, width: number): string[] {
  return text.split('\n').flatMap((raw) => {
    const words = splitWords(raw);
    if (words.length === 0) return [''];
    const lines: string[] = [];
    let current = '';
    for (let word of words) {
      for (;;) {
        const fitting = fittingPart(word, font, width);
        if (fitting === word) break;
        if (current !== '') lines.push(current);
        current = '';
        lines.push(fitting);
        word = word.slice(fitting.length);
      }
      const candidate = current === '' ? word : `${current} ${word}`;
      if (current === '' || textLength(candidate, font) <= width) current = candidate;
      else {
        lines.push(current);
        current = word;
      }
    }
    return current === '' ? lines : [...lines, current];
  });
}

/** The longest beginning of a word that fits, of one character at least. */
function fittingPart(word: string, font: Font, width: number): string {
  let part = '';
  let length = 0;
  for (const character of word) {
    length += font.measure(character).advance;
    if (part !== '' && length / 64 > width) return part;
    part += character;
  }
  return word;
}

/** The layer of a text, RGBA, for an image of a size. */
export function textOverlay(text: string, size: Size, options: OverlayOptions): ByteImage {
  const { width, height } = size;
  const bytes = allocateBytes(width * height * 4);
  const layer: ByteImage = { width, height, channels: 4, bytes };
  const margin = roundHalfEven((MARGIN_PERCENT / 100) * Math.min(width, height));
  const { style, block } = fitText(text, size, margin, options);
  const box = textBox(block, style);
  const x = { left: margin, center: width / 2, right: width - margin }[options.align];
  const y = options.position === 'bottom' ? height - margin - box[3] : margin - box[1];
  const outline = options.outline ? [0, 0, 0, 255] : [0, 0, 0, 0];
  const colours = { fill: options.colour, outline };
  drawText(layer, block, [x, y], { ...style, align: options.align }, colours);
  return layer;
}

/** The wrapped text and its style: of the requested size, or the largest tried that fits. */
function fitText(text: string, { width, height }: Size, margin: number, options: OverlayOptions) {
  const [maxWidth, maxHeight] = [width, height].map((side) => Math.max(1, side - 2 * margin));
  let size = Math.max(1, roundHalfEven((options.fontSize / 100) * height));
  const least = Math.min(
    size,
    Math.max(LEAST_PIXELS, roundHalfEven((LEAST_PERCENT / 100) * height)),
  );
  for (;;) {
    const font = fontOf(size);
    const stroke = options.outline ? Math.max(1, roundHalfEven(size * OUTLINE_SHARE)) : 0;
    const block = wrapText(text, font, maxWidth).join('\n');
    const heightOf = (sample: string): number => {
      const [, top, , bottom] = textBox(sample, { font, stroke, spacing: 0 });
      return bottom - top;
    };
    const natural = heightOf('Ay\nAy') - heightOf('Ay');
    const spacing = roundHalfEven(size * LINE_HEIGHT - natural);
    const style = { font, stroke, spacing };
    const [, top, , bottom] = textBox(block, style);
    if (bottom - top <= maxHeight || size <= least) return { style, block };
    size = Math.max(least, Math.trunc(size * SHRINK));
  }
}
