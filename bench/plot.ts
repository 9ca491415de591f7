// Draws a line chart as SVG: axes from 0, round ticks, a marker at every measured point, each
// series labelled at its last point.

export interface Series {
  readonly name: string;
  readonly points: readonly { readonly x: number; readonly y: number }[];
}

export interface Chart {
  readonly title: string;
  readonly x: string;
  readonly y: string;
  /** Labels of the x axis; the measured values by default. */
  readonly ticks?: readonly { readonly at: number; readonly text: string }[];
  readonly series: readonly Series[];
}

const WIDTH = 640;
const HEIGHT = 360;
const EDGE = { left: 64, right: 150, top: 44, bottom: 52 };
/** Distinguishable without colour vision (Okabe and Ito 2008). */
const COLOURS = ['#0072b2', '#d55e00', '#009e73', '#cc79a7'];
const LINE = 15;
const INK = '#444';
const GRID = '#ddd';

/** Returns the bytes of an SVG file. */
export function lineChart({ title, x, y, ticks, series }: Chart): string {
  const all = series.flatMap(({ points }) => points);
  const [xMost, step] = [
    Math.max(...all.map((p) => p.x)),
    roundStep(Math.max(...all.map((p) => p.y)) / 5),
  ];
  const yMost = step * Math.ceil(Math.max(...all.map((p) => p.y)) / step);
  const left = (value: number): number =>
    EDGE.left + (value / xMost) * (WIDTH - EDGE.left - EDGE.right);
  const top = (value: number): number =>
    HEIGHT - EDGE.bottom - (value / yMost) * (HEIGHT - EDGE.top - EDGE.bottom);
  const marks = ticks ?? [...new Set(all.map((p) => p.x))].map((at) => ({ at, text: String(at) }));
  const text = (at: readonly [number, number], words: string, more = ''): string =>
    `<text x="${tidy(at[0])}" y="${tidy(at[1])}" ${more}>${escaped(words)}</text>`;
  const line = (
    from: readonly [number, number],
    to: readonly [number, number],
    colour: string,
  ): string =>
    `<line x1="${tidy(from[0])}" y1="${tidy(from[1])}" x2="${tidy(to[0])}" y2="${tidy(to[1])}" ` +
    `stroke="${colour}"/>`;

  const ends = apart(series.map(({ points }) => top(points[points.length - 1].y) + 4));

  const parts = [
    text([EDGE.left, 24], title, 'font-size="15" font-weight="600"'),
    ...Array.from({ length: Math.round(yMost / step) + 1 }, (_, i) => i * step).flatMap((value) => [
      line([EDGE.left, top(value)], [WIDTH - EDGE.right, top(value)], GRID),
      text(
        [EDGE.left - 8, top(value) + 4],
        String(Number(value.toPrecision(6))),
        'text-anchor="end"',
      ),
    ]),
    ...marks.flatMap(({ at, text: words }) => [
      line([left(at), top(0)], [left(at), top(0) + 5], INK),
      text([left(at), top(0) + 20], words, 'text-anchor="middle"'),
    ]),
    line([EDGE.left, top(0)], [WIDTH - EDGE.right, top(0)], INK),
    text([(EDGE.left + WIDTH - EDGE.right) / 2, HEIGHT - 10], x, 'text-anchor="middle"'),
    text(
      [0, 0],
      y,
      `text-anchor="middle" transform="translate(16 ${(EDGE.top + HEIGHT - EDGE.bottom) / 2}) ` +
        'rotate(-90)"',
    ),
    ...series.flatMap(({ name, points }, i) => {
      const colour = COLOURS[i % COLOURS.length];
      const path = points.map((p) => `${tidy(left(p.x))},${tidy(top(p.y))}`).join(' ');
      const last = points[points.length - 1];
      return [
        `<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="2"/>`,
        ...points.map(
          (p) =>
            `<circle cx="${tidy(left(p.x))}" cy="${tidy(top(p.y))}" r="3.5" fill="${colour}"/>`,
        ),
        text([left(last.x) + 8, ends[i]], name, `fill="${colour}"`),
      ];
    }),
  ];
  const style = `font-family="system-ui, sans-serif" font-size="12" fill="${INK}"`;
  const head =
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" ` +
    `height="${HEIGHT}" ${style}>`;
  const ground = `<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>`;
  return `${[head, `<title>${title}</title>`, ground, ...parts].join('\n')}\n</svg>\n`;
}

/** Moves labels down until none overlaps another. */
function apart(places: readonly number[]): number[] {
  const order = places.map((_, i) => i).sort((a, b) => places[a] - places[b]);
  const moved = [...places];
  for (const [n, i] of order.entries())
    if (n > 0) moved[i] = Math.max(moved[i], moved[order[n - 1]] + LINE);
  return moved;
}

/** The smallest of 1, 2 or 5 times a power of ten that is at least `least`. */
function roundStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least));
  return [1, 2, 5, 10].map((n) => n * power).find((step) => step >= least * (1 - 1e-9))!;
}

const tidy = (value: number): string => String(Number(value.toFixed(1)));
const escaped = (words: string): string => words.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
