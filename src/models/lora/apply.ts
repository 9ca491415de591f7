// Applies a LoRA file to a model and its text encoders, as ComfyUI's load_lora_for_models: weights
// that match by name and shape are changed, everything else is reported. How the changes are
// computed is decided in weights/plan-changes.ts.
import type { Clip } from '../clip/clip.ts';
import type { TextEncoder } from '../clip/text-encoder.ts';
import type { Denoiser } from '../denoiser.ts';
import type { PatchTargets } from '../weights/changes.ts';
import type { LoraFile } from './file.ts';
import { patchFits, refusedBeside, refusedKind } from './fit.ts';
import { clipKeys } from './keys.ts';
import { type AppliedLora, type LoraKeys, type Patch, prefixesOf, readPatches } from './patches.ts';

export interface LoraResult {
  readonly unet?: Denoiser;
  readonly clip?: Clip;
  /** The number of changed weights. */
  readonly changed: number;
  /** Tensors of the file that belong to no weight of these networks. */
  readonly unmatched: readonly string[];
  /** Those of them that belong to a layer of these networks, but to no kind of change. */
  readonly unread: readonly string[];
  /** Weights of another shape than the LoRA was made for; they stay as they are. */
  readonly shapeMismatches: readonly string[];
  /** Weights with a change that ComfyUI cannot apply, and the kind of the change. */
  readonly refused: readonly { readonly weight: string; readonly kind: string }[];
}

export interface LoraStrengths {
  readonly unet: number;
  readonly clip: number;
  /** Computes low-rank changes beside the weights (AppliedLora.isBypass). */
  readonly isBypass?: boolean;
}

/**
 * Returns the given networks with the LoRA applied. Throws DR_MODEL_PART_MISSING for a file that
 * lacks one of a pair of factors, and DR_INPUT_INVALID for one that makes weights larger and is to
 * be computed beside them.
 */
export function applyLora(
  { unet, clip }: { unet?: Denoiser; clip?: Clip },
  lora: LoraFile,
  strengths: LoraStrengths,
): LoraResult {
  const matches = noMatches(lora, strengths.isBypass);
  const result = {
    unet: unet && withLora(unet, matches, strengths.unet),
    clip: clip && clipWithLora(clip, matches, strengths.clip),
  };
  const unmatched = [...lora.tensors.keys()].filter((name) => !matches.used.has(name));
  return {
    ...result,
    changed: matches.changed,
    unmatched,
    unread: unmatched.filter((name) => prefixesOf(name).some((key) => matches.layers.has(key))),
    shapeMismatches: matches.shapeMismatches,
    refused: matches.refused,
  };
}

/** What was found while a LoRA is applied. */
interface Matches {
  readonly lora: LoraFile;
  readonly isBypass: boolean;
  /** Tensors of the file that patches are made of. */
  readonly used: Set<string>;
  /** The names that the layers of the networks have in LoRA files. */
  readonly layers: Set<string>;
  changed: number;
  readonly shapeMismatches: string[];
  readonly refused: { readonly weight: string; readonly kind: string }[];
}

const noMatches = (lora: LoraFile, isBypass = false): Matches => ({
  lora,
  isBypass,
  used: new Set(),
  layers: new Set(),
  changed: 0,
  shapeMismatches: [],
  refused: [],
});

/** Returns the patches of a LoRA that fit a UNet, by the names of its weights. */
export const loraPatches = (unet: Denoiser, lora: LoraFile): ReadonlyMap<string, Patch> =>
  unetPatches(unet, noMatches(lora));

const unetPatches = (
  { patchable, loraKeys }: Denoiser,
  matches: Matches,
): ReadonlyMap<string, Patch> =>
  patchable && loraKeys
    ? fittingPatches(matches, patchesFor(matches, loraKeys()), patchable)
    : new Map<string, Patch>();

