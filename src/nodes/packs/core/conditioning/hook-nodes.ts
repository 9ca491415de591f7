// Nodes that create, schedule and combine hooks, and set them on CLIPs.
// Source: ComfyUI comfy_extras/nodes_hooks.py.
import { fileState } from '../../../../formats/file-state.ts';
import { withClipHooks } from '../../../../models/hooks/hooked-clip.ts';
import {
  combineHooks,
  combineTwo,
  type HookGroup,
  type HookWeights,
  weightHook,
  withKeyframes,
} from '../../../../models/hooks/hooks.ts';
import {
  addKeyframes,
  INTERPOLATIONS,
  interpolate,
  type Keyframes,
  NO_KEYFRAMES,
  spreadKeyframes,
} from '../../../../models/hooks/keyframes.ts';
import { openLora } from '../../../../models/lora/file.ts';
import type { NodeContext } from '../../../context.ts';
import {
  boolean,
  combo,
  defineNode,
  float,
  int,
  modelFile,
  type NodeDeclaration,
  output,
  outputs,
  socket,
} from '../../../declare.ts';
import { loadNamedCheckpoint } from '../../../shared/named-checkpoint.ts';
import { namedLoraState } from '../../../shared/named-lora.ts';
import { percent } from '../../../shared/percent-input.ts';

const hookNode = {
  category: 'advanced/hooks/create',
  experimental: true,
  outputs: [output('HOOKS')],
} as const;
const keyframeNode = {
  category: 'advanced/hooks/scheduling',
  experimental: true,
  outputs: [output('HOOK_KEYFRAMES', 'HOOK_KF')],
} as const;

const strength = () => float({ default: 1, min: -20, max: 20, step: 0.01 });
const previousHooks = { prev_hooks: socket('HOOKS', { optional: true }) } as const;
const previousKeyframes = { prev_hook_kf: socket('HOOK_KEYFRAMES', { optional: true }) } as const;

const withHook = (previous: HookGroup | undefined, weights: HookWeights): HookGroup =>
  combineTwo(previous ?? [], [weightHook(weights)]);

async function loraHook(
  { name, unet, clip }: { name: string; unet: number; clip: number },
  previous: HookGroup | undefined,
  context: NodeContext,
): Promise<HookGroup> {
  if (unet === 0 && clip === 0) return previous ?? [];
  const lora = await openLora(context.modelPath('loras', name));
  return withHook(previous, { name, strengths: { unet, clip }, source: { lora } });
}

const CreateHookLora = defineNode({
  ...hookNode,
  type: 'CreateHookLora',
  display: 'Create Hook LoRA',
  inputs: {
    lora_name: modelFile('loras'),
    strength_model: strength(),
    strength_clip: strength(),
    ...previousHooks,
  },
  fingerprint: ({ lora_name }, context) => namedLoraState(lora_name, context),
  run: async ({ lora_name: name, strength_model, strength_clip, prev_hooks }, context) =>
    outputs(
      await loraHook({ name, unet: strength_model, clip: strength_clip }, prev_hooks, context),
    ),
});

const CreateHookLoraModelOnly = defineNode({
  ...hookNode,
  type: 'CreateHookLoraModelOnly',
  display: 'Create Hook LoRA (MO)',
  inputs: { lora_name: modelFile('loras'), strength_model: strength(), ...previousHooks },
  fingerprint: ({ lora_name }, context) => namedLoraState(lora_name, context),
  run: async ({ lora_name: name, strength_model, prev_hooks }, context) =>
    outputs(await loraHook({ name, unet: strength_model, clip: 0 }, prev_hooks, context)),
});

async function checkpointHook(
  { name, unet, clip }: { name: string; unet: number; clip: number },
  previous: HookGroup | undefined,
  context: NodeContext,
): Promise<HookGroup> {
  const loaded = await loadNamedCheckpoint(name, context);
  const source = { unet: loaded.model.denoiser, encoders: loaded.clip.encoders };
  return withHook(previous, { name, strengths: { unet, clip }, source });
}

const checkpointState = ({ ckpt_name }: { readonly ckpt_name: string }, context: NodeContext) =>
  fileState(context.modelPath('checkpoints', ckpt_name));

const CreateHookModelAsLora = defineNode({
  ...hookNode,
  type: 'CreateHookModelAsLora',
  display: 'Create Hook Model as LoRA',
  inputs: {
    ckpt_name: modelFile('checkpoints'),
    strength_model: strength(),
    strength_clip: strength(),
    ...previousHooks,
  },
  fingerprint: checkpointState,
  run: async ({ ckpt_name: name, strength_model, strength_clip, prev_hooks }, context) =>
    outputs(
      await checkpointHook(
        { name, unet: strength_model, clip: strength_clip },
        prev_hooks,
        context,
      ),
    ),
});

const CreateHookModelAsLoraModelOnly = defineNode({
  ...hookNode,
  type: 'CreateHookModelAsLoraModelOnly',
  display: 'Create Hook Model as LoRA (MO)',
  inputs: { ckpt_name: modelFile('checkpoints'), strength_model: strength(), ...previousHooks },
  fingerprint: checkpointState,
  run: async ({ ckpt_name: name, strength_model, prev_hooks }, context) =>
    outputs(await checkpointHook({ name, unet: strength_model, clip: 0 }, prev_hooks, context)),
});

