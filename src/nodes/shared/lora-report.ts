// What a LoRA does not change, and why.
import { FAMILY_NAMES, type Family } from '../../formats/identify/identified-model.ts';
import { loraFamily } from '../../models/inspect/lora-family.ts';
import type { LoraResult } from '../../models/lora/apply.ts';
import type { LoraFile } from '../../models/lora/file.ts';

/** Names of tensors for text encoders. They match nothing where only the model is changed. */
const TEXT_ENCODER_TENSOR = /^(lora_te\d?_|lora_prior_te_|text_encoders?\.|text_encoder_2\.)/;
/** Layers of FLUX.1 as XLabs names them. */
const XLABS_TENSOR = /^double_blocks\.\d+\.processor\.(qkv|proj)_lora/m;
const MAX_LISTED = 3;

export interface LoraUse {
  /** The name of the file. */
  readonly name: string;
  readonly lora: LoraFile;
  /** The family of the model. */
  readonly family: Family;
  /** Whether text encoders are changed too. */
  readonly hasClip: boolean;
}

/** Returns one line about everything that a LoRA does not change; undefined if it changes all. */
export function loraReport(use: LoraUse, result: LoraResult): string | undefined {
  const { name, lora, family, hasClip } = use;
  const unread = new Set(result.unread);
  const unmatched = result.unmatched.filter(
    (key) => !unread.has(key) && (hasClip || !TEXT_ENCODER_TENSOR.test(key)),
  );
  const { shapeMismatches, refused } = result;
  const isUsed = result.changed > 0;
  const madeFor = loraFamily(lora.tensors);
  const unreadNames = !isUsed && XLABS_TENSOR.test([...lora.tensors.keys()].join('\n'));
  const isForeign =
    madeFor !== undefined &&
    !madeFor.families.includes(family) &&
    (!isUsed || unmatched.length + shapeMismatches.length > 0);
  const findings = [
    isForeign && `it belongs to ${madeFor.name}, and the model is ${FAMILY_NAMES[family]}`,
    unreadNames &&
      'its tensors have the names of XLabs, which ComfyUI reads only where all blocks of FLUX.1 ' +
        'are changed; use the file that its authors converted for ComfyUI',
    !isUsed &&
      !isForeign &&
      !unreadNames &&
      shapeMismatches.length + refused.length + unread.size === 0 &&
      `it matches no weight of the ${FAMILY_NAMES[family]} model; ` +
        'it was made for another family of models, or is not a LoRA',
    isUsed &&
      unmatched.length > 0 &&
      `${unmatched.length} tensors match no weight of the model and are ignored: ` +
        listed(unmatched),
    unread.size > 0 &&
      `${unread.size} tensors of its layers are of no kind that ComfyUI reads and are ignored: ` +
        listed([...unread]),
    shapeMismatches.length > 0 &&
      `${shapeMismatches.length} weights have another shape and stay unchanged: ` +
        listed(shapeMismatches),
    ...refusals(refused),
  ].filter((finding) => finding !== false);
  if (findings.length === 0) return undefined;
  return `${name}${isUsed ? '' : ' changes nothing'}: ${findings.join('; ')}`;
}

/** One sentence for each kind of change that ComfyUI cannot apply. */
const refusals = (refused: LoraResult['refused']): string[] =>
  [...new Set(refused.map(({ kind }) => kind))].map((kind) => {
    const weights = refused.filter((one) => one.kind === kind).map(({ weight }) => weight);
    return `it is a ${kind}, which ComfyUI cannot apply, on ${listed(weights)}`;
  });

const listed = (names: readonly string[]): string =>
  names.length > MAX_LISTED
    ? `${names.slice(0, MAX_LISTED).join(', ')} and ${names.length - MAX_LISTED} more`
    : names.join(', ');
