// Files in a models folder that are not models are refused with a sentence that names the file and
// says what it is.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import sharp from 'sharp';
import { afterAll, describe, expect, it } from 'vitest';
import { dict, pickle } from '../../test/support/files/pickle.ts';
import { zipOf } from '../../test/support/files/zip.ts';
import { fixtureModel } from '../../test/support/golden.ts';
import { createGraph } from '../onnx/builder.ts';
import { foreignModel } from './identify/foreign-models.ts';
import { identify } from './identify/identify.ts';
import { describeModelFile, openModelFile } from './model-file.ts';
import type { TensorInfo } from './tensor-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'model-file-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const put = (name: string, bytes: Uint8Array | string): string => {
  const file = join(folder, name);
  writeFileSync(file, bytes);
  return file;
};
const archive = (...names: readonly string[]) =>
  zipOf(names.map((name) => ({ name, data: Buffer.from('{}') })));
const onnx = (): Uint8Array => {
  const graph = createGraph();
  graph.output('out', graph.floats([1]), [1]);
  return graph.serialize();
};
const image = (format: 'png' | 'jpeg' | 'webp') =>
  sharp({ create: { width: 8, height: 8, channels: 3, background: '#fff' } })
    [format]()
    .toBuffer();
const model = () => readFileSync(fixtureModel('tinyti'));

describe('files that are not models', () => {
  const kinds: Readonly<Record<string, () => Uint8Array | string | Promise<Buffer>>> = {
    'is empty': () => '',
    'begins with zeros only': () => Buffer.alloc(4096),
    'is a Git LFS pointer': () =>
      'version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 4265380512\n',
    'is a web page (HTML)': () =>
      '<!DOCTYPE html>\n<html><head><title>Log in</title></head><body></body></html>\n',
    'is an XML document': () => '<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>',
    'is a JSON document': () =>
      '{"error":"Access to model is restricted. You must be authenticated to access it."}',
    'is a TensorFlow.js model': () => '{"format": "layers-model", "generatedBy": "keras v2.10.0"}',
    'is the index of a model in several files': () =>
      '{\n  "metadata": {\n    "total_size": 10265380512\n  },\n  "weight_map": {',
    'is not a valid GGUF file: it ends within its header': () =>
      Buffer.from('GGUF\x03\0\0\0\x10\0\0\0\0\0\0\0', 'latin1'),
    'is an ONNX model': onnx,
    'is an HDF5 file': () => Buffer.from('89484446' + '0d0a1a0a00000000', 'hex'),
    'is a NumPy array': () => Buffer.from('\x93NUMPY\x01\0v\0{', 'latin1'),
    'is the description of an ncnn network': () => '7767517\n75 83\nInput data 0 1 data\n',
    'has the weights of an ncnn network': () => Buffer.from('476b30019b2aa330', 'hex'),
    'is a 7z archive': () => Buffer.from('377abcaf271c0004', 'hex'),
    'is a RAR archive': () => Buffer.from('526172211a0701003392b5e5', 'hex'),
    'is a gzip archive': () => gzipSync(model()),
    'is a tar archive': () =>
      Buffer.concat([Buffer.alloc(257, 'a'), Buffer.from('ustar\x0000'), Buffer.alloc(248)]),
    'is an image (PNG)': () => image('png'),
    'is an image (JPEG)': () => image('jpeg'),
    'is an image (WebP)': () => image('webp'),
    'is a PDF document': () => '%PDF-1.7\n1 0 obj\n',
    'is a program': () => Buffer.from('7f454c4602010100', 'hex'),
    'is an empty archive': () => zipOf([]),
    'is an archive without a model': () => archive('readme.txt'),
    'is a TorchScript program': () =>
      archive('net/data.pkl', 'net/constants.pkl', 'net/code/net.py'),
    'is a packed diffusers folder': () => archive('sd/model_index.json', 'sd/unet/config.json'),
    'is an archive that contains a .safetensors file': () => archive('model.safetensors'),
    'is a Python pickle, but none that torch wrote': () => pickle(dict()),
    'is not in a model format (it begins with 68 65 6c 6c 6f)': () => 'hello',
  };
  it.each(Object.entries(kinds))('refuses a file that %s', async (what, bytes) => {
    for (const name of ['model.ckpt', 'model.safetensors']) {
      if (what.startsWith('is not in a model format') && name.endsWith('.safetensors')) continue;
      const file = put(name, await bytes());
      const error = await openModelFile(file).catch((e) => e);
      expect(error).toMatchObject({
        code: 'DR_MODEL_INVALID',
        file,
        hint: expect.stringMatching(/^[A-Z].*\.$/),
      });
      expect(error.message.startsWith(`${file} ${what}`), error.message).toBe(true);
      await expect(describeModelFile(file)).rejects.toMatchObject({ message: error.message });
    }
  });

  it('refuses folders and missing files', async () => {
    const diffusers = join(folder, 'diffusers');
    mkdirSync(diffusers);
    await expect(openModelFile(diffusers)).rejects.toMatchObject({
      message: `${diffusers} is a folder, not a model file`,
    });
    put('diffusers/model_index.json', '{}');
    await expect(openModelFile(diffusers)).rejects.toMatchObject({
      message: `${diffusers} is a diffusers folder, not a model file`,
    });
    await expect(openModelFile(join(folder, 'none.ckpt'))).rejects.toMatchObject({
      code: 'DR_FILE_MISSING',
    });
  });

  it('refuses incomplete downloads', async () => {
    const bytes = model();
    for (const part of [4, 8, 100, bytes.length - 1]) {
      const error = await openModelFile(put('part.safetensors', bytes.subarray(0, part))).catch(
        (e) => e,
      );
      expect(error.code).toBe('DR_SAFETENSORS_INVALID');
    }
  });

  it('recognises formats by content, whatever the file name', async () => {
    const torch = readFileSync(new URL('../../test/fixtures/torch/inversion.pt', import.meta.url));
    for (const [name, bytes, tensor] of [
      ['torch.safetensors', torch, 'string_to_param.*'],
      ['safetensors.ckpt', model(), 'clip_g'],
      ['without-ending', model(), 'clip_g'],
    ] as const) {
      const opened = await openModelFile(put(name, bytes));
      expect(opened.tensors.has(tensor), name).toBe(true);
      await opened.close();
    }
  });
});

