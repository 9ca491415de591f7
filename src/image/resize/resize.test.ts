import { describe, expect, it } from 'vitest';
import { expectExact, expectGolden, golden, type Params } from '../../../test/support/golden.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { toNHWC } from '../channel-order.ts';
import { toBytes } from '../image-bytes.ts';
import { commonUpscale } from './common-upscale.ts';
import {
  rescaledSize,
  resizeMask,
  resizeSupersampled,
  steppedSize,
  tensorResize,
} from './impact-resize.ts';
import { PIL_FILTERS, pilResize } from './pil-resize.ts';
import { interpolate } from './torch-interpolate.ts';

describe('golden resize', () => {
  const upscales = golden('resize', 'common_upscale');
  const methods = [...new Set(upscales.cases.map((c) => c.params.method as string))];
  it.each(methods)('common_upscale %s', (method) => {
    for (const c of upscales.cases.filter((c) => c.params.method === method)) {
      const got = commonUpscale(
        upscales.float(c.inputs.src),
        { width: c.params.width, height: c.params.height },
        c.params.method,
        c.params.crop,
      );
      expectGolden(upscales, c.id, c.outputs.out, got);
    }
  });

  const pil = golden('resize', 'pil');
  it.each(PIL_FILTERS.map((name, number) => ({ name, number })))(
    'PIL $name',
    ({ name, number }) => {
      const cases = pil.cases.filter((c) => c.params.filter === number);
      expect(cases.length).toBeGreaterThan(10);
      for (const c of cases) {
        const source = pil.tensor(c.inputs.src);
        const [height, width, channels = 1] = source.shape;
        const got = pilResize(
          { width, height, channels, bytes: source.data as Uint8Array },
          { width: c.params.width, height: c.params.height },
          name,
        );
        expectExact(pil, c.id, c.outputs.out, got.bytes);
      }
    },
  );

  const sizeOf = ({ shape: [, height, width] }: Tensor) => ({ height, width });
  const impact: Record<string, (x: Tensor, p: Params) => Tensor> = {
    tensor_resize: (x, p) => tensorResize(x, { width: p.w, height: p.h }),
    'tensor_resize (1 channel -> bilinear)': (x, p) => tensorResize(x, { width: p.w, height: p.h }),
    resize_mask: (x, p) => resizeMask(x, { width: p.size_hw[1], height: p.size_hw[0] }),
    'segs_upscaler.upscaler': (x, p) =>
      resizeSupersampled(x, rescaledSize(sizeOf(x), p.rescale_factor), p.supersample === 'true'),
    'apply_resize_image mode=resize': (x, p) =>
      resizeSupersampled(x, steppedSize(sizeOf(x), p.width, p.rounding_modulus), false),
  };
  it('resizes as the Impact Pack’s functions', () => {
    const g = golden('resize', 'impact');
    for (const c of g.cases) {
      const got = impact[c.params.fn](g.float(c.inputs.image ?? c.inputs.mask), c.params);
      expectGolden(g, c.id, c.outputs.out, got);
    }
  });
});

describe('interpolate', () => {
  const row = (...values: number[]): Tensor => ({
    shape: [1, 1, 1, values.length],
    data: Float32Array.from(values),
  });

  it('picks the pixel at the floor of i * scale in mode nearest', () => {
    // F.interpolate(torch.arange(5.)[None,None,None], size=(1, 3), mode='nearest') -> 0 1 3
    expect([...interpolate(row(0, 1, 2, 3, 4), { height: 1, width: 3 }, 'nearest').data]).toEqual([
      0, 1, 3,
    ]);
    expect([...interpolate(row(0, 1, 2), { height: 1, width: 6 }, 'nearest').data]).toEqual([
      0, 0, 1, 1, 2, 2,
    ]);
  });

  it('returns the same values for the same size in every mode', () => {
    const x = row(0.1, -3, 7.25, 1e-4);
    for (const mode of ['nearest', 'nearest-exact', 'bilinear', 'bicubic', 'area'] as const)
      expect([...interpolate(x, { height: 1, width: 4 }, mode).data], mode).toEqual([...x.data]);
  });

  it('refuses empty sizes', () => {
    expect(() => interpolate(row(1), { height: 0, width: 1 }, 'bilinear')).toThrow('internal:');
  });
});

it('converts values to bytes by truncation', () => {
  // np.clip(255. * np.float32([-1, 0.5, 0.999, 1, 2]), 0, 255).astype(np.uint8)
  expect([...toBytes({ shape: [5], data: Float32Array.from([-1, 0.5, 0.999, 1, 2]) })]).toEqual([
    0, 127, 254, 255, 255,
  ]);
});

it('transposes NCHW to NHWC', () => {
  expect(toNHWC({ shape: [1, 2, 1, 3], data: Float32Array.from([1, 2, 3, 4, 5, 6]) }).data).toEqual(
    Float32Array.from([1, 4, 2, 5, 3, 6]),
  );
});
