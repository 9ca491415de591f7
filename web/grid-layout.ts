// Where the parts of a grid's picture are, in pixels.
import { type Size, scaledSize } from './size.ts';

export interface GridLayout extends Size {
  /** Of a cell; pictures of other proportions are fitted into it. */
  readonly cell: Size;
  readonly font: number;
  readonly gap: number;
  /** The widths of the labels at the left and above. */
  readonly left: number;
  readonly top: number;
}

/** The largest side of a picture that browsers draw everywhere. */
const MAX_SIDE = 8192;
const MAX_PIXELS = 40e6;

/** The layout of a grid whose largest picture is `picture`; cells shrink until it is possible. */
export function gridLayout(
  columns: number,
  rows: number,
  picture: Size,
  hasRowLabels: boolean,
): GridLayout {
  const layout = (scale: number): GridLayout => {
    const cell = scaledSize(picture, scale);
    const font = Math.max(10, Math.round(Math.min(cell.width, cell.height) / 16));
    const gap = Math.max(2, Math.round(font / 3));
    const left = hasRowLabels ? font * 9 : 0;
    const top = Math.round(font * 4.2);
    return {
      ...{ cell, font, gap, left, top },
      width: left + columns * (cell.width + gap) + gap,
      height: top + rows * (cell.height + gap) + gap,
    };
  };
  let scale = 1;
  while (!isPossible(layout(scale)) && scale > 0.01) scale *= 0.9;
  return layout(scale);
}

const isPossible = ({ width, height }: Size): boolean =>
  Math.max(width, height) <= MAX_SIDE && width * height <= MAX_PIXELS;

/** Breaks a text into at most `count` lines that fit; the last one ends with `…` if it must. */
export function textLines(text: string, count: number, fits: (line: string) => boolean): string[] {
  const lines: string[] = [];
  let rest = text.trim();
  while (rest !== '' && lines.length < count) {
    const line = fits(rest)
      ? rest
      : lines.length === count - 1
        ? cut(rest, fits)
        : head(rest, fits);
    lines.push(line);
    rest = line === rest || line.endsWith('…') ? '' : rest.slice(line.length).trim();
  }
  return lines;
}

/** The longest beginning that fits, up to a space where there is one. */
function head(text: string, fits: (line: string) => boolean): string {
  const end = longest(text, fits);
  const space = text.lastIndexOf(' ', end);
  return text.slice(0, space > 0 ? space : Math.max(1, end));
}

const cut = (text: string, fits: (line: string) => boolean): string =>
  `${text.slice(
    0,
    longest(text, (line) => fits(`${line}…`)),
  )}…`;

function longest(text: string, fits: (line: string) => boolean): number {
  let [low, high] = [0, text.length];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (fits(text.slice(0, middle))) low = middle;
    else high = middle - 1;
  }
  return low;
}
