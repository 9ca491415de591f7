// Evaluates an upscaler: pads to the sides that the network accepts (as spandrel does), computes
// the head in strips, crops and clamps.
import { checkAborted } from '../../errors.ts';
import { cropPlanes } from '../../image/resize/common-upscale.ts';
import type { Graph } from '../../onnx/builder.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import { type Tensor, zeros } from '../../tensor/tensor.ts';
import type { UpscalerArchitecture, UpscalerHead } from './upscaler-kind.ts';

type Evaluate = (x: Tensor, signal?: AbortSignal) => Promise<Tensor>;

/** Output pixels that a head computes at once; 64 features of each take 128 MiB. */
const STRIP_PIXELS = 2 ** 19;

/**
 * Returns a function from images [1, 3, H, W] in 0..1 of any size to [1, 3, scale H, scale W] in
 * 0..1, over the weights of `file`.
 */
export function upscalerNetwork(
  architecture: UpscalerArchitecture,
  file: string,
  runtime: Runtime,
  stripPixels: number = STRIP_PIXELS,
): Evaluate {
  const { sides, scale } = architecture;
  const evaluate = createEvaluation(architecture, file, runtime, stripPixels);
  const roundUp = (side: number): number =>
    Math.ceil(Math.max(side, sides.minimum) / sides.multiple) * sides.multiple;
  return async (x, signal) => {
    const [, , height, width] = x.shape;
    const out = await evaluate(padReflected(x, roundUp(width), roundUp(height)), signal);
    return clamp(
      cropPlanes(out, { left: 0, top: 0, width: width * scale, height: height * scale }),
    );
  };
}

/** Returns the evaluation of the network, its head in strips. */
function createEvaluation(
  { graph, head }: UpscalerArchitecture,
  file: string,
  runtime: Runtime,
  stripPixels: number,
): Evaluate {
  const createPart = (name: string, build: () => Graph): Evaluate => {
    const network = runtime.network({ file, part: name, outputs: ['out'], build });
    return async (x, signal) => {
      checkAborted(signal);
      return (await network.run({ x })).out;
    };
  };
  const evaluateBody = createPart('upscaler', graph);
  if (!head) return evaluateBody;
  const evaluateHead = createPart('upscaler head', head.graph);
  return async (x, signal) =>
    inStrips(await evaluateBody(x, signal), head, stripPixels, (cells) =>
      evaluateHead(cells, signal),
    );
}

/**
 * Computes the head in strips of whole rows, each with the neighbouring rows that it depends on.
 * The result is the same, in bounded memory.
 */
async function inStrips(
  cells: Tensor,
  { scale, margin }: UpscalerHead,
  stripPixels: number,
  f: Evaluate,
): Promise<Tensor> {
  const [, , height, width] = cells.shape;
  const rows = Math.max(1, Math.floor(stripPixels / (width * scale * scale)));
  if (rows >= height) return f(cells);
  const strips: Tensor[] = [];
  for (let top = 0; top < height; top += rows) {
    const bottom = Math.min(height, top + rows);
    const from = Math.max(0, top - margin);
    const part = cropPlanes(cells, {
      left: 0,
      top: from,
      width,
      height: Math.min(height, bottom + margin) - from,
    });
    strips.push(
      cropPlanes(await f(part), {
        left: 0,
        top: (top - from) * scale,
        width: width * scale,
        height: (bottom - top) * scale,
      }),
    );
  }
  return stack(strips);
}

/** Stacks strips [1, C, h, W] vertically. */
function stack(strips: readonly Tensor[]): Tensor {
  const [, channels, , width] = strips[0].shape;
  const height = strips.reduce((sum, { shape }) => sum + shape[2], 0);
  const out = zeros([1, channels, height, width]);
  let top = 0;
  for (const { shape, data } of strips) {
    const size = shape[2] * width;
    for (let c = 0; c < channels; c++)
      out.data.set(data.subarray(c * size, (c + 1) * size), (c * height + top) * width);
    top += shape[2];
  }
  return out;
}

/**
 * Pads NCHW planes at the right and the bottom with their mirror image; beyond it, the last pixel
 * of the mirror image is repeated.
 */
function padReflected(x: Tensor, width: number, height: number): Tensor {
  const [n, c, h, w] = x.shape;
  if (width === w && height === h) return x;
  const sourceIndex = (index: number, size: number): number => {
    const mirrored = Math.min(index, 2 * size - 2);
    return mirrored < size ? mirrored : 2 * size - 2 - mirrored;
  };
  const out = zeros([n, c, height, width]);
  let to = 0;
  for (let plane = 0; plane < n * c; plane++)
    for (let y = 0; y < height; y++) {
      const row = (plane * h + sourceIndex(y, h)) * w;
      for (let i = 0; i < width; i++) out.data[to++] = x.data[row + sourceIndex(i, w)];
    }
  return out;
}

/** Clamps a tensor to 0..1 in place. */
export function clamp(x: Tensor): Tensor {
  for (let i = 0; i < x.data.length; i++) x.data[i] = Math.min(1, Math.max(0, x.data[i]));
  return x;
}