const SetHookKeyframes = defineNode({
  ...hookNode,
  type: 'SetHookKeyframes',
  display: 'Set Hook Keyframes',
  category: 'advanced/hooks/scheduling',
  inputs: { hooks: socket('HOOKS'), hook_kf: socket('HOOK_KEYFRAMES', { optional: true }) },
  run: ({ hooks, hook_kf }) => outputs(hook_kf ? withKeyframes(hooks, hook_kf) : hooks),
});

const CreateHookKeyframe = defineNode({
  ...keyframeNode,
  type: 'CreateHookKeyframe',
  display: 'Create Hook Keyframe',
  inputs: { strength_mult: strength(), start_percent: percent(0), ...previousKeyframes },
  run: ({ strength_mult, start_percent, prev_hook_kf = NO_KEYFRAMES }) =>
    outputs(
      addKeyframes(prev_hook_kf, [
        { strength: strength_mult, startPercent: start_percent, guaranteeSteps: 1 },
      ]),
    ),
});

/** Reports keyframes if they are to be printed. */
function printed(keyframes: Keyframes, isPrinted: boolean, { status }: NodeContext): Keyframes {
  if (isPrinted)
    for (const { startPercent, strength: value } of keyframes)
      status(`Hook Keyframe - start_percent:${startPercent} = ${value}`);
  return keyframes;
}

const CreateHookKeyframesInterpolated = defineNode({
  ...keyframeNode,
  type: 'CreateHookKeyframesInterpolated',
  display: 'Create Hook Keyframes Interp.',
  inputs: {
    strength_start: float({ default: 1, min: 0, max: 10, step: 0.001 }),
    strength_end: float({ default: 1, min: 0, max: 10, step: 0.001 }),
    interpolation: combo(INTERPOLATIONS),
    start_percent: percent(0),
    end_percent: percent(1),
    keyframes_count: int({ default: 5, min: 2, max: 100, step: 1 }),
    print_keyframes: boolean(),
    ...previousKeyframes,
  },
  run: ({ prev_hook_kf = NO_KEYFRAMES, ...values }, context) => {
    const { strength_start, strength_end, keyframes_count, interpolation } = values;
    const strengths = interpolate(strength_start, strength_end, keyframes_count, interpolation);
    const keyframes = spreadKeyframes(strengths, values.start_percent, values.end_percent);
    return outputs(addKeyframes(prev_hook_kf, printed(keyframes, values.print_keyframes, context)));
  },
});

const CreateHookKeyframesFromFloats = defineNode({
  ...keyframeNode,
  type: 'CreateHookKeyframesFromFloats',
  display: 'Create Hook Keyframes From Floats',
  inputs: {
    floats_strength: socket('FLOATS', { default: -1, min: -1, step: 0.001, forceInput: true }),
    start_percent: percent(0),
    end_percent: percent(1),
    print_keyframes: boolean(),
    ...previousKeyframes,
  },
  run: ({ prev_hook_kf = NO_KEYFRAMES, ...values }, context) => {
    const { floats_strength, start_percent, end_percent, print_keyframes } = values;
    const strengths = typeof floats_strength === 'number' ? [floats_strength] : floats_strength;
    const keyframes = spreadKeyframes(strengths, start_percent, end_percent);
    return outputs(addKeyframes(prev_hook_kf, printed(keyframes, print_keyframes, context)));
  },
});

const LETTERS = 'ABCDEFGH';

/** The first `count` of the inputs hooks_A, hooks_B …, all of them optional. */
const hookInputs = (count: number) =>
  Object.fromEntries(
    [...LETTERS.slice(0, count)].map((letter) => [
      `hooks_${letter}`,
      socket('HOOKS', { optional: true }),
    ]),
  );

function combineNode(count: number): NodeDeclaration {
  const inputs = hookInputs(count);
  return defineNode({
    ...hookNode,
    type: `CombineHooks${count}`,
    display: `Combine Hooks [${count}]`,
    category: 'advanced/hooks/combine',
    inputs,
    run: (values) => outputs(combineHooks(Object.keys(inputs).map((name) => values[name]))),
  });
}

const SetClipHooks = defineNode({
  type: 'SetClipHooks',
  display: 'Set CLIP Hooks',
  category: 'advanced/hooks/clip',
  experimental: true,
  inputs: {
    clip: socket('CLIP'),
    apply_to_conds: boolean({ default: true }),
    schedule_clip: boolean(),
    hooks: socket('HOOKS', { optional: true }),
  },
  outputs: [output('CLIP')],
  run: ({ clip, apply_to_conds, schedule_clip, hooks }) => {
    if (!hooks) return outputs(clip);
    const ofConditionings = apply_to_conds ? hooks : clip.hooks?.ofConditionings;
    return outputs(withClipHooks(clip, hooks, { ofConditionings, isScheduled: schedule_clip }));
  },
});

export const HOOK_NODES: readonly NodeDeclaration[] = [
  CreateHookLora,
  CreateHookLoraModelOnly,
  CreateHookModelAsLora,
  CreateHookModelAsLoraModelOnly,
  SetHookKeyframes,
  CreateHookKeyframe,
  CreateHookKeyframesInterpolated,
  CreateHookKeyframesFromFloats,
  ...[2, 4, 8].map(combineNode),
  SetClipHooks,
];
