// Texts and boxes in pictures, to the byte, against the originals with Pillow 13
// (test/golden/core_nodes/make_lettering.py).
import { describe, expect, it } from 'vitest';
import { noise } from '../../../../../test/support/files/rewrite.ts';
import { expectExact, expectGolden, golden } from '../../../../../test/support/golden.ts';
import { runNode, testContext } from '../../../../../test/support/run-node.ts';
import { toBytes } from '../../../../image/image-bytes.ts';
import { textOverlay } from '../../../../image/lettering/text-overlay.ts';
import { map, sizeOf, type Tensor, tensor } from '../../../../tensor/tensor.ts';
import { NODES } from '../../../index.ts';

const g = golden('core_nodes', 'lettering');
const made = (shape: readonly number[], seed: number): Tensor =>
  tensor(
    shape,
    noise(sizeOf(shape), seed).map((value) => value + 0.5),
  );
const casesOf = (node: string) =>
  g.cases.filter(({ params }) => params.node === node).map((one) => [one.id, one] as const);
/** Every `step`th row, and column, of images [N,H,W,C]. */
function every({ shape, data }: Tensor, rows: number, columns = 1): Tensor {
  const [count, height, width, channels] = shape;
  const values = data.filter((_, i) => {
    const [x, y] = [Math.floor(i / channels) % width, Math.floor(i / channels / width) % height];
    return x % columns === 0 && y % rows === 0;
  });
  return tensor([count, Math.ceil(height / rows), Math.ceil(width / columns), channels], values);
}
/** Levels of an image that was made of bytes. */
const levels = (x: Tensor): Uint8Array => toBytes(map(x, (value) => value + 1 / 1024));

describe('TextOverlay', () => {
  it.each(casesOf('layer'))('%s', (id, { params, outputs }) => {
    const { text, options, width, height } = params;
    const shown = text.replaceAll('\\n', '\n').replaceAll('\\t', '\t');
    const colour = [255, 136, 0, 255];
    const layer = textOverlay(shown, { width, height }, { ...options, colour });
    expectExact(g, id, outputs.out, layer.bytes);
  });

  it.each(casesOf('TextOverlay'))('%s', async (id, { params, outputs }) => {
    const [images] = await runNode<[Tensor]>('TextOverlay', {
      images: made([2, 40, 60, 3], 3),
      text: 'Text Ög',
      font_size: 30,
      color: params.color,
      position: 'bottom',
      align: 'center',
      outline: true,
    });
    expectGolden(g, id, outputs.out, every(images, 2));
  });

  const plain = { font_size: 5, color: '#ffffff', position: 'top', align: 'left', outline: true };

  it('returns images without a text unchanged', async () => {
    const images = made([1, 8, 8, 4], 1);
    expect(await runNode('TextOverlay', { ...plain, images, text: ' \n' })).toEqual([images]);
  });

  it.each([
    [{ color: 'red' }, "'red' is not a colour that texts can be drawn in"],
    [{ images: made([1, 8, 8, 4], 1) }, 'texts are drawn into images of 3 channels, these have 4'],
  ])('refuses %j', async (changes, message) => {
    const inputs = { ...plain, images: made([1, 8, 8, 3], 1), text: 'a', ...changes };
    await expect(async () => runNode('TextOverlay', inputs)).rejects.toMatchObject({ message });
  });
});

describe('CreateBoundingBoxes', () => {
  it.each(casesOf('CreateBoundingBoxes'))('%s', async (id, { params, outputs }) => {
    const { width, height, background, step } = params;
    const image = background ? made(background, 5) : undefined;
    const inputs = { width, height, ...params.inputs, background: image };
    const node = NODES.get('CreateBoundingBoxes')!;
    const result = await node.run(inputs as never, testContext());
    const [preview, boxes, elements] = result.outputs as [Tensor, unknown, unknown];
    expect(boxes).toEqual(params.boxes);
    expect(elements).toEqual(params.elements);
    expect(result.ui).toEqual(params.ui);
    expectExact(g, id, outputs.out, levels(every(preview, step, step)));
  });

  it.each([
    ['[1', 'the text of bboxes is not JSON'],
    [[3], 'bboxes are boxes or elements, not number'],
    [[{ x: 1 }], 'bboxes have neither x, y, width and height nor a bbox'],
    [[{ bbox: [1, 2, 3, 'a'] }], 'an element of bboxes has no bbox of four numbers'],
  ])('refuses %j', async (bboxes, message) => {
    const inputs = { width: 64, height: 64, editor_state: [], bboxes };
    await expect(async () => runNode('CreateBoundingBoxes', inputs)).rejects.toMatchObject({
      code: 'DR_INPUT_INVALID',
      message,
    });
  });
});

describe('DrawBBoxes with labels', () => {
  it.each(casesOf('DrawBBoxes'))('%s', async (id, { params, outputs }) => {
    const image = made([1, 60, 110, params.channels], 8);
    const [drawn] = await runNode<[Tensor]>('DrawBBoxes', { bboxes: params.boxes, image });
    expectExact(g, id, outputs.out, levels(every(drawn, 2)));
  });
});
