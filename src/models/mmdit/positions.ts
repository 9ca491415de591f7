// Positions that are computed, for MMDiTs without a table
// (comfy/ldm/modules/diffusionmodules/mmdit.py, get_2d_sincos_pos_embed_torch).
import { allocate } from '../../tensor/allocate.ts';
import { linspace } from '../../tensor/float32/linspace.ts';
import { pow } from '../../tensor/float32/sleef.ts';
import { cos, sin } from '../../tensor/float32/trigonometry.ts';
import { type Tensor, tensor } from '../../tensor/tensor.ts';
import type { PatchGrid } from '../dit/patches.ts';

/** The middle of the shorter side, and half its length. */
const CENTRE = 7.5;

const PERIOD = 10000;

/** Returns sines and cosines of the columns, then of the rows, [rows * columns, width]. */
export function sincosPositions({ rows, columns }: PatchGrid, width: number): Tensor {
  const shorter = Math.min(rows, columns);
  const along = (count: number): Float32Array => {
    const reach = (count / shorter) * CENTRE;
    return linspace(CENTRE - reach, CENTRE + reach, count);
  };
  const [ys, xs] = [along(rows), along(columns)];
  const frequencies = frequenciesOf(width / 4);
  const out = allocate(rows * columns * width);
  const embed = (at: number, position: number): void => {
    for (const [i, frequency] of frequencies.entries()) {
      const angle = Math.fround(position * frequency);
      out[at + i] = sin(angle);
      out[at + frequencies.length + i] = cos(angle);
    }
  };
  for (let i = 0; i < rows * columns; i++) {
    embed(i * width, xs[i % columns]);
    embed(i * width + width / 2, ys[Math.floor(i / columns)]);
  }
  return tensor([rows * columns, width], out);
}

/** 1 / 10000 ** (i / count), in float32. */
const frequenciesOf = (count: number): Float32Array =>
  Float32Array.from({ length: count }, (_, i) => 1 / pow(PERIOD, Math.fround(i / count)));
