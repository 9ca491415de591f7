// CLIPs with hooks (SetClipHooks; comfy.sd CLIP, comfy.model_patcher forced_hooks): their encoders
// are changed by the hooks after all other changes, whichever were added first.
import { DarkroomError } from '../../errors.ts';
import type { Clip, ClipHooks } from '../clip/clip.ts';
import type { TextEncoder } from '../clip/text-encoder.ts';
import { applyLora } from '../lora/apply.ts';
import { checkShapes } from './hooked-unet.ts';
import type { HookGroup, HookWeights } from './hooks.ts';

type HookOptions = Pick<ClipHooks, 'ofConditionings' | 'isScheduled'>;

/**
 * Returns a CLIP with these hooks in place of those that it has. Throws DR_MODEL_PART_MISSING for a
 * hook by a checkpoint without text encoders.
 */
export function withClipHooks(clip: Clip, group: HookGroup, options: HookOptions): Clip {
  for (const { weights } of group) checkEncoders(weights);
  return hooked(clip.hooks?.plain ?? clip, group, options);
}

function hooked(plain: Clip, group: HookGroup, options: HookOptions): Clip {
  const cached = new Map<string, Clip>();
  const at = (factors: readonly number[]): Clip => {
    const key = factors.join();
    const result = cached.get(key) ?? applyHooks(plain, group, factors);
    cached.set(key, result);
    return result;
  };
  const first = (): Clip =>
    at(group.map(({ keyframes: [one] }) => (options.isScheduled && one ? one.strength : 1)));
  return {
    family: plain.family,
    encoders: plain.encoders,
    hooks: { ...options, group, plain, at },
    encode: (text, warn) => first().encode(text, warn),
    encodeChanged: (text, change, warn) => first().encodeChanged(text, change, warn),
    encodePair: (textG, textL, warn) => first().encodePair(textG, textL, warn),
    encodeWithImages: (text, images, warn) => first().encodeWithImages(text, images, warn),
    encodeTexts: (texts, warn) => first().encodeTexts(texts, warn),
    withLastLayer: (layer) => hooked(plain.withLastLayer(layer), group, options),
    withPadding: (padding) => hooked(plain.withPadding(padding), group, options),
    withEncoders: (encoders) => hooked(plain.withEncoders(encoders), group, options),
  };
}

function checkEncoders({ name, strengths, source }: HookWeights): void {
  if ('lora' in source || strengths.clip === 0 || source.encoders.length > 0) return;
  throw new DarkroomError('DR_MODEL_PART_MISSING', {
    message: `${name} contains no text encoder that a hook could change a CLIP by`,
    hint: 'Use CreateHookModelAsLoraModelOnly, or a checkpoint that contains its text encoders.',
    file: name,
  });
}

function applyHooks(plain: Clip, group: HookGroup, factors: readonly number[]): Clip {
  const rounded = plain.withEncoders(plain.encoders.map(afterRounding));
  return group.reduce(
    (clip, { weights }, i) => applyHook(clip, weights, weights.strengths.clip * factors[i]),
    rounded,
  );
}

/** The original stores changed weights, in their type, before hooks change them. */
function afterRounding(encoder: TextEncoder): TextEncoder {
  if (!encoder.withChanges || !encoder.base) return encoder;
  const { changes, tokenChanges } = encoder.base;
  const rounded = [{ isRounded: true }] as const;
  return changes.length + tokenChanges.length > 0
    ? encoder.withChanges(changes.length ? rounded : [], tokenChanges.length ? rounded : [])
    : encoder;
}

function applyHook(clip: Clip, { name, source }: HookWeights, strength: number): Clip {
  if ('lora' in source)
    return applyLora({ clip }, source.lora, { unet: 0, clip: strength }).clip ?? clip;
  if (strength === 0) return clip;
  const encoders = clip.encoders.map((encoder): TextEncoder => {
    const other = source.encoders.find(({ kind }) => kind === encoder.kind);
    if (!encoder.withChanges || !encoder.base || !other?.base || !other.tokenRows) return encoder;
    checkShapes(encoder.base, other.base, name);
    const change = { other: other.base, strength };
    return encoder.withChanges([change], [{ strength, rows: other.tokenRows }]);
  });
  return clip.withEncoders(encoders);
}
