// Nodes for lists of images: tiles, grids, duplicates, order; and crops at random positions.
// Source: ComfyUI 0.33.0 comfy_extras/nodes_images.py, nodes_dataset.py.
import { DarkroomError } from '../../../../errors.ts';
import { imageGrid } from '../../../../image/compose/image-grid.ts';
import { mergeTiles, tileGrid } from '../../../../image/compose/tile-grid.ts';
import { cropImage, cropWithin } from '../../../../image/crop-image.ts';
import { fromBytes, toBytes } from '../../../../image/image-bytes.ts';
import { hashSimilarity, perceptualHash } from '../../../../image/perceptual-hash.ts';
import { type RandomState, randomState } from '../../../../random/numpy-random.ts';
import { batchItems, type Tensor } from '../../../../tensor/tensor.ts';
import {
  defineListNode,
  defineNode,
  float,
  int,
  type NodeDeclaration,
  output,
  outputs,
  seed,
  socket,
} from '../../../declare.ts';

const overlap = () => int({ default: 128, min: 0, max: 4096 });
const listNode = { experimental: true, category: 'image/batch' } as const;

const SplitImageToTileList = defineNode({
  type: 'SplitImageToTileList',
  display: 'Split Image into List of Tiles',
  category: 'image/batch',
  description: 'Splits an image into a list of tiles that overlap.',
  inputs: {
    image: socket('IMAGE'),
    tile_width: int({ default: 1024, min: 64 }),
    tile_height: int({ default: 1024, min: 64 }),
    overlap: overlap(),
  },
  outputs: [output('IMAGE', 'IMAGE', true)],
  run({ image, tile_width, tile_height, overlap }) {
    const [, height, width] = image.shape;
    const tile = { width: tile_width, height: tile_height };
    return outputs(
      tileGrid({ width, height }, tile, overlap).map((region) => cropImage(image, region)),
    );
  },
});

const ImageMergeTileList = defineListNode({
  type: 'ImageMergeTileList',
  display: 'Merge List of Tiles to Image',
  category: 'image/batch',
  inputs: {
    image_list: socket('IMAGE'),
    final_width: int({ default: 1024, min: 64, max: 32768 }),
    final_height: int({ default: 1024, min: 64, max: 32768 }),
    overlap: overlap(),
  },
  outputs: [output('IMAGE')],
  run({ image_list, final_width: [width], final_height: [height], overlap: [overlap] }) {
    const [first] = image_list;
    const other = image_list.find(
      ({ shape }) => shape[0] !== first.shape[0] || shape[3] !== first.shape[3],
    );
    if (other)
      throw new DarkroomError('DR_SHAPE_MISMATCH', {
        message:
          `tiles of ${first.shape[0]} images of ${first.shape[3]} channels and of ` +
          `${other.shape[0]} of ${other.shape[3]} cannot be merged`,
        hint: 'Give tiles of one image or batch.',
        input: 'image_list',
      });
    return outputs(mergeTiles(image_list, { width, height }, overlap));
  },
});

const ImageDeduplication = defineListNode({
  ...listNode,
  type: 'ImageDeduplication',
  display: 'Deduplicate Images',
  description: 'Leaves out images that are similar to an earlier one of the list.',
  inputs: {
    images: socket('IMAGE', { tooltip: 'The images.' }),
    similarity_threshold: float({
      default: 0.95,
      min: 0,
      max: 1,
      advanced: true,
      tooltip: 'Images of at least this similarity count as equal.',
    }),
  },
  outputs: [output('IMAGE', 'images', true)],
  run({ images, similarity_threshold: [threshold] }) {
    const different: { image: Tensor; hash: readonly boolean[] }[] = [];
    for (const image of images.flatMap(batchItems)) {
      const hash = perceptualHash(image);
      if (!different.some((other) => hashSimilarity(hash, other.hash) >= threshold))
        different.push({ image, hash });
    }
    return outputs(different.map(({ image }) => image));
  },
});

const ImageGrid = defineListNode({
  ...listNode,
  type: 'ImageGrid',
  display: 'Make Image Grid',
  description: 'Arranges images in rows of one image.',
  inputs: {
    images: socket('IMAGE', { tooltip: 'The images.' }),
    columns: int({ default: 4, min: 1, max: 20, tooltip: 'Images in a row.' }),
    cell_width: int({ default: 256, min: 32, max: 2048, advanced: true, tooltip: 'Cell width.' }),
    cell_height: int({ default: 256, min: 32, max: 2048, advanced: true, tooltip: 'Cell height.' }),
    padding: int({ default: 4, min: 0, max: 50, advanced: true, tooltip: 'Space between images.' }),
  },
  outputs: [output('IMAGE', 'images')],
  run({ images, columns: [columns], cell_width, cell_height, padding: [padding] }) {
    const all = images.flatMap(batchItems);
    if (all.length === 0)
      throw new DarkroomError('DR_INPUT_INVALID', {
        message: 'there are no images for a grid',
        hint: 'Connect an output with at least one image.',
        input: 'images',
      });
    const cell = { width: cell_width[0], height: cell_height[0] };
    return outputs(imageGrid(all, { columns, cell, padding }));
  },
});

/** numpy.random.seed(seed % (2 ** 32 - 1)) */
const numpyState = (value: bigint): RandomState => randomState(Number(value % (2n ** 32n - 1n)));
const wideSeed = () => {
  const { control_after_generate: _, ...rest } = seed({ tooltip: 'The seed of the draws.' });
  return rest;
};

const RandomCropImages = defineNode({
  type: 'RandomCropImages',
  display: 'Crop Image (Random)',
  category: 'image/transform',
  description: 'Cuts a rectangle at a random place out of an image; the same place in each.',
  experimental: true,
  inputs: {
    images: socket('IMAGE', { tooltip: 'The images.' }),
    width: int({ default: 512, min: 1, max: 8192, tooltip: 'Crop width.' }),
    height: int({ default: 512, min: 1, max: 8192, tooltip: 'Crop height.' }),
    seed: wideSeed(),
  },
  outputs: [output('IMAGE', 'images')],
  run({ images, width, height, seed }) {
    const [, rows, columns] = images.shape;
    const random = numpyState(seed);
    const draw = (space: number): number => (space > 0 ? random.randint(0, space + 1) : 0);
    const left = draw(columns - width);
    const top = draw(rows - height);
    const cropped = cropWithin(images, { left, top, width, height });
    // the original goes through 8-bit pictures
    return outputs(fromBytes(toBytes(cropped), cropped.shape));
  },
});

const ShuffleDataset = defineListNode({
  ...listNode,
  type: 'ShuffleDataset',
  display: 'Shuffle Images List',
  description: 'Puts the images of a list into a random order.',
  inputs: { images: socket('IMAGE', { tooltip: 'The images.' }), seed: wideSeed() },
  outputs: [output('IMAGE', 'images', true)],
  run({ images, seed: [seed] }) {
    const all = images.flatMap(batchItems);
    const random = numpyState(seed);
    // numpy.random.permutation
    for (let i = all.length - 1; i > 0; i--) {
      const j = random.randint(0, i + 1);
      [all[i], all[j]] = [all[j], all[i]];
    }
    return outputs(all);
  },
});

export const IMAGE_LIST_NODES: readonly NodeDeclaration[] = [
  SplitImageToTileList,
  ImageMergeTileList,
  ImageDeduplication,
  ImageGrid,
  RandomCropImages,
  ShuffleDataset,
];
