// SEGS from masks, and tiles of an image as SEGS. Source: Impact Pack segs_nodes.py,
// impact_pack.py.
import { squeezeMask } from '../../../../image/mask/mask-shape.ts';
import { randomState } from '../../../../random/numpy-random.ts';
import {
  type MaskToSegsOptions,
  maskToSegs,
  maskToSegsForAnimateDiff,
} from '../../../../segs/make/mask-to-segs.ts';
import { IRREGULAR_MASK_MODES, makeTileSegs } from '../../../../segs/make/tile-segs.ts';
import type { Segs } from '../../../../segs/segs.ts';
import type { Tensor } from '../../../../tensor/tensor.ts';
import {
  boolean,
  combo,
  defineNode,
  float,
  int,
  output,
  outputs,
  socket,
} from '../../../declare.ts';
import { MAX_RESOLUTION } from '../../../shared/image-limits.ts';

const OPERATION = 'ImpactPack/Operation';

const maskToSegsNode = (
  type: string,
  display: string,
  make: (mask: Tensor, options: MaskToSegsOptions) => Segs,
) =>
  defineNode({
    type,
    display,
    category: OPERATION,
    description: 'Makes a segment of each contour in a mask, or one of the whole mask.',
    inputs: {
      mask: socket('MASK'),
      combined: boolean({
        label_on: 'True',
        label_off: 'False',
        tooltip: 'Makes one segment of the whole mask.',
      }),
      crop_factor: float({
        default: 3,
        min: 1,
        max: 100,
        step: 0.1,
        tooltip: 'Size of the crop region relative to the bbox.',
      }),
      bbox_fill: boolean({
        label_on: 'enabled',
        label_off: 'disabled',
        tooltip: 'Fills the bbox in the mask.',
      }),
      drop_size: int({
        default: 10,
        min: 1,
        max: MAX_RESOLUTION,
        step: 1,
        tooltip: 'Smaller contours are dropped.',
      }),
      contour_fill: boolean({
        label_on: 'enabled',
        label_off: 'disabled',
        tooltip: 'Fills each contour with 1 instead of the values of the mask.',
      }),
    },
    outputs: [output('SEGS')],
    run: ({ mask, combined, crop_factor, bbox_fill, drop_size, contour_fill }) =>
      outputs(
        make(mask, {
          combined,
          cropFactor: crop_factor,
          bboxFill: bbox_fill,
          dropSize: drop_size,
          isContour: contour_fill ?? false,
        }),
      ),
  });

const ImpactMakeTileSEGS = defineNode({
  type: 'ImpactMakeTileSEGS',
  display: 'Make Tile SEGS',
  category: 'ImpactPack/__for_testing',
  description: 'Divides an image into overlapping square tiles.',
  inputs: {
    images: socket('IMAGE'),
    bbox_size: int({ default: 512, min: 64, max: 4096, step: 8, tooltip: 'Side of a tile.' }),
    crop_factor: float({
      default: 3,
      min: 1,
      max: 10,
      step: 0.01,
      tooltip: 'Size of the crop region relative to the tile.',
    }),
    min_overlap: int({
      default: 5,
      min: 0,
      max: 512,
      step: 1,
      tooltip: 'Minimum overlap of neighbouring tiles.',
    }),
    filter_segs_dilation: int({
      default: 20,
      min: -255,
      max: 255,
      step: 1,
      tooltip: 'Pixels by which the masks of the filters grow.',
    }),
    mask_irregularity: float({
      max: 1,
      step: 0.01,
      tooltip: 'How ragged the edges are; 0 is straight.',
    }),
    irregular_mask_mode: combo(
      Object.keys(IRREGULAR_MASK_MODES) as (keyof typeof IRREGULAR_MASK_MODES)[],
    ),
    filter_in_segs_opt: socket('SEGS', {
      optional: true,
      tooltip: 'Only these segments are covered.',
    }),
    filter_out_segs_opt: socket('SEGS', {
      optional: true,
      tooltip: 'These segments are not covered.',
    }),
  },
  outputs: [output('SEGS')],
  run({ images, ...inputs }, { warn }) {
    // the original uses an unseeded generator; here the tiles are the same for the same inputs
    const { randint } = randomState(0);
    return outputs(
      makeTileSegs(images.shape, {
        bboxSize: inputs.bbox_size,
        cropFactor: inputs.crop_factor,
        minOverlap: inputs.min_overlap,
        filterSegsDilation: inputs.filter_segs_dilation,
        maskIrregularity: inputs.mask_irregularity,
        irregularMaskMode: inputs.irregular_mask_mode,
        filterIn: inputs.filter_in_segs_opt,
        filterOut: inputs.filter_out_segs_opt,
        random: randint,
        warn,
      }),
    );
  },
});

export const MAKE_SEGS_NODES = [
  maskToSegsNode('MaskToSEGS', 'MASK to SEGS', (mask, options) =>
    maskToSegs(squeezeMask(mask), options),
  ),
  maskToSegsNode(
    'MaskToSEGS_for_AnimateDiff',
    'MASK to SEGS for AnimateDiff',
    maskToSegsForAnimateDiff,
  ),
  ImpactMakeTileSEGS,
];
