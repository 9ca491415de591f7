// Descriptions of quantised layers, as ComfyUI 0.33.0 reads them.
import { describe, expect, it } from 'vitest';
import { expectExact, golden } from '../../../test/support/golden.ts';
import { decodeFloat32 } from '../dtypes.ts';
import { parseSafetensors } from '../safetensors/safetensors.ts';
import { encodeSafetensors, type TensorToWrite } from '../safetensors/safetensors-write.ts';
import type { TensorFile, TensorInfo } from '../tensor-file.ts';
import { withScales } from './recognise-scales.ts';

const f8 = (shape: readonly number[]): TensorToWrite => ({
  dtype: 'F8_E4M3',
  shape,
  data: new Uint8Array(shape.reduce((n, d) => n * d, 1)).fill(0x38),
});
const i8 = (shape: readonly number[]): TensorToWrite => ({ ...f8(shape), dtype: 'I8' });
const f32 = (...values: number[]): TensorToWrite => ({
  dtype: 'F32',
  shape: values.length === 1 ? [] : [values.length],
  data: Float32Array.from(values),
});
const json = (value: unknown): TensorToWrite => {
  const data = new TextEncoder().encode(JSON.stringify(value));
  return { dtype: 'U8', shape: [data.length], data };
};

async function opened(
  tensors: Readonly<Record<string, TensorToWrite>>,
  metadata?: Readonly<Record<string, string>>,
): Promise<TensorFile> {
  const bytes = Buffer.concat(encodeSafetensors(tensors, metadata));
  const file = await parseSafetensors('model.safetensors', bytes);
  return file.withTensors(await withScales(file));
}

const scaled = (info: TensorInfo | undefined) => ({
  dtype: info?.dtype,
  count: info?.scaling?.scale.shape.reduce((n, d) => n * d, 1),
  rotation: info?.scaling?.rotation,
});

describe('withScales', () => {
  const g = golden('weights', 'fp8');

  it.each(g.cases.filter(({ params }) => params.fn === 'convert_old_quants'))(
    '$id has the layers of the original',
    async ({ params, scalars }) => {
      const tensors: Record<string, TensorToWrite> = {};
      for (const key of params.keys as string[])
        tensors[key] = /\.weight$/.test(key) ? f8([2, 2]) : f32(0.5);
      const { tensors: found } = await opened({ ...tensors, 'norm.weight': f32(1, 2) });
      const layers = Object.keys(scalars!.comfy_quant).map((name) => name.replace(/\.\w+$/, ''));
      const names = [...found].flatMap(([name, info]) => (info.scaling ? [name] : []));
      expect(names.sort()).toEqual(layers.map((layer) => `${layer}.weight`));
      expect([...found.keys()].sort()).toEqual([...names, 'norm.weight']);
    },
  );

  it('decodes every fp8 value as torch does', () => {
    const bytes = g.tensor('all_values/bytes').data as Uint8Array;
    const values = (dtype: 'F8_E4M3' | 'F8_E5M2') => decodeFloat32(dtype, bytes);
    expectExact(g, 'all_values', 'all_values/e4m3fn', values('F8_E4M3'));
    expectExact(g, 'all_values', 'all_values/e5m2', values('F8_E5M2'));
  });

  it('reads descriptions of single layers and of the metadata', async () => {
    const layers = { b: { format: 'float8_e5m2' }, 'not.there': { format: 'int8_tensorwise' } };
    const { tensors, read } = await opened(
      {
        'a.weight': i8([4, 256]),
        'a.weight_scale': f32(1, 2, 3, 4),
        'a.comfy_quant': json({ format: 'int8_tensorwise', params: { convrot: true } }),
        'model.diffusion_model.b.weight': { ...f8([2, 2]), dtype: 'U8' },
        'model.diffusion_model.b.weight_scale': f32(2),
        'c.weight': f8([2, 3]),
        'c.weight_scale': f32(0.5, 2),
        'd.weight': f8([1, 1]),
      },
      { _quantization_metadata: JSON.stringify({ layers }) },
    );
    expect([...tensors.keys()].sort()).toEqual(
      ['a.weight', 'c.weight', 'd.weight', 'model.diffusion_model.b.weight'].sort(),
    );
    expect(scaled(tensors.get('a.weight'))).toEqual({ dtype: 'I8', count: 4, rotation: 256 });
    const b = tensors.get('model.diffusion_model.b.weight');
    expect(scaled(b)).toEqual({ dtype: 'F8_E5M2', count: 1, rotation: undefined });
    // 0x38 is 1 in e4m3
    expect([...(await read('c.weight')).data]).toEqual([0.5, 0.5, 0.5, 2, 2, 2]);
    expect([...(await read('d.weight')).data]).toEqual([1]);
  });

  const layer = (tensors: Readonly<Record<string, TensorToWrite>>, description: unknown) =>
    opened({ 'a.comfy_quant': json(description), ...tensors });

  it.each<[string, Parameters<typeof layer>, string]>([
    [
      'an unknown quantisation',
      [{ 'a.weight': f8([2, 2]) }, { format: 'nvfp4' }],
      'has weights in the quantisation nvfp4',
    ],
    [
      'a description that is no object',
      [{ 'a.weight': f8([2, 2]) }, 'text'],
      'describes its quantised layers in a.comfy_quant, but not as JSON',
    ],
    [
      'another type than described',
      [{ 'a.weight': f32(1, 2) }, { format: 'int8_tensorwise' }],
      'has F32 weights that it describes as int8_tensorwise',
    ],
    [
      'missing scales',
      [{ 'a.weight': i8([2, 4]) }, { format: 'int8_tensorwise' }],
      'lacks the scales of int8 weights',
    ],
    [
      'scales that do not fit',
      [{ 'a.weight': i8([2, 4]), 'a.weight_scale': f32(1, 2, 3) }, { format: 'int8_tensorwise' }],
      'has scales of an unknown kind, F32 [3] for I8 [2,4]',
    ],
    [
      'a rotation that does not fit',
      [
        { 'a.weight': i8([2, 4]), 'a.weight_scale': f32(1) },
        { format: 'int8_tensorwise', convrot: true, convrot_groupsize: 16 },
      ],
      'has rows of [2,4] rotated in groups of 16',
    ],
  ])('names %s', async (_, [tensors, description], message) => {
    await expect(layer(tensors, description)).rejects.toMatchObject({
      code: 'DR_MODEL_UNSUPPORTED',
      message: expect.stringContaining(message),
      hint: 'Use a version of the model in fp8, int8, GGUF, bf16 or fp16.',
    });
  });
});
