// The embedded upscale model beside spandrel, which ComfyUI runs, and ncnn, whose file it was made
// from; and how ncnn's files are read.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { openModelFile } from '../src/formats/model-file.ts';
import { identifyModel } from '../src/models/inspect/inspect-model.ts';
import { loadUpscaler } from '../src/models/upscaler/load.ts';
import { createRuntime } from '../src/runtime/runtime.ts';
import { openEmbeddedModels } from '../src/storage/embedded-models.ts';
import { readNcnn } from '../training/ncnn.ts';
import { expectGolden, golden } from './support/golden.ts';

const root = mkdtempSync(join(tmpdir(), 'darkroom-embedded-upscaler-'));
const runtime = createRuntime({ threads: 1 });
afterAll(async () => {
  await runtime.close();
  rmSync(root, { recursive: true });
});

describe('the embedded upscale model', () => {
  const models = openEmbeddedModels();
  const name = 'realesr-animevideov3.safetensors';
  const file = (): string => models.unpack('upscale_models', name)!;

  it('is the only one, and says what it is', async () => {
    expect(models.names('upscale_models')).toEqual([name]);
    expect(await identifyModel(file())).toMatchObject({ kind: 'upscale model' });
    const { tensors, metadata, close } = await openModelFile(file());
    await close();
    // 18 convolutions, with slopes behind all but the last one, as in realesr-animevideov3.pth
    expect([...tensors.keys()].filter((key) => key.endsWith('.bias'))).toHaveLength(18);
    expect([...tensors.keys()].filter((key) => key.endsWith('.weight'))).toHaveLength(35);
    expect(tensors.get('body.34.weight')).toMatchObject({ dtype: 'F16', shape: [48, 64, 3, 3] });
    expect(tensors.get('body.33.weight')).toMatchObject({ dtype: 'F32', shape: [64] });
    expect(metadata).toMatchObject({ 'modelspec.license': 'BSD-3-Clause' });
  });

  const g = golden('upscaler', 'animevideo');
  it.each(g.cases)('enlarges as spandrel and ncnn do: $id', async ({ id, inputs, outputs }) => {
    const model = await loadUpscaler(file(), runtime);
    expect(model).toMatchObject({ architecture: 'SRVGGNetCompact', scale: 4 });
    const enlarged = await model.upscale(g.float(inputs.image));
    for (const original of ['spandrel', 'ncnn'])
      expectGolden(g, `${id}, ${original}`, outputs[original], enlarged);
  });
});

describe('a network of ncnn', () => {
  const PARAM = `7767517
3 3
Input input.1 0 1 data
Convolution Conv_0 1 1 data 1 0=1 1=1 5=1 6=3
PReLU PRelu_1 1 1 1 2 0=1
`;
  const float16 = [0x47, 0x6b, 0x30, 0x01];
  const read = (name: string, bytes: readonly number[]) => {
    const [param, bin] = ['param', 'bin'].map((ending) => join(root, `${name}.${ending}`));
    writeFileSync(param, PARAM);
    writeFileSync(bin, Buffer.from(bytes));
    return readNcnn(param, bin);
  };
  const floats = (...values: number[]) => [...new Uint8Array(Float32Array.from(values).buffer)];

  it.each([
    // 0x3c00, 0xc000, 0x3800, and two bytes that fill up the word
    ['F16', [...float16, 0, 0x3c, 0, 0xc0, 0, 0x38, 0, 0]],
    ['F32', [0, 0, 0, 0, ...floats(1, -2, 0.5)]],
  ])('has weights in %s, biases and slopes in F32', (dtype, weights) => {
    const { data, ...weight } = read(dtype, [...weights, ...floats(0.25, 0.1)])['body.0.weight'];
    expect(weight).toEqual({ dtype, shape: [1, 3, 1, 1] });
    expect(data).toEqual(Float32Array.of(1, -2, 0.5));
    const tensors = read(dtype, [...weights, ...floats(0.25, 0.1)]);
    expect(tensors['body.0.bias'].data).toEqual(Float32Array.of(0.25));
    expect(tensors['body.1.weight']).toEqual({
      ...{ dtype: 'F32', shape: [1], data: Float32Array.of(0.1) },
    });
  });

  it('is refused with quantised weights, and with bytes left over', () => {
    expect(() => read('int8', [0x38, 0x4b, 0x0d, 0, 1, 2, 3, 0])).toThrow('neither float16');
    const whole = [0, 0, 0, 0, ...floats(1, -2, 0.5, 0.25, 0.1)];
    expect(() => read('long', [...whole, 0, 0, 0, 0])).toThrow('4 bytes of weights are left over');
  });
});
