// Nodes that combine conditionings and set their area, time and strength.
// Source: ComfyUI nodes.py.
import {
  averageConditioning,
  combineConditioning,
  concatConditioning,
  setArea,
  setAreaPercentage,
  setAreaStrength,
  setMask,
  setTimestepRange,
  zeroOutConditioning,
} from '../../../../sampling/conditioning/operations.ts';
import { combo, defineNode, float, int, output, outputs, socket } from '../../../declare.ts';
import { MAX_RESOLUTION } from '../../../shared/image-limits.ts';

const strength = () => float({ default: 1, min: 0, max: 10, step: 0.01 });
const fraction = (value: number, step: number) => float({ default: value, min: 0, max: 1, step });

const ConditioningCombine = defineNode({
  type: 'ConditioningCombine',
  display: 'Conditioning (Combine)',
  category: 'conditioning',
  inputs: { conditioning_1: socket('CONDITIONING'), conditioning_2: socket('CONDITIONING') },
  outputs: [output('CONDITIONING')],
  run: ({ conditioning_1, conditioning_2 }) =>
    outputs(combineConditioning(conditioning_1, conditioning_2)),
});

const ConditioningAverage = defineNode({
  type: 'ConditioningAverage',
  display: 'ConditioningAverage',
  category: 'conditioning',
  inputs: {
    conditioning_to: socket('CONDITIONING'),
    conditioning_from: socket('CONDITIONING'),
    conditioning_to_strength: fraction(1, 0.01),
  },
  outputs: [output('CONDITIONING')],
  run: ({ conditioning_to, conditioning_from, conditioning_to_strength }, { warn }) =>
    outputs(
      averageConditioning(conditioning_to, conditioning_from, conditioning_to_strength, warn),
    ),
});

const ConditioningConcat = defineNode({
  type: 'ConditioningConcat',
  display: 'Conditioning (Concat)',
  category: 'conditioning',
  inputs: { conditioning_to: socket('CONDITIONING'), conditioning_from: socket('CONDITIONING') },
  outputs: [output('CONDITIONING')],
  run: ({ conditioning_to, conditioning_from }, { warn }) =>
    outputs(concatConditioning(conditioning_to, conditioning_from, warn)),
});

const ConditioningSetArea = defineNode({
  type: 'ConditioningSetArea',
  display: 'Conditioning (Set Area)',
  category: 'conditioning',
  inputs: {
    conditioning: socket('CONDITIONING'),
    width: int({ default: 64, min: 64, max: MAX_RESOLUTION, step: 8 }),
    height: int({ default: 64, min: 64, max: MAX_RESOLUTION, step: 8 }),
    x: int({ default: 0, min: 0, max: MAX_RESOLUTION, step: 8 }),
    y: int({ default: 0, min: 0, max: MAX_RESOLUTION, step: 8 }),
    strength: strength(),
  },
  outputs: [output('CONDITIONING')],
  run: ({ conditioning, strength, ...area }) => outputs(setArea(conditioning, area, strength)),
});

const ConditioningSetAreaPercentage = defineNode({
  type: 'ConditioningSetAreaPercentage',
  display: 'Conditioning (Set Area with Percentage)',
  category: 'conditioning',
  inputs: {
    conditioning: socket('CONDITIONING'),
    width: fraction(1, 0.01),
    height: fraction(1, 0.01),
    x: fraction(0, 0.01),
    y: fraction(0, 0.01),
    strength: strength(),
  },
  outputs: [output('CONDITIONING')],
  run: ({ conditioning, strength, ...area }) =>
    outputs(setAreaPercentage(conditioning, area, strength)),
});

const ConditioningSetAreaStrength = defineNode({
  type: 'ConditioningSetAreaStrength',
  display: 'ConditioningSetAreaStrength',
  category: 'conditioning',
  inputs: { conditioning: socket('CONDITIONING'), strength: strength() },
  outputs: [output('CONDITIONING')],
  run: ({ conditioning, strength }) => outputs(setAreaStrength(conditioning, strength)),
});

const ConditioningSetMask = defineNode({
  type: 'ConditioningSetMask',
  display: 'Conditioning (Set Mask)',
  category: 'conditioning',
  inputs: {
    conditioning: socket('CONDITIONING'),
    mask: socket('MASK'),
    strength: strength(),
    set_cond_area: combo(['default', 'mask bounds']),
  },
  outputs: [output('CONDITIONING')],
  run: ({ conditioning, mask, strength, set_cond_area }) =>
    outputs(setMask(conditioning, mask, strength, set_cond_area !== 'default')),
});

const ConditioningSetTimestepRange = defineNode({
  type: 'ConditioningSetTimestepRange',
  display: 'ConditioningSetTimestepRange',
  category: 'advanced/conditioning',
  inputs: {
    conditioning: socket('CONDITIONING'),
    start: fraction(0, 0.001),
    end: fraction(1, 0.001),
  },
  outputs: [output('CONDITIONING')],
  run: ({ conditioning, start, end }) => outputs(setTimestepRange(conditioning, start, end)),
});

const ConditioningZeroOut = defineNode({
  type: 'ConditioningZeroOut',
  display: 'ConditioningZeroOut',
  category: 'advanced/conditioning',
  inputs: { conditioning: socket('CONDITIONING') },
  outputs: [output('CONDITIONING')],
  run: ({ conditioning }) => outputs(zeroOutConditioning(conditioning)),
});

export const CONDITIONING_NODES = [
  ConditioningCombine,
  ConditioningAverage,
  // workflow files also use this name, with a trailing space
  { ...ConditioningAverage, type: 'ConditioningAverage ' },
  ConditioningConcat,
  ConditioningSetArea,
  ConditioningSetAreaPercentage,
  ConditioningSetAreaStrength,
  ConditioningSetMask,
  ConditioningSetTimestepRange,
  ConditioningZeroOut,
];
