// Names and shapes of the tensors of UNets and their ControlNets, derived from the architectures
// (arXiv 2112.10752, 2307.01952, 2302.05543), in the layout of the published checkpoints.
import { type Put, putter, type Shapes } from './shapes.ts';

interface UNetSizes {
  readonly width: number;
  /**
   * Width of each level as a multiple of `width`, and the number of transformer blocks after each
   * of its residual blocks.
   */
  readonly levels: readonly { readonly times: number; readonly depth: number }[];
  readonly context: number;
  /** Width of the ADM vector. */
  readonly adm?: number;
  /** Whether transformers project by linear layers instead of 1x1 convolutions. */
  readonly linear?: boolean;
}

export const SD15: UNetSizes = {
  width: 320,
  levels: levels([1, 1], [2, 1], [4, 1], [4, 0]),
  context: 768,
};
export const SDXL: UNetSizes = {
  width: 320,
  levels: levels([1, 0], [2, 2], [4, 10]),
  context: 2048,
  adm: 2816,
  linear: true,
};
export const REFINER: UNetSizes = {
  width: 384,
  levels: levels([1, 0], [2, 4], [4, 4], [4, 0]),
  context: 1280,
  adm: 2560,
  linear: true,
};

function levels(...of: readonly (readonly [number, number])[]): UNetSizes['levels'] {
  return of.map(([times, depth]) => ({ times, depth }));
}

function residual(put: Put, at: string, from: number, to: number, time: number): void {
  put(`${at}.in_layers.0`, [from]);
  put(`${at}.in_layers.2`, [to, from, 3, 3]);
  put(`${at}.emb_layers.1`, [to, time]);
  put(`${at}.out_layers.0`, [to]);
  put(`${at}.out_layers.3`, [to, to, 3, 3]);
  if (from !== to) put(`${at}.skip_connection`, [to, from, 1, 1]);
}

function transformer(
  put: Put,
  at: string,
  c: number,
  depth: number,
  { context, linear }: UNetSizes,
): void {
  const projection = linear ? [c, c] : [c, c, 1, 1];
  put(`${at}.norm`, [c]);
  put(`${at}.proj_in`, projection);
  for (let i = 0; i < depth; i++) {
    const block = `${at}.transformer_blocks.${i}`;
    for (const [n, from] of [c, context].entries()) {
      put(`${block}.attn${n + 1}.to_q`, [c, c], false);
      for (const name of ['to_k', 'to_v']) put(`${block}.attn${n + 1}.${name}`, [c, from], false);
      put(`${block}.attn${n + 1}.to_out.0`, [c, c]);
    }
    put(`${block}.ff.net.0.proj`, [8 * c, c]);
    put(`${block}.ff.net.2`, [c, 4 * c]);
    for (const n of [1, 2, 3]) put(`${block}.norm${n}`, [c]);
  }
  put(`${at}.proj_out`, projection);
}

/** The first half and the middle; returns the widths of the skips. */
function firstHalf(put: Put, sizes: UNetSizes): { skips: number[]; middle: number } {
  const { width, adm } = sizes;
  const time = 4 * width;
  put('time_embed.0', [time, width]);
  put('time_embed.2', [time, time]);
  if (adm) {
    put('label_emb.0.0', [time, adm]);
    put('label_emb.0.2', [time, time]);
  }
  put('input_blocks.0.0', [width, 4, 3, 3]);
  const skips = [width];
  let [n, c] = [1, width];
  for (const [level, { times, depth }] of sizes.levels.entries()) {
    for (let i = 0; i < 2; i++, n++) {
      residual(put, `input_blocks.${n}.0`, c, times * width, time);
      c = times * width;
      if (depth > 0) transformer(put, `input_blocks.${n}.1`, c, depth, sizes);
      skips.push(c);
    }
    if (level === sizes.levels.length - 1) continue;
    put(`input_blocks.${n++}.0.op`, [c, c, 3, 3]);
    skips.push(c);
  }
  residual(put, 'middle_block.0', c, c, time);
  transformer(
    put,
    'middle_block.1',
    c,
    sizes.levels.findLast(({ depth }) => depth > 0)!.depth,
    sizes,
  );
  residual(put, 'middle_block.2', c, c, time);
  return { skips, middle: c };
}

export function unet(shapes: Shapes, prefix: string, sizes: UNetSizes): void {
  const put = putter(shapes, prefix);
  const { skips, middle } = firstHalf(put, sizes);
  let [n, c] = [0, middle];
  for (const [level, { times, depth }] of [...sizes.levels.entries()].reverse())
    for (let i = 0; i < 3; i++, n++) {
      residual(put, `output_blocks.${n}.0`, c + skips.pop()!, times * sizes.width, 4 * sizes.width);
      c = times * sizes.width;
      if (depth > 0) transformer(put, `output_blocks.${n}.1`, c, depth, sizes);
      if (i === 2 && level > 0) put(`output_blocks.${n}.${depth > 0 ? 2 : 1}.conv`, [c, c, 3, 3]);
    }
  put('out.0', [c]);
  put('out.2', [4, c, 3, 3]);
}

const HINT = [
  [16, 3],
  [16, 16],
  [32, 16],
  [32, 32],
  [96, 32],
  [96, 96],
  [256, 96],
] as const;

export function controlNet(shapes: Shapes, prefix: string, sizes: UNetSizes): void {
  const put = putter(shapes, prefix);
  const { skips, middle } = firstHalf(put, sizes);
  for (const [i, [to, from]] of HINT.entries()) put(`input_hint_block.${2 * i}`, [to, from, 3, 3]);
  put('input_hint_block.14', [sizes.width, 256, 3, 3]);
  for (const [i, c] of skips.entries()) put(`zero_convs.${i}.0`, [c, c, 1, 1]);
  put('middle_block_out.0', [middle, middle, 1, 1]);
}
