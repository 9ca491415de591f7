// Patches with and without alpha; the numbers are those of tensor_paste (Impact Pack 8.22
// utils.py): image1 = arange(6 * c1).reshape(1, 2, 3, c1) / 30, image2 = 1 - arange(2 * c2) / 20,
// at (1, 1).
import { expect, it } from 'vitest';
import { tensor } from '../../tensor/tensor.ts';
import { pasteMasked } from './paste.ts';

it.each([
  [4, 4, [0.5, 0.65, 0.6625, 0.675, 0.71125, 0.766667, 0.7375, 0.708333, 0.880417]],
  [4, 3, [0.5, 0.65, 0.6625, 0.675, 0.725, 0.804167, 0.775, 0.745833, 0.941667]],
  [3, 4, [0.366667, 0.5275, 0.543125, 0.55875, 0.64625, 0.638958, 0.631667]],
])('an image of %s channels and a patch of %s', (c1, c2, expected) => {
  const image = Float32Array.from({ length: 6 * c1 }, (_, i) => i / 30);
  const patch = Float32Array.from({ length: 2 * c2 }, (_, i) => 1 - i / 20);
  const pasted = pasteMasked(
    tensor([1, 2, 3, c1], image),
    tensor([1, 1, 2, c2], patch),
    { left: 1, top: 1 },
    tensor([1, 1, 2, 1], Float32Array.of(0.25, 0.75)),
  );
  expect(pasted.data.slice(0, 4 * c1)).toEqual(image.slice(0, 4 * c1));
  const changed = pasted.data.slice(4 * c1 - 1);
  for (const [i, value] of expected.entries()) expect(changed[i]).toBeCloseTo(value, 6);
});
