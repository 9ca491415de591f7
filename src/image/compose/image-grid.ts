// Images side by side in rows. Source: ComfyUI 0.33.0 comfy_extras/nodes_dataset.py (ImageGrid).
import { allocateBytes } from '../../tensor/allocate.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { Size } from '../geometry.ts';
import { fromBytes, toBytes } from '../image-bytes.ts';
import { pilResize } from '../resize/pil-resize.ts';

export interface GridOptions {
  readonly columns: number;
  readonly cell: Size;
  /** Black pixels between cells. */
  readonly padding: number;
}

/** One image [1,H,W,3] of images [1,h,w,C], each resized to a cell. */
export function imageGrid(images: readonly Tensor[], options: GridOptions): Tensor {
  const { columns, cell, padding } = options;
  const rows = Math.ceil(images.length / columns);
  const width = columns * cell.width + (columns - 1) * padding;
  const height = rows * cell.height + (rows - 1) * padding;
  const grid = allocateBytes(width * height * 3);
  for (const [i, image] of images.entries()) {
    const [, h, w, channels] = image.shape;
    const { bytes } = pilResize(
      { width: w, height: h, channels, bytes: toBytes(image) },
      cell,
      'lanczos',
    );
    const left = (i % columns) * (cell.width + padding);
    const top = Math.floor(i / columns) * (cell.height + padding);
    for (let y = 0; y < cell.height; y++)
      for (let x = 0; x < cell.width; x++) {
        const from = (y * cell.width + x) * channels;
        const to = ((top + y) * width + left + x) * 3;
        for (let c = 0; c < 3; c++) grid[to + c] = bytes[from + (channels < 3 ? 0 : c)];
      }
  }
  return fromBytes(grid, [1, height, width, 3]);
}
