// Prompt encoders of SeargeSDXL for base and refiner, with the size conditioning of SDXL.
// Source: SeargeSDXL modules/_legacy.py.
import type { Clip } from '../../../models/clip/clip.ts';
import type { Conditioning } from '../../../sampling/sampling-types.ts';
import type { NodeContext } from '../../context.ts';
import { defineNode, float, int, output, outputs, socket, string } from '../../declare.ts';
import { MAX_RESOLUTION } from '../../shared/image-limits.ts';

const CATEGORY = 'Searge/_deprecated_/ClipEncoding';

const prompt = (initial: string) => string({ multiline: true, default: initial });
const pixels = (initial: number) => int({ default: initial, min: 0, max: MAX_RESOLUTION, step: 8 });
const score = (initial: number) => float({ default: initial, min: 0, max: 1000, step: 0.01 });

const basePrompts = { pos_g: prompt('POS_G'), pos_l: prompt('POS_L') };
const baseNegatives = { neg_g: prompt('NEG_G'), neg_l: prompt('NEG_L') };
const baseSizes = {
  base_width: pixels(4096),
  base_height: pixels(4096),
  crop_w: pixels(0),
  crop_h: pixels(0),
  target_width: pixels(4096),
  target_height: pixels(4096),
};
const refinerSizes = {
  pos_ascore: score(6),
  neg_ascore: score(2.5),
  refiner_width: pixels(2048),
  refiner_height: pixels(2048),
};

type Warn = NodeContext['warn'];
type BaseSizes = { readonly [K in keyof typeof baseSizes]: number };

async function encodeBase(
  clip: Clip,
  textG: string,
  textL: string,
  sizes: BaseSizes,
  warn: Warn,
): Promise<Conditioning> {
  const { base_width, base_height, crop_w, crop_h, target_width, target_height } = sizes;
  const { cond, pooled } = await clip.encodePair(textG, textL, warn);
  return [
    {
      cond,
      pooled_output: pooled,
      width: base_width,
      height: base_height,
      crop_w,
      crop_h,
      target_width,
      target_height,
    },
  ];
}

interface RefinerSize {
  readonly refiner_width: number;
  readonly refiner_height: number;
}

async function encodeRefiner(
  clip: Clip,
  text: string,
  aesthetic_score: number,
  size: RefinerSize,
  warn: Warn,
): Promise<Conditioning> {
  const { cond, pooled } = await clip.encode(text, warn);
  return [
    {
      cond,
      pooled_output: pooled,
      aesthetic_score,
      width: size.refiner_width,
      height: size.refiner_height,
    },
  ];
}

const BASE_OUTPUTS = [
  output('CONDITIONING', 'base_positive'),
  output('CONDITIONING', 'base_negative'),
];
const REFINER_OUTPUTS = [
  output('CONDITIONING', 'refiner_positive'),
  output('CONDITIONING', 'refiner_negative'),
];

const SeargeSDXLPromptEncoder = defineNode({
  type: 'SeargeSDXLPromptEncoder',
  display: 'SDXL Prompt Encoder (Searge)',
  category: CATEGORY,
  inputs: {
    base_clip: socket('CLIP'),
    refiner_clip: socket('CLIP'),
    ...basePrompts,
    pos_r: prompt('POS_R'),
    ...baseNegatives,
    neg_r: prompt('NEG_R'),
    ...baseSizes,
    ...refinerSizes,
  },
  outputs: [...BASE_OUTPUTS, ...REFINER_OUTPUTS],
  run: async (inputs, { warn }) =>
    outputs(
      await encodeBase(inputs.base_clip, inputs.pos_g, inputs.pos_l, inputs, warn),
      await encodeBase(inputs.base_clip, inputs.neg_g, inputs.neg_l, inputs, warn),
      await encodeRefiner(inputs.refiner_clip, inputs.pos_r, inputs.pos_ascore, inputs, warn),
      await encodeRefiner(inputs.refiner_clip, inputs.neg_r, inputs.neg_ascore, inputs, warn),
    ),
});

const SeargeSDXLBasePromptEncoder = defineNode({
  type: 'SeargeSDXLBasePromptEncoder',
  display: 'SDXL Base Prompt Encoder (Searge)',
  category: CATEGORY,
  inputs: { base_clip: socket('CLIP'), ...basePrompts, ...baseNegatives, ...baseSizes },
  outputs: BASE_OUTPUTS,
  run: async (inputs, { warn }) =>
    outputs(
      await encodeBase(inputs.base_clip, inputs.pos_g, inputs.pos_l, inputs, warn),
      await encodeBase(inputs.base_clip, inputs.neg_g, inputs.neg_l, inputs, warn),
    ),
});

const SeargeSDXLRefinerPromptEncoder = defineNode({
  type: 'SeargeSDXLRefinerPromptEncoder',
  display: 'SDXL Refiner Prompt Encoder (Searge)',
  category: CATEGORY,
  inputs: {
    refiner_clip: socket('CLIP'),
    pos_r: prompt('POS_R'),
    neg_r: prompt('NEG_R'),
    ...refinerSizes,
  },
  outputs: REFINER_OUTPUTS,
  run: async (inputs, { warn }) =>
    outputs(
      await encodeRefiner(inputs.refiner_clip, inputs.pos_r, inputs.pos_ascore, inputs, warn),
      await encodeRefiner(inputs.refiner_clip, inputs.neg_r, inputs.neg_ascore, inputs, warn),
    ),
});

export const SEARGE_PROMPT_NODES = [
  SeargeSDXLPromptEncoder,
  SeargeSDXLBasePromptEncoder,
  SeargeSDXLRefinerPromptEncoder,
];
