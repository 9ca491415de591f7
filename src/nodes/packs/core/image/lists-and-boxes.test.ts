// Lists of images and crops by boxes and masks, against the originals
// (test/golden/core_nodes/make_lists_and_boxes.py).
import { describe, expect, it } from 'vitest';
import { noise } from '../../../../../test/support/files/rewrite.ts';
import { expectExact, expectGolden, golden } from '../../../../../test/support/golden.ts';
import { runNode, testContext } from '../../../../../test/support/run-node.ts';
import { tileGrid } from '../../../../image/compose/tile-grid.ts';
import { map, sizeOf, sliceBatch, type Tensor, tensor } from '../../../../tensor/tensor.ts';

const g = golden('core_nodes', 'lists_and_boxes');
const made = (shape: readonly number[], seed: number, size = 1, around = 0.5): Tensor =>
  tensor(
    shape,
    noise(sizeOf(shape), seed, size).map((value) => value + around),
  );
const casesOf = (node: string) =>
  g.cases.filter(({ params }) => params.node === node).map((one) => [one.id, one] as const);
const every = ({ shape, data }: Tensor, step: number, axes: readonly number[] = [1, 2]): Tensor => {
  const kept = shape.map((size, axis) => (axes.includes(axis) ? Math.ceil(size / step) : size));
  const strides = shape.map((_, axis) => sizeOf(shape.slice(axis + 1)));
  const values = data.filter((_, i) =>
    axes.every((axis) => (Math.floor(i / strides[axis]) % shape[axis]) % step === 0),
  );
  return tensor(kept, values);
};

describe('SplitImageToTileList and ImageMergeTileList', () => {
  it.each(casesOf('tiles'))('%s', async (id, { params, outputs }) => {
    const { size, tile, overlap, coords } = params;
    const [image, tileSize] = [size, tile].map(([height, width]) => ({ width, height }));
    expect(
      tileGrid(image, tileSize, overlap).map(({ left, top, width, height }) => [
        left,
        top,
        left + width,
        top + height,
      ]),
    ).toEqual(coords);
    const [tiles] = await runNode<[readonly Tensor[]]>('SplitImageToTileList', {
      image: made([2, size[0], size[1], 1], 1),
      tile_width: tile[1],
      tile_height: tile[0],
      overlap,
    });
    // the original's tiles are views of one image: what several contain is scaled several times
    const scaled = scaledInPlace(made([2, size[0], size[1], 1], 1), coords);
    const image_list = coords.map(([left, top, right, bottom]: number[]) =>
      cut(scaled, left, top, right, bottom),
    );
    expect(tiles.map(({ shape }) => shape)).toEqual(image_list.map(({ shape }: Tensor) => shape));
    const given = image_list.length > 3 ? image_list.slice(0, -1) : image_list;
    const [merged] = await runNode<[Tensor]>('ImageMergeTileList', {
      image_list: given,
      final_width: [size[1]],
      final_height: [size[0]],
      overlap: [overlap],
    });
    expectGolden(g, id, outputs.out, every(merged, 3));
  });

  const scaledInPlace = (image: Tensor, coords: readonly number[][]): Tensor => {
    const [count, height, width] = image.shape;
    for (const [i, [left, top, right, bottom]] of coords.entries())
      for (let item = 0; item < count; item++)
        for (let y = top; y < bottom; y++)
          for (let x = left; x < right; x++)
            image.data[(item * height + y) * width + x] *= Math.fround(1 + i / 10);
    return image;
  };
  const cut = (image: Tensor, left: number, top: number, right: number, bottom: number): Tensor => {
    const [count, , width] = image.shape;
    const data = image.data.filter((_, i) => {
      const [x, y] = [i % width, Math.floor(i / width) % image.shape[1]];
      return x >= left && x < right && y >= top && y < bottom;
    });
    return tensor([count, bottom - top, right - left, 1], data);
  };
});

const images = (shapes: readonly number[][]): Tensor[] =>
  shapes.map((shape, i) => made(shape, 30 + (i % 3), 0.6));

it('ImageGrid', async () => {
  const [[id, { params, outputs }]] = casesOf('ImageGrid');
  const [grid] = await runNode<[Tensor]>('ImageGrid', {
    images: images(params.shapes),
    columns: [3],
    cell_width: [32],
    cell_height: [40],
    padding: [3],
  });
  expectExact(g, id, outputs.out, every(grid, 2, [1]).data);
  const [[otherId, other]] = casesOf('ImageGrid RGBA');
  const [single] = await runNode<[Tensor]>('ImageGrid', {
    images: [made([2, 40, 17, 4], 5)],
    columns: [1],
    cell_width: [32],
    cell_height: [33],
    padding: [0],
  });
  expectExact(g, otherId, other.outputs.out, every(single, 2, [1]).data);
  await expect(async () =>
    runNode('ImageGrid', {
      images: [],
      columns: [3],
      cell_width: [32],
      cell_height: [40],
      padding: [3],
    }),
  ).rejects.toMatchObject({ message: 'there are no images for a grid' });
});

