import { expect, it } from 'vitest';
import { encodeSixel } from './encode-sixel.ts';

/** The colours of a sequence by pixel, in percent, as a terminal draws them. */
function draw(sequence: string): (string | undefined)[][] {
  expect(sequence.startsWith('\u001bP0;1q"1;1;') && sequence.endsWith('\u001b\\')).toBe(true);
  const [, size, body] = /1;1;(\d+;\d+)(.*)/s.exec(sequence.slice(0, -2))!;
  const [width, height] = size.split(';').map(Number);
  const palette = new Map<string, string>();
  const pixels: (string | undefined)[][] = Array.from({ length: height }, () => Array(width));
  let [x, top, colour] = [0, 0, ''];
  for (const [, index, rgb, count, character, control] of body.matchAll(
    /#(\d+)(;2;\d+;\d+;\d+)?|(?:!(\d+))?([?-~])|([$-])/g,
  )) {
    if (rgb) palette.set(index, rgb.slice(3));
    else if (index) colour = palette.get(index)!;
    else if (control) [x, top] = [0, control === '-' ? top + 6 : top];
    else
      for (let n = Number(count ?? 1); n > 0; n--, x++)
        for (let row = 0; row < 6; row++)
          if ((character.charCodeAt(0) - 63) & (1 << row)) pixels[top + row][x] = colour;
  }
  return pixels;
}

it('draws every pixel, in the nearest colours on average', () => {
  const [width, height] = [13, 8];
  const colours = [
    [0, 0, 0],
    [255, 255, 255],
    [255, 0, 0],
    [0, 51, 255],
  ];
  const pixels = Array.from({ length: width * height }, (_, i) => colours[i % colours.length]);
  const bytes = Buffer.from(pixels.flat());
  const drawn = draw(encodeSixel({ width, height, channels: 3, bytes })).flat();
  expect(drawn.filter((_, i) => i % 4 < 3)).toEqual(
    pixels.filter((_, i) => i % 4 < 3).map((rgb) => rgb.map((v) => (v / 255) * 100).join(';')),
  );
  // 51 of 255 lies between the levels 0 and 17 %, which are mixed
  expect(new Set(drawn.filter((_, i) => i % 4 === 3))).toEqual(new Set(['0;17;100', '0;33;100']));
});

it('a grey is dithered to its mean', () => {
  const bytes = Buffer.alloc(16 * 16 * 3, 128);
  const drawn = draw(encodeSixel({ width: 16, height: 16, channels: 3, bytes })).flat();
  const mean = drawn.reduce((sum, rgb) => sum + Number(rgb!.split(';')[0]), 0) / drawn.length;
  expect(mean).toBeGreaterThan(48);
  expect(mean).toBeLessThan(52);
});
