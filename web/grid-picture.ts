// Draws a grid with its labels as one picture.
import { pictureUrl } from './api.ts';
import { type GridLayout, gridLayout, textLines } from './grid-layout.ts';
import type { Grid } from './grid-plan.ts';
import type { Frame } from './history-frames.ts';
import type { Size } from './size.ts';

type FrameOf = (row: number, column: number) => Frame | undefined;

const PAPER = '#ffffff';
const INK = '#1c1917';
const EMPTY = '#e7e2da';

/** Returns a PNG. Pictures are loaded one after another: together they may be large. */
export async function drawGrid(grid: Grid, frameOf: FrameOf): Promise<Blob> {
  const first = grid.rows
    .flatMap((_, row) => grid.columns.map((_, column) => frameOf(row, column)))
    .find((frame) => frame?.picture);
  const size = await sizeOf(first);
  const hasRows = grid.yName !== undefined;
  const layout = gridLayout(grid.columns.length, grid.rows.length, size, hasRows);
  const canvas = new OffscreenCanvas(layout.width, layout.height);
  const context = canvas.getContext('2d');
  if (!context) throw new Error('This browser cannot draw the grid.');
  context.fillStyle = PAPER;
  context.fillRect(0, 0, layout.width, layout.height);
  drawLabels(context, grid, layout);
  for (const row of grid.rows.keys())
    for (const column of grid.columns.keys())
      await drawCell(context, frameOf(row, column), cellBox(layout, row, column));
  return canvas.convertToBlob({ type: 'image/png' });
}

const loadPicture = async (frame: Frame | undefined): Promise<ImageBitmap | undefined> => {
  if (!frame?.picture) return undefined;
  const response = await fetch(pictureUrl(frame.picture));
  return response.ok ? createImageBitmap(await response.blob()) : undefined;
};

async function sizeOf(frame: Frame | undefined): Promise<Size> {
  const bitmap = await loadPicture(frame);
  const size = { width: bitmap?.width ?? 512, height: bitmap?.height ?? 512 };
  bitmap?.close();
  return size;
}

interface Box extends Size {
  readonly x: number;
  readonly y: number;
}

const cellBox = ({ cell, gap, left, top }: GridLayout, row: number, column: number): Box => ({
  ...cell,
  x: left + gap + column * (cell.width + gap),
  y: top + gap + row * (cell.height + gap),
});

function drawLabels(
  context: OffscreenCanvasRenderingContext2D,
  { columns, rows, xName, yName }: Grid,
  layout: GridLayout,
): void {
  const { font, gap, left, top, cell } = layout;
  context.fillStyle = INK;
  context.textBaseline = 'middle';
  const write = (text: string, box: Box, lines: number, bold = false): void => {
    context.font = `${bold ? 600 : 400} ${font}px system-ui, sans-serif`;
    const fits = (line: string) => context.measureText(line).width <= box.width;
    const shown = textLines(text, lines, fits);
    for (const [i, line] of shown.entries()) {
      const offset = (i - (shown.length - 1) / 2) * font * 1.25;
      context.fillText(line, box.x, box.y + box.height / 2 + offset, box.width);
    }
  };
  const title = yName === undefined ? xName : `${xName} → · ${yName} ↓`;
  write(title, { x: gap, y: 0, width: layout.width - 2 * gap, height: font * 1.7 }, 1, true);
  for (const [column, label] of columns.entries()) {
    const { x, width } = cellBox(layout, 0, column);
    write(label, { x, y: font * 1.6, width, height: top - font * 1.6 }, 2);
  }
  if (yName === undefined) return;
  for (const [row, label] of rows.entries()) {
    const { y } = cellBox(layout, row, 0);
    write(label, { x: gap, y, width: left - gap, height: cell.height }, 5);
  }
}

/** Fits a picture into its cell. */
async function drawCell(
  context: OffscreenCanvasRenderingContext2D,
  frame: Frame | undefined,
  { x, y, width, height }: Box,
): Promise<void> {
  const bitmap = await loadPicture(frame);
  if (!bitmap) {
    context.fillStyle = EMPTY;
    context.fillRect(x, y, width, height);
    return;
  }
  const scale = Math.min(width / bitmap.width, height / bitmap.height);
  const [w, h] = [bitmap.width * scale, bitmap.height * scale];
  context.drawImage(bitmap, x + (width - w) / 2, y + (height - h) / 2, w, h);
  bitmap.close();
}
