// The control type of union ControlNets, and Canny edges.
import { expect, it } from 'vitest';
import { runNode } from '../../../../../test/support/run-node.ts';
import { canny } from '../../../../image/edges/canny.ts';
import type { ControlNet } from '../../../../models/controlnet/controlnet.ts';
import { type Tensor, tensor } from '../../../../tensor/tensor.ts';

it('SetUnionControlNetType sets the control type, and returns other networks', async () => {
  const controlTypes: (number | undefined)[] = [];
  const plain = { file: 'plain' } as ControlNet;
  const union: ControlNet = {
    ...plain,
    withKind: (kind) => {
      controlTypes.push(kind);
      return plain;
    },
  };
  for (const type of ['auto', 'openpose', 'tile', 'repaint'])
    expect(await runNode('SetUnionControlNetType', { control_net: union, type })).toEqual([plain]);
  expect(controlTypes).toEqual([undefined, 0, 6, 7]);
  expect(await runNode('SetUnionControlNetType', { control_net: plain, type: 'depth' })).toEqual([
    plain,
  ]);
});

it('Canny outputs edges as an image of three equal channels', async () => {
  const data = Float32Array.from({ length: 12 * 16 * 3 }, (_, i) =>
    Math.floor(i / 3) % 16 < 7 ? 0.1 : 0.9,
  );
  const image = tensor([1, 12, 16, 3], data);
  const [edges] = await runNode<[Tensor]>('Canny', {
    image,
    low_threshold: 0.4,
    high_threshold: 0.8,
  });
  expect(edges.shape).toEqual([1, 12, 16, 3]);
  const expected = canny(image, 0.4, 0.8).data;
  expect(expected.some((v) => v === 1)).toBe(true);
  expect(edges.data.every((v, i) => v === expected[Math.floor(i / 3)])).toBe(true);
});