function withLora(unet: Denoiser, matches: Matches, strength: number): Denoiser {
  const patches = unetPatches(unet, matches);
  const applied: AppliedLora = { lora: matches.lora, strength, patches };
  return hasEffect(applied)
    ? unet.variant({ changes: changesOf(applied, matches.isBypass) })
    : unet;
}

/** Divides a LoRA into its low-rank changes, without magnitudes, and the others. */
function changesOf(applied: AppliedLora, isBypass: boolean): AppliedLora[] {
  if (!isBypass) return [applied];
  const beside = new Map<string, Patch>();
  const others = new Map<string, Patch>();
  for (const [name, patch] of applied.patches)
    if (patch.kind === 'lora') beside.set(name, { ...patch, dora: undefined });
    else others.set(name, patch);
  return [
    { ...applied, patches: others },
    { ...applied, patches: beside, isBypass },
  ].filter(({ patches }) => patches.size > 0);
}

function clipWithLora(clip: Clip, matches: Matches, strength: number): Clip {
  const targets = new Map(clip.encoders.map((encoder) => [encoder.kind, targetsOf(encoder)]));
  const tensors = new Map([...targets].map(([kind, own]) => [kind, own.keys()]));
  const patches = patchesFor(matches, clipKeys(tensors));
  const encoders = clip.encoders.flatMap((encoder): TextEncoder[] => {
    if (!encoder.withChanges) return [];
    const prefix = `${encoder.kind}.transformer.`;
    const fitting = fittingPatches(matches, patches, targets.get(encoder.kind)!, prefix);
    const tokens = encoder.tokenTable?.name ?? '';
    const ofTokens = fitting.get(tokens);
    fitting.delete(tokens);
    const applied: AppliedLora = { lora: matches.lora, strength, patches: fitting };
    const tokenChanges =
      ofTokens && hasEffect({ ...applied, patches: new Map([[tokens, ofTokens]]) })
        ? [{ lora: matches.lora, strength, patch: ofTokens }]
        : [];
    const changes = hasEffect(applied) ? changesOf(applied, matches.isBypass) : [];
    return changes.length + tokenChanges.length > 0
      ? [encoder.withChanges(changes, tokenChanges)]
      : [];
  });
  return encoders.length > 0 ? clip.withEncoders(encoders) : clip;
}

const targetsOf = ({ patchable, tokenTable }: TextEncoder): PatchTargets =>
  new Map([
    ...(patchable ?? []),
    ...(tokenTable ? ([[tokenTable.name, tokenTable]] as const) : []),
  ]);

function patchesFor({ lora, used, layers }: Matches, keys: LoraKeys): ReadonlyMap<string, Patch> {
  for (const key of keys.keys()) layers.add(key);
  const found = readPatches(lora, keys);
  for (const name of found.used) used.add(name);
  return found.patches;
}

/** Returns the patches whose targets have the right shape, by the names of the targets. */
function fittingPatches(
  matches: Matches,
  patches: ReadonlyMap<string, Patch>,
  targets: PatchTargets,
  prefix = '',
): Map<string, Patch> {
  const fitting = new Map<string, Patch>();
  for (const [key, patch] of patches) {
    if (!key.startsWith(prefix)) continue;
    const name = key.slice(prefix.length);
    const target = targets.get(patch.part?.weight ?? name);
    if (!target) continue;
    const kind =
      refusedKind(patch) ??
      (matches.isBypass ? refusedBeside(patch, key, matches.lora) : undefined);
    if (kind !== undefined) matches.refused.push({ weight: key, kind });
    else if (patchFits(patch, target.shape, matches.lora)) fitting.set(name, patch);
    else matches.shapeMismatches.push(key);
  }
  matches.changed += fitting.size;
  return fitting;
}

/** At strength 0 only patches that replace a weight have an effect. */
export const hasEffect = ({ strength, patches }: AppliedLora): boolean =>
  patches.size > 0 && (strength !== 0 || [...patches.values()].some(({ kind }) => kind === 'set'));
