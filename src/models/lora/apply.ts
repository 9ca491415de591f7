// Applies a LoRA file to a model and its text encoders, as ComfyUI's load_lora_for_models: what matches by name and shape is changed,
// the rest is named. How the changes are computed: models/changes.ts.

import type { Clip } from '../clip/clip.ts';
import type { TextEncoder } from '../clip/text-encoder.ts';
import type { UNet } from '../unet/unet.ts';
import type { PatchTargets } from '../weights/changes.ts';
import { type LoraFile, type Patch, readPatches } from './file.ts';
import { type AppliedLora, patchFits } from './fit.ts';
import { clipKeys, unetKeys } from './keys.ts';

export { type LoraFile, openLora } from './file.ts';

export interface LoraResult {
  readonly unet?: UNet;
  readonly clip?: Clip;
  /** How many weights were changed. */
  readonly changed: number;
  /** Tensors of the file that name no weight of these networks. */
  readonly unmatched: readonly string[];
  /** Weights that have another shape than the LoRA was made for; they stay as they are. */
  readonly shapeMismatches: readonly string[];
}

export interface LoraStrengths {
  readonly unet: number;
  readonly clip: number;
}

/** The networks with the LoRA more; those given. Throws DR_MODEL_PART_MISSING for a file that lacks one of a pair of factors. */
export function applyLora(
  networks: { unet?: UNet; clip?: Clip },
  lora: LoraFile,
  strengths: LoraStrengths,
): LoraResult {
  const { unet, clip } = networks;
  const misfits: string[] = [];
  const used = new Set<string>();
  let changed = 0;

  const fitting = (
    patches: ReadonlyMap<string, Patch>,
    targets: PatchTargets,
    prefix = '',
  ): Map<string, Patch> => {
    const fit = new Map<string, Patch>();
    for (const [key, patch] of patches) {
      if (!key.startsWith(prefix)) continue;
      const name = key.slice(prefix.length);
      const target = targets.get(name);
      if (target && patchFits(patch, target.shape, lora)) fit.set(name, patch);
      else if (target) misfits.push(key);
    }
    changed += fit.size;
    return fit;
  };
  const read = (keys: ReadonlyMap<string, string>): ReadonlyMap<string, Patch> => {
    const found = readPatches(lora, keys);
    for (const name of found.used) used.add(name);
    return found.patches;
  };

  const withUnet = (): UNet | undefined => {
    if (!unet?.patchable) return unet;
    const patches = fitting(read(unetKeys(unet.patchable.keys())), unet.patchable);
    const applied: AppliedLora = { lora, strength: strengths.unet, patches };
    return hasEffect(applied) ? unet.variant({ changes: [applied] }) : unet;
  };
  const withClip = (): Clip | undefined => {
    if (!clip) return undefined;
    const patches = read(
      clipKeys(
        new Map(clip.encoders.map(({ kind, patchable }) => [kind, patchable?.keys() ?? []])),
      ),
    );
    const encoders = clip.encoders.flatMap((encoder): TextEncoder[] => {
      if (!encoder.patchable || !encoder.withChanges) return [];
      const applied: AppliedLora = {
        lora,
        strength: strengths.clip,
        patches: fitting(patches, encoder.patchable, `${encoder.kind}.transformer.`),
      };
      return hasEffect(applied) ? [encoder.withChanges([applied])] : [];
    });
    return encoders.length > 0 ? clip.withEncoders(encoders) : clip;
  };

  const result = { unet: withUnet(), clip: withClip() };
  return {
    ...result,
    changed,
    unmatched: [...lora.tensors.keys()].filter((name) => !used.has(name)),
    shapeMismatches: misfits,
  };
}

/** At strength 0 a change is none, but for weights that are replaced whole. */
const hasEffect = ({ strength, patches }: AppliedLora): boolean =>
  patches.size > 0 && (strength !== 0 || [...patches.values()].some(({ kind }) => kind === 'set'));