describe('ImageDeduplication', () => {
  it.each(casesOf('ImageDeduplication'))('%s', async (_, { params }) => {
    const first = images(params.shapes);
    const all = [...first, ...first.map((x) => map(x, (v) => v * Math.fround(1.02)))];
    const [kept] = await runNode<[readonly Tensor[]]>('ImageDeduplication', {
      images: all,
      similarity_threshold: [params.threshold],
    });
    const singles = all.flatMap((x) =>
      Array.from({ length: x.shape[0] }, (__, i) => sliceBatch(x, i, i + 1)),
    );
    expect(kept).toEqual(params.kept.map((at: number) => singles[at]));
  });
});

describe('random', () => {
  it.each(casesOf('ShuffleDataset'))('%s', async (_, { params }) => {
    const numbers = made([11, 1, 1, 3], 1).data.map((__, i) => Math.floor(i / 3));
    const [shuffled] = await runNode<[readonly Tensor[]]>('ShuffleDataset', {
      images: [tensor([11, 1, 1, 3], numbers)],
      seed: [BigInt(params.seed)],
    });
    expect(shuffled.map(({ data }) => data[0])).toEqual(params.order);
  });

  it.each(casesOf('RandomCropImages'))('%s', async (id, { params, outputs }) => {
    const inputs = { images: made([2, 9, 12, 3], 6), ...params.options, seed: BigInt(params.seed) };
    const [crop] = await runNode<[Tensor]>('RandomCropImages', inputs);
    expectGolden(g, id, outputs.out, crop);
    expectExact(g, id, outputs.out, crop.data);
  });
});

describe('boxes', () => {
  it.each(casesOf('CropByBBoxes'))('%s', async (id, { params, outputs }) => {
    const inputs = { image: made([2, 26, 40, 3], 8), bboxes: params.boxes, ...params.options };
    const [crops] = await runNode<[Tensor]>('CropByBBoxes', inputs);
    expectGolden(g, id, outputs.out, every(crops, 4));
  });

  it.each([...casesOf('DrawBBoxes'), ...casesOf('DrawBBoxes RGBA')])(
    '%s',
    async (id, { params, outputs }) => {
      const shape = params.node === 'DrawBBoxes' ? [2, 26, 40, 3] : [1, 20, 20, 4];
      const image = params.bare ? undefined : made(shape, params.node === 'DrawBBoxes' ? 8 : 9);
      const [drawn] = await runNode<[Tensor]>('DrawBBoxes', { bboxes: params.boxes, image });
      expectGolden(g, id, outputs.out, drawn);
      expectExact(g, id, outputs.out, drawn.data);
    },
  );

  it('ImageCropV2 crops as Python slices do, and shows the result', async () => {
    const image = made([2, 9, 12, 3], 6);
    const context = testContext();
    // torch: image[:, 5:5 + 100, 11:11 + 3] of a region at 30,5
    const [crop] = await runNode<[Tensor]>(
      'ImageCropV2',
      { image, crop_region: { x: 30, y: 5, width: 3, height: 100 } },
      context,
    );
    expect(crop.shape).toEqual([2, 4, 1, 3]);
    expect(crop.data.subarray(0, 3)).toEqual(
      image.data.subarray((5 * 12 + 11) * 3, (5 * 12 + 12) * 3),
    );
    // what is left out is that of the default box
    const [whole] = await runNode<[Tensor]>('ImageCropV2', { image, crop_region: {} });
    expect(whole).toEqual(image);
  });

  it.each([
    [
      { x: 0.5, y: 0, width: 2, height: 2 },
      'a region of 2x2 at 0.5,0 cannot be cut out of an image',
    ],
    [{ x: 0, y: 0, width: 0, height: 2 }, 'a region of 0x2 at 0,0 cannot be cut out of an image'],
    [
      [
        [
          { x: 0, y: 0, width: 2, height: 2 },
          { x: 0, y: 0, width: 2, height: 2 },
        ],
      ],
      'crop_region has 2 boxes, not one',
    ],
  ])('ImageCropV2 refuses %j', async (crop_region, message) => {
    await expect(async () =>
      runNode('ImageCropV2', { image: made([1, 4, 4, 3], 1), crop_region }),
    ).rejects.toMatchObject({ code: 'DR_INPUT_INVALID', message });
  });
});

describe('ImageCropToMask', () => {
  it.each(casesOf('ImageCropToMask'))('%s', async (id, { params, outputs }) => {
    const [height, width, y, x, r, inside, outside] = params.mask;
    const data = Float32Array.from({ length: height * width }, (_, i) =>
      (Math.floor(i / width) - y) ** 2 + ((i % width) - x) ** 2 <= r * r ? inside : outside,
    );
    const large = params.shape[0] === 2;
    const [crop] = await runNode<[Tensor]>('ImageCropToMask', {
      images: made(params.shape, large ? 13 : 12, 1.2),
      masks: tensor([1, height, width], data),
      ...params.options,
    });
    expectGolden(g, id, outputs.out, every(crop, 3));
  });

  it('refuses as many masks as do not belong to the images', async () => {
    await expect(async () =>
      runNode('ImageCropToMask', {
        images: made([2, 4, 4, 3], 1),
        masks: made([3, 4, 4], 1),
        width: 64,
        height: 64,
        pad_factor: 1,
        grow_mask: 0,
        background: '#000000',
      }),
    ).rejects.toMatchObject({ message: 'there are 3 masks for 2 images' });
  });
});
