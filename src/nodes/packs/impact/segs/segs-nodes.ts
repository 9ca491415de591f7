// Operations on SEGS: conversion to masks and images, joining, pasting. Source: Impact Pack
// segs_nodes.py, impact_pack.py, legacy_nodes.py.

import { toNHW } from '../../../../image/mask/mask-shape.ts';
import { pasteSegs } from '../../../../segs/detail/paste-segs.ts';
import {
  applyMaskToEachSeg,
  blurSegs,
  dilateSegs,
  segsBitwiseAndMask,
  segsBitwiseSubtractMask,
} from '../../../../segs/edit/edit-masks.ts';
import { removeImages, segsToImageList, setDefaultImage } from '../../../../segs/edit/edit-segs.ts';
import { pickSegs } from '../../../../segs/edit/filter-segs.ts';
import { concatSegs, mergeSegs } from '../../../../segs/edit/merge-segs.ts';
import { segsScaleMatch } from '../../../../segs/edit/scale-segs.ts';
import {
  segsToCombinedMask,
  segsToMaskBatch,
  segsToMaskList,
} from '../../../../segs/edit/segs-to-masks.ts';
import { emptySegs, type Segs } from '../../../../segs/segs.ts';
import type { Tensor } from '../../../../tensor/tensor.ts';
import {
  boolean,
  defineNode,
  int,
  numberedInputs,
  output,
  outputs,
  socket,
  string,
} from '../../../declare.ts';
import { sendPickerImages } from '../control/segs-preview-nodes.ts';
import { dilationInput, kernelInputs } from './mask-nodes.ts';

const OPERATION = 'ImpactPack/Operation';
const UTIL = 'ImpactPack/Util';

const EmptySegs = defineNode({
  type: 'EmptySegs',
  display: 'EmptySegs',
  category: UTIL,
  inputs: {},
  outputs: [output('SEGS')],
  run: () => outputs(emptySegs()),
});

const SegsToCombinedMask = defineNode({
  type: 'SegsToCombinedMask',
  display: 'SEGS to MASK (combined)',
  category: OPERATION,
  inputs: { segs: socket('SEGS') },
  outputs: [output('MASK')],
  run: ({ segs }) => outputs(segsToCombinedMask(segs)),
});

const SegsMaskCombine = defineNode({
  type: 'SegsMaskCombine',
  display: 'SegsMaskCombine (Legacy)',
  category: 'ImpactPack/Legacy',
  deprecated: true,
  inputs: { segs: socket('SEGS'), image: socket('IMAGE') },
  outputs: [output('MASK')],
  run: ({ segs, image }) =>
    outputs(segsToCombinedMask({ ...segs, height: image.shape[1], width: image.shape[2] })),
});

const ImpactSEGSToMaskList = defineNode({
  type: 'ImpactSEGSToMaskList',
  display: 'SEGS to Mask List',
  category: UTIL,
  inputs: { segs: socket('SEGS') },
  outputs: [output('MASK', 'MASK', true)],
  run: ({ segs }) => outputs(segsToMaskList(segs)),
});

const ImpactSEGSToMaskBatch = defineNode({
  type: 'ImpactSEGSToMaskBatch',
  display: 'SEGS to Mask Batch',
  category: UTIL,
  inputs: { segs: socket('SEGS') },
  outputs: [output('MASK')],
  run: ({ segs }) => outputs(segsToMaskBatch(segs)),
});

const fallbackImage = () =>
  socket('IMAGE', { optional: true, tooltip: 'The whole image, for segments without an image.' });

const SEGSToImageList = defineNode({
  type: 'SEGSToImageList',
  display: 'SEGSToImageList',
  category: UTIL,
  inputs: { segs: socket('SEGS'), fallback_image_opt: fallbackImage() },
  outputs: [output('IMAGE', 'IMAGE', true)],
  run: ({ segs, fallback_image_opt }) => outputs(segsToImageList(segs, fallback_image_opt)),
});

const ImpactSEGSConcat = defineNode({
  type: 'ImpactSEGSConcat',
  display: 'SEGS Concat',
  category: UTIL,
  inputs: { segs1: socket('SEGS') },
  dynamicInputs: { pattern: /^segs\d+$/, input: socket('SEGS') },
  outputs: [output('SEGS')],
  run(inputs, { warn }) {
    const list = numberedInputs<Segs>(inputs, 'segs').map(([, segs]) => segs);
    return outputs(concatSegs(list, warn));
  },
});

const ImpactSEGSMerge = defineNode({
  type: 'ImpactSEGSMerge',
  display: 'SEGS Merge',
  category: UTIL,
  description:
    'Merges all segments into one, labelled `merged`, with the lowest confidence; images and ' +
    'ControlNets are dropped.',
  inputs: { segs: socket('SEGS') },
  outputs: [output('SEGS')],
  run: ({ segs }) => outputs(mergeSegs(segs)),
});

const ImpactSEGSPicker = defineNode({
  type: 'ImpactSEGSPicker',
  display: 'Picker (SEGS)',
  category: UTIL,
  inputs: {
    picks: string({
      multiline: true,
      dynamicPrompts: false,
      tooltip: 'Numbers of segments, from 1, separated by commas.',
    }),
    segs: socket('SEGS'),
    fallback_image_opt: fallbackImage(),
  },
  hidden: { unique_id: 'UNIQUE_ID' },
  outputs: [output('SEGS')],
  async run({ picks, segs, fallback_image_opt }, context) {
    const matched = fallback_image_opt ? segsScaleMatch(segs, fallback_image_opt.shape) : segs;
    await sendPickerImages(matched, fallback_image_opt, context);
    return outputs(pickSegs(matched, picks));
  },
});

