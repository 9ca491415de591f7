// A contact sheet of the images of draw.ts: npx tsx training/sheet.ts FOLDER FILE.webp. One image
// of every subject by the base only, then a row by base and refiner; always the first image,
// unselected.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';

const COLUMNS = 12;
const SIDE = 112;
const GAP = 6;
const LABEL = 26;
const SUBJECTS = 72;

interface Cell {
  readonly file: string;
  readonly lines: readonly string[];
}

const [folder, target] = process.argv.slice(2);
if (!folder || !target) throw new Error('Usage: sheet.ts FOLDER FILE.webp');
const prompts: { prompt: string }[] = JSON.parse(
  readFileSync(join(import.meta.dirname, 'prompts.json'), 'utf8'),
);

function cell(way: string, index: number): Cell {
  const [subject, ...rest] = prompts[index].prompt.split(', ');
  const tail = rest.map((part) => part.replace(/ (style|background)$/, '')).join(', ');
  return {
    file: join(folder, way, `${String(index).padStart(3, '0')}-1.png`),
    lines: [subject, way === 'refined' ? `${tail} (refined)` : tail],
  };
}

const cells = [
  ...Array.from({ length: SUBJECTS }, (_, i) => cell('base', i)),
  ...Array.from({ length: COLUMNS }, (_, i) => cell('refined', i)),
];
const width = COLUMNS * (SIDE + GAP) - GAP;
const rows = Math.ceil(cells.length / COLUMNS);
const height = rows * (SIDE + LABEL + GAP) - GAP;
const place = (i: number) => ({
  left: (i % COLUMNS) * (SIDE + GAP),
  top: Math.floor(i / COLUMNS) * (SIDE + LABEL + GAP),
});
const line = (words: string, x: number, y: number) =>
  `<text x="${x}" y="${y}" text-anchor="middle" font-family="sans-serif" font-size="10" ` +
  `fill="#444">${words}</text>`;
const labels = cells.flatMap(({ lines }, i) =>
  lines.map((words, k) => line(words, place(i).left + SIDE / 2, place(i).top + SIDE + 11 + 12 * k)),
);
const svg = Buffer.from(
  `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" ` +
    `height="${height}">${labels.join('')}</svg>`,
);
const pictures = await Promise.all(
  cells.map(async ({ file }, i) => ({
    input: await sharp(file).resize(SIDE, SIDE).png().toBuffer(),
    ...place(i),
  })),
);
await sharp({ create: { width, height, channels: 3, background: '#eee' } })
  .composite([{ input: svg, left: 0, top: 0 }, ...pictures])
  .webp({ quality: 82 })
  .toFile(target);