it('names models of unsupported kinds', () => {
  const reasonOf = (...names: readonly string[]) => {
    const info: TensorInfo = { dtype: 'F32', shape: [1, 1, 1, 1], offset: 0, byteLength: 4 };
    const found = identify(new Map(names.map((name) => [name, info])));
    return found.kind === 'unknown' ? found.reason : found.kind;
  };
  const unet = 'model.diffusion_model.';
  expect(
    reasonOf(
      `${unet}input_blocks.0.0.weight`,
      `${unet}out.2.weight`,
      `${unet}input_blocks.1.0.time_stack.in_layers.0.weight`,
    ),
  ).toBe('a Stable Video Diffusion model (video)');
  expect(reasonOf('head.modulation')).toBe('a Wan model (video)');
  expect(reasonOf(`${unet}mlp_t5.0.weight`)).toBe('a Hunyuan-DiT model');
  const longCat = ['double_blocks.0.img_mod.lin.weight', 'img_in.weight'];
  expect(reasonOf(...longCat, 'double_blocks.0.img_mlp.gate_proj.weight')).toBe(
    'an Ovis-Image model',
  );
  expect(reasonOf('layers.0.mlp.linear_fc2.weight')).toBe('an ERNIE-Image model');
  const omniGen = 'time_caption_embed.timestep_embedder.linear_1.bias';
  const boogu = 'double_stream_layers.0.img_instruct_attn.processor.img_to_q.weight';
  expect([reasonOf(omniGen), reasonOf(omniGen, boogu)]).toEqual([
    'an OmniGen model',
    'a Boogu model',
  ]);
  expect(reasonOf('768.0.linear.0.weight')).toBe('a hypernetwork');
  expect(foreignModel(new Set([`${unet}input_blocks.0.0.weight`]))).toBeUndefined();
});
