// Nodes that set hooks, mask and timestep range of a conditioning at once, for one or for a pair,
// and that add a default conditioning.
// Source: ComfyUI comfy_extras/nodes_hooks.py.
import type { HookGroup } from '../../../../models/hooks/hooks.ts';
import { addHooks, asDefault } from '../../../../sampling/conditioning/hook-operations.ts';
import {
  combineConditioning,
  setMask,
  setTimestepRange,
} from '../../../../sampling/conditioning/operations.ts';
import type { Conditioning } from '../../../../sampling/sampling-types.ts';
import type { Tensor } from '../../../../tensor/tensor.ts';
import {
  combo,
  defineNode,
  float,
  type NodeDeclaration,
  output,
  outputs,
  socket,
} from '../../../declare.ts';
import { percent } from '../../../shared/percent-input.ts';

const singleNode = {
  category: 'advanced/hooks/cond single',
  experimental: true,
  outputs: [output('CONDITIONING')],
} as const;
const pairNode = {
  category: 'advanced/hooks/cond pair',
  experimental: true,
  outputs: [output('CONDITIONING', 'positive'), output('CONDITIONING', 'negative')],
} as const;

const propertyInputs = {
  strength: float({ default: 1, min: 0, max: 10, step: 0.01 }),
  set_cond_area: combo(['default', 'mask bounds']),
  mask: socket('MASK', { optional: true }),
  hooks: socket('HOOKS', { optional: true }),
  timesteps: socket('TIMESTEPS_RANGE', { optional: true }),
} as const;

interface Properties {
  readonly strength: number;
  readonly set_cond_area: string;
  readonly mask?: Tensor;
  readonly hooks?: HookGroup;
  readonly timesteps?: readonly [start: number, end: number];
}

/** Strength and area apply to the mask: without a mask they have no effect. */
const withProperties = <T extends readonly Conditioning[]>(
  conditionings: T,
  { strength, set_cond_area, mask, hooks, timesteps }: Properties,
): T =>
  addHooks(conditionings, hooks).map((conditioning) => {
    const masked = mask
      ? setMask(conditioning, mask, strength, set_cond_area !== 'default')
      : conditioning;
    return timesteps ? setTimestepRange(masked, ...timesteps) : masked;
  }) as readonly Conditioning[] as T;

type Single = readonly [Conditioning];
type Pair = readonly [Conditioning, Conditioning];

const ConditioningSetProperties = defineNode({
  ...singleNode,
  type: 'ConditioningSetProperties',
  display: 'Cond Set Props',
  inputs: { cond_NEW: socket('CONDITIONING'), ...propertyInputs },
  run: ({ cond_NEW, ...properties }) => outputs(withProperties<Single>([cond_NEW], properties)[0]),
});

const ConditioningSetPropertiesAndCombine = defineNode({
  ...singleNode,
  type: 'ConditioningSetPropertiesAndCombine',
  display: 'Cond Set Props Combine',
  inputs: { cond: socket('CONDITIONING'), cond_NEW: socket('CONDITIONING'), ...propertyInputs },
  run: ({ cond, cond_NEW, ...properties }) => {
    const [added] = withProperties<Single>([cond_NEW], properties);
    return outputs(combineConditioning(cond, added));
  },
});

const PairConditioningSetProperties = defineNode({
  ...pairNode,
  type: 'PairConditioningSetProperties',
  display: 'Cond Pair Set Props',
  inputs: {
    positive_NEW: socket('CONDITIONING'),
    negative_NEW: socket('CONDITIONING'),
    ...propertyInputs,
  },
  run: ({ positive_NEW, negative_NEW, ...properties }) =>
    outputs(...withProperties<Pair>([positive_NEW, negative_NEW], properties)),
});

const PairConditioningSetPropertiesAndCombine = defineNode({
  ...pairNode,
  type: 'PairConditioningSetPropertiesAndCombine',
  display: 'Cond Pair Set Props Combine',
  inputs: {
    positive: socket('CONDITIONING'),
    negative: socket('CONDITIONING'),
    positive_NEW: socket('CONDITIONING'),
    negative_NEW: socket('CONDITIONING'),
    ...propertyInputs,
  },
  run: ({ positive, negative, positive_NEW, negative_NEW, ...properties }) => {
    const added = withProperties<Pair>([positive_NEW, negative_NEW], properties);
    return outputs(
      combineConditioning(positive, added[0]),
      combineConditioning(negative, added[1]),
    );
  },
});

const PairConditioningCombine = defineNode({
  ...pairNode,
  type: 'PairConditioningCombine',
  display: 'Cond Pair Combine',
  inputs: {
    positive_A: socket('CONDITIONING'),
    negative_A: socket('CONDITIONING'),
    positive_B: socket('CONDITIONING'),
    negative_B: socket('CONDITIONING'),
  },
  run: ({ positive_A, negative_A, positive_B, negative_B }) =>
    outputs(
      combineConditioning(positive_A, positive_B),
      combineConditioning(negative_A, negative_B),
    ),
});

const ConditioningSetDefaultCombine = defineNode({
  ...singleNode,
  type: 'ConditioningSetDefaultCombine',
  display: 'Cond Set Default Combine',
  inputs: {
    cond: socket('CONDITIONING'),
    cond_DEFAULT: socket('CONDITIONING'),
    hooks: socket('HOOKS', { optional: true }),
  },
  run: ({ cond, cond_DEFAULT, hooks }) => {
    const [added] = addHooks<Single>([cond_DEFAULT], hooks);
    return outputs(combineConditioning(cond, asDefault(added)));
  },
});

const PairConditioningSetDefaultCombine = defineNode({
  ...pairNode,
  type: 'PairConditioningSetDefaultCombine',
  display: 'Cond Pair Set Default Combine',
  inputs: {
    positive: socket('CONDITIONING'),
    negative: socket('CONDITIONING'),
    positive_DEFAULT: socket('CONDITIONING'),
    negative_DEFAULT: socket('CONDITIONING'),
    hooks: socket('HOOKS', { optional: true }),
  },
  run: ({ positive, negative, positive_DEFAULT, negative_DEFAULT, hooks }) => {
    const added = addHooks<Pair>([positive_DEFAULT, negative_DEFAULT], hooks);
    return outputs(
      combineConditioning(positive, asDefault(added[0])),
      combineConditioning(negative, asDefault(added[1])),
    );
  },
});

const ConditioningTimestepsRange = defineNode({
  type: 'ConditioningTimestepsRange',
  display: 'Timesteps Range',
  category: 'advanced/hooks',
  experimental: true,
  inputs: { start_percent: percent(0), end_percent: percent(1) },
  outputs: [
    output('TIMESTEPS_RANGE'),
    output('TIMESTEPS_RANGE', 'BEFORE_RANGE'),
    output('TIMESTEPS_RANGE', 'AFTER_RANGE'),
  ],
  run: ({ start_percent, end_percent }) =>
    outputs([start_percent, end_percent], [0, start_percent], [end_percent, 1]),
});

export const CONDITIONING_PROPS_NODES: readonly NodeDeclaration[] = [
  ConditioningSetProperties,
  ConditioningSetPropertiesAndCombine,
  PairConditioningSetProperties,
  PairConditioningSetPropertiesAndCombine,
  PairConditioningCombine,
  ConditioningSetDefaultCombine,
  PairConditioningSetDefaultCombine,
  ConditioningTimestepsRange,
];