const SEGSPaste = defineNode({
  type: 'SEGSPaste',
  display: 'SEGSPaste',
  category: 'ImpactPack/Detailer',
  description:
    "Pastes the segments' images, or the same regions of another image, under feathered masks.",
  inputs: {
    image: socket('IMAGE'),
    segs: socket('SEGS'),
    feather: int({ default: 5, min: 0, max: 100, step: 1 }),
    alpha: int({ default: 255, min: 0, max: 255, step: 1 }),
    ref_image_opt: socket('IMAGE', { optional: true }),
  },
  outputs: [output('IMAGE')],
  run: ({ image, segs, feather, alpha, ref_image_opt }) =>
    outputs(pasteSegs(image, segs, feather, alpha ?? 255, ref_image_opt)),
});

const ImpactCount_Elts_in_SEGS = defineNode({
  type: 'ImpactCount_Elts_in_SEGS',
  display: 'Count Elts in SEGS',
  category: UTIL,
  inputs: { segs: socket('SEGS') },
  outputs: [output('INT')],
  run: ({ segs }) => outputs(segs.segs.length),
});

const ImpactIsNotEmptySEGS = defineNode({
  type: 'ImpactIsNotEmptySEGS',
  display: "SEGS isn't Empty",
  category: 'ImpactPack/Logic',
  inputs: { segs: socket('SEGS') },
  outputs: [output('BOOLEAN')],
  run: ({ segs }) => outputs(segs.segs.length > 0),
});

const SetDefaultImageForSEGS = defineNode({
  type: 'SetDefaultImageForSEGS',
  display: 'Set Default Image for SEGS',
  category: UTIL,
  inputs: { segs: socket('SEGS'), image: socket('IMAGE'), override: boolean({ default: true }) },
  outputs: [output('SEGS')],
  run: ({ segs, image, override }) => outputs(setDefaultImage(segs, image, override)),
});

const RemoveImageFromSEGS = defineNode({
  type: 'RemoveImageFromSEGS',
  display: 'Remove Image from SEGS',
  category: UTIL,
  inputs: { segs: socket('SEGS') },
  outputs: [output('SEGS')],
  run: ({ segs }) => outputs(removeImages(segs)),
});

const ImpactDilateMaskInSEGS = defineNode({
  type: 'ImpactDilateMaskInSEGS',
  display: 'Dilate Mask (SEGS)',
  category: UTIL,
  inputs: { segs: socket('SEGS'), dilation: dilationInput() },
  outputs: [output('SEGS')],
  run: ({ segs, dilation }) => outputs(dilateSegs(segs, dilation)),
});

const ImpactGaussianBlurMaskInSEGS = defineNode({
  type: 'ImpactGaussianBlurMaskInSEGS',
  display: 'Gaussian Blur Mask (SEGS)',
  category: UTIL,
  inputs: { segs: socket('SEGS'), ...kernelInputs },
  outputs: [output('SEGS')],
  run: ({ segs, kernel_size, sigma }) => outputs(blurSegs(segs, kernel_size, sigma)),
});

/** Nodes that combine SEGS with a mask; the names with spaces are those of older files. */
const segsAndMaskNode = (type: string, display: string, category: string, deprecated = false) =>
  defineNode({
    type,
    display,
    category,
    deprecated,
    inputs: { segs: socket('SEGS'), mask: socket('MASK') },
    outputs: [output('SEGS')],
    run: ({ segs, mask }) => outputs(segsBitwiseAndMask(segs, mask)),
  });

const segsAndMasksNode = (type: string, display: string, category: string, deprecated = false) =>
  defineNode({
    type,
    display,
    category,
    deprecated,
    inputs: { segs: socket('SEGS'), masks: socket('MASK') },
    outputs: [output('SEGS')],
    run: ({ segs, masks }) => outputs(applyMaskToEachSeg(segs, toNHW(masks))),
  });

const twoSegsNode = (type: string, display: string, apply: (segs: Segs, mask: Tensor) => Segs) =>
  defineNode({
    type,
    display,
    category: OPERATION,
    inputs: { base_segs: socket('SEGS'), mask_segs: socket('SEGS') },
    outputs: [output('SEGS')],
    run: ({ base_segs, mask_segs }) => outputs(apply(base_segs, segsToCombinedMask(mask_segs))),
  });

export const SEGS_NODES = [
  EmptySegs,
  SegsToCombinedMask,
  SegsMaskCombine,
  ImpactSEGSToMaskList,
  ImpactSEGSToMaskBatch,
  SEGSToImageList,
  ImpactSEGSConcat,
  ImpactSEGSMerge,
  ImpactSEGSPicker,
  SEGSPaste,
  ImpactCount_Elts_in_SEGS,
  ImpactIsNotEmptySEGS,
  SetDefaultImageForSEGS,
  RemoveImageFromSEGS,
  ImpactDilateMaskInSEGS,
  ImpactGaussianBlurMaskInSEGS,
  segsAndMaskNode('ImpactSegsAndMask', 'Pixelwise(SEGS & MASK)', OPERATION),
  segsAndMaskNode('Segs & Mask', 'Segs & Mask (Legacy)', 'ImpactPack/Legacy', true),
  segsAndMasksNode('ImpactSegsAndMaskForEach', 'Pixelwise(SEGS & MASKS ForEach)', OPERATION),
  segsAndMasksNode(
    'Segs & Mask ForEach',
    'Segs & Mask ForEach (Legacy)',
    'ImpactPack/Legacy',
    true,
  ),
  twoSegsNode('BitwiseAndMaskForEach', 'Pixelwise(SEGS & SEGS)', segsBitwiseAndMask),
  twoSegsNode('SubtractMaskForEach', 'Pixelwise(SEGS - SEGS)', segsBitwiseSubtractMask),
];
