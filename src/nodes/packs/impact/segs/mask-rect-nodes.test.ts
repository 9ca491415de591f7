// Rectangular masks from the editor's properties; the numbers are those of
// MaskRectArea().create_mask and MaskRectAreaAdvanced().create_mask_advanced (Impact Pack 8.22,
// OpenCV 5.0).
import { expect, it } from 'vitest';
import { node, runPrompt } from '../../../../../test/support/show-node.ts';
import type { JsonObject } from '../../../../formats/json.ts';
import type { Tensor } from '../../../../tensor/tensor.ts';

const runRect = (type: string, properties: JsonObject) =>
  runPrompt(
    { 7: node(type), 8: node('Show', { value: ['7', 0] }) },
    { extra: { workflow: { nodes: [{ id: 7, type, properties }] } } },
  );
const maskOf = async (type: string, properties: JsonObject): Promise<Tensor> =>
  (await runRect(type, properties)).shown('8')[0] as Tensor;
const sum = ({ data }: Tensor): number => data.reduce((total, value) => total + value, 0);

it.each([
  [{ x: 10, y: 20, w: 50, h: 30 }, 39424, [0, 0, 1, 0]],
  [{ x: 33.3, y: 12, w: 21, h: 7, blur_radius: 3 }, 3888, [0, 0.410400390625, 0, 0.129150390625]],
  [{ x: 0, y: 0, w: 100, h: 50, blur_radius: 12 }, 131071.9921875, [1, 1, 0.5487607717514038, 1]],
])('a rectangle in percent: %j', async (properties, total, values) => {
  const mask = await maskOf('MaskRectArea', properties);
  expect(mask.shape).toEqual([1, 512, 512]);
  const positions = [0, 61 * 512 + 170, 255 * 512 + 256, 60 * 512 + 169];
  for (const [i, at] of positions.entries()) expect(mask.data[at]).toBeCloseTo(values[i], 6);
  expect(sum(mask)).toBeCloseTo(total, 1);
});

// prettier-ignore
it.each([
  [0, [0, 0, 0, 1, 1, 1, 1, 1, 0, 0, 0, 0]],
  [1, [0, 0, 0.25, 0.75, 1, 1, 1, 0.75, 0.25, 0, 0, 0]],
  [
    2,
    [
      0, 0.0585938, 0.2929688, 0.6445312, 0.8789062, 0.9375, 0.8789062, 0.6445312, 0.2929688,
      0.0585938, 0, 0,
    ],
  ],
  [
    4,
    [
      0.0996094, 0.1494141, 0.2871094, 0.4628906, 0.6005859, 0.6503906, 0.6005859, 0.4628906,
      0.2871094, 0.1376953, 0.0498047, 0.0234375,
    ],
  ],
  [
    5,
    [
      0.1366892, 0.1749188, 0.2762522, 0.399959, 0.5012925, 0.5395221, 0.5012924, 0.399959,
      0.2702933, 0.1506051, 0.0743035, 0.0486274,
    ],
  ],
])('a rectangle in pixels with a blur of %s', async (blur_radius, row) => {
  const properties = { x: 3, y: 2, w: 5, h: 4, width: 12, height: 9, blur_radius };
  const mask = await maskOf('MaskRectAreaAdvanced', properties);
  expect(mask.shape).toEqual([1, 9, 12]);
  for (const [x, value] of row.entries()) expect(mask.data[4 * 12 + x]).toBeCloseTo(value, 6);
});

it('says that a prompt without the editor’s workflow has no rectangle', async () => {
  const prompt = { 7: node('MaskRectArea'), 8: node('Show', { value: ['7', 0] }) };
  expect((await runPrompt(prompt)).failure).toMatchObject({
    code: 'DR_INPUT_INVALID',
    nodeId: '7',
    message: 'the rectangle of MaskRectArea is not in the prompt',
  });
});

it('names a property that is no number', async () => {
  const { failure } = await runRect('MaskRectAreaAdvanced', { x: 1, y: 'a' });
  expect(failure?.message).toBe("the property 'y' of MaskRectAreaAdvanced is not a number");
});
