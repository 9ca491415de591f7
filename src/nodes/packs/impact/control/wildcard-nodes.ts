// Prompts with wildcards and LoRAs. Source: Impact Pack impact_pack.py, wildcards.py,
// impact_server.py (the text is populated before the run).

import { createHash } from 'node:crypto';
import { DarkroomError } from '../../../../errors.ts';
import { fileState } from '../../../../formats/file-state.ts';
import { MAX_INTEGER_DIGITS } from '../../../../limits.ts';
import type { Clip } from '../../../../models/clip/clip.ts';
import { didYouMean } from '../../../../near-matches.ts';
import { ownValue } from '../../../../own-value.ts';
import { concatConditioning } from '../../../../sampling/conditioning/operations.ts';
import type { Conditioning, Model } from '../../../../sampling/sampling-types.ts';
import {
  findLoraFile,
  parseLoraTags,
  removeLoraTags,
  splitAtBreak,
} from '../../../../text/lora-tags.ts';
import type { Wildcards } from '../../../../text/wildcard-lists.ts';
import { hasWildcards, populateWildcards } from '../../../../text/wildcards.ts';
import type { NodeContext } from '../../../context.ts';
import {
  combo,
  defineNode,
  type NodeDeclaration,
  output,
  outputs,
  seed,
  socket,
  string,
} from '../../../declare.ts';
import { replacedOption } from '../../../former-options.ts';
import type { PromptEditor, PromptPreparation } from '../../../prompt-hooks.ts';
import { encodePrompt } from '../../../shared/encode-prompt.ts';
import { withNamedLora } from '../../../shared/named-lora.ts';
import { chooserInputs } from '../impact-inputs.ts';

const PROMPT = 'ImpactPack/Prompt';

const text = (options: { readonly wildcards?: boolean } = {}) =>
  string({ multiline: true, dynamicPrompts: false, ...options });
const MODES = ['populate', 'fixed', 'reproduce'] as const;
/** The mode, a switch in versions before 8. */
const mode = combo(MODES, {
  former: { true: 'populate', false: 'fixed', Populate: 'populate', Fixed: 'fixed' },
  tooltip:
    'populate: populated_text is made of wildcard_text before the run. fixed: populated_text is ' +
    'used as it is. reproduce: as fixed, and the editor sets populate for the next run.',
});
const textInputs = { wildcard_text: text(), populated_text: text({ wildcards: true }), mode };

/** Nodes whose seed is used if they are linked, and the names of their widgets. */
const LINKED_SEEDS: Readonly<Record<string, string>> = { 'Seed (rgthree)': 'seed' };

/**
 * In the mode "populate", sets the populated text from the wildcard text and the mode to
 * "reproduce", which the editor resets after the run.
 */
const populateOnPrompt: PromptPreparation = {
  edit(id, prompt) {
    const replaced = replacedOption(prompt.input(id, 'mode'), mode);
    if (replaced !== undefined) prompt.set(id, 'mode', replaced);
    if (prompt.input(id, 'mode') === 'populate') populate(id, prompt);
    if (prompt.input(id, 'mode') === 'reproduce') showInEditor(id, prompt, 'mode', 'populate');
  },
};

/**
 * Populates the text of a node, and of the workflow that is saved. As in the original, this needs a
 * seed in the node itself: with a linked seed, nothing is changed.
 */
function populate(id: string, prompt: PromptEditor): void {
  const wildcardText = prompt.input(id, 'wildcard_text');
  if (typeof wildcardText !== 'string' || typeof prompt.input(id, 'populated_text') !== 'string')
    return;
  const seedInput = prompt.input(id, 'seed');
  const source = Array.isArray(seedInput) ? String(seedInput[0]) : undefined;
  const value =
    source === undefined
      ? seedInput
      : prompt.input(source, ownValue(LINKED_SEEDS, prompt.classType(source) ?? '') ?? '');
  const digits = ['number', 'bigint', 'string'].includes(typeof value) ? String(value) : '';
  if (!/^\d+$/.test(digits) || digits.length > MAX_INTEGER_DIGITS) return;
  const lists = prompt.environment.wildcards();
  const populated = populateInput('wildcard_text', wildcardText, BigInt(digits), lists);
  prompt.set(id, 'populated_text', populated);
  prompt.set(id, 'mode', 'reproduce');
  prompt.setWidget(id, 1, populated);
  prompt.setWidget(id, 2, 'reproduce');
  showInEditor(id, prompt, 'populated_text', populated);
}

const showInEditor = (id: string, prompt: PromptEditor, widget: string, value: string): void =>
  prompt.send('impact-node-feedback', {
    node_id: id,
    widget_name: widget,
    type: 'STRING',
    value,
  });

/** Populates the text of an input, which errors name. */
function populateInput(
  input: string,
  text: string,
  seed: bigint | number,
  lists: Wildcards,
): string {
  try {
    return populateWildcards(text, seed, lists);
  } catch (error) {
    if (!(error instanceof DarkroomError)) throw error;
    throw new DarkroomError(error.code, { ...error, message: error.message, input });
  }
}

/** A hash of the wildcard lists, if the text uses wildcards. */
const wildcardFingerprint = (populated: string, context: NodeContext): string =>
  hasWildcards(populated)
    ? createHash('sha256')
        .update(JSON.stringify([...context.wildcards()]))
        .digest('hex')
    : '';

const warnNotPopulated = (context: NodeContext): void =>
  context.warn(
    'the text can only be populated with a seed in the node itself; ' +
      'populated_text is used as it is',
  );

const ImpactWildcardProcessor = defineNode({
  type: 'ImpactWildcardProcessor',
  display: 'ImpactWildcardProcessor',
  category: PROMPT,
  description: 'Resolves the wildcards of a text: {a|b}, {2$$, $$a|b|c}, __list__.',
  inputs: {
    ...textInputs,
    mode: { ...mode, default: 'populate' },
    seed: seed(),
    'Select to add Wildcard': chooserInputs['Select to add Wildcard'],
  },
  outputs: [output('STRING', 'processed text')],
  prepare: populateOnPrompt,
  fingerprint: ({ populated_text }, context) => wildcardFingerprint(populated_text, context),
  run({ populated_text, mode, seed }, context) {
    if (mode === 'populate') warnNotPopulated(context);
    return outputs(populateInput('populated_text', populated_text, seed, context.wildcards()));
  },
});

export interface EncodedPrompt {
  readonly model: Model;
  readonly clip: Clip;
  readonly conditioning: Conditioning;
  /** The text with its wildcards resolved, LoRA tags included. */
  readonly text: string;
}

/**
 * Encodes a prompt with wildcards, `<lora:…>` tags and BREAKs, and applies its LoRAs to the
 * networks. LoRAs that are not found and LBW block weights are ignored with a warning. Errors name
 * `input`.
 */
export async function encodeWithLoras(
  prompt: string,
  networks: { readonly model: Model; readonly clip: Clip },
  seed: bigint | number,
  context: NodeContext,
  input = 'wildcard',
): Promise<EncodedPrompt> {
  const populated = populateInput(input, prompt, seed, context.wildcards());
  let { model, clip } = networks;
  const files = context.modelFiles('loras');
  for (const { name, modelStrength, clipStrength, blocks, loader } of parseLoraTags(populated)) {
    const file = findLoraFile(name, files);
    if (file === undefined) {
      const suggestion = didYouMean(name, files);
      context.warn(
        `there is no LoRA '${name}', so <lora:${name}> is ignored. ${suggestion}`.trim(),
      );
      continue;
    }
    if (loader !== undefined) {
      context.warn(
        `<lora:${name}> is ignored: LOADER=${loader} names a loader of another pack; ` +
          'remove it to load the LoRA as usual',
      );
      continue;
    }
    if (blocks !== undefined)
      context.warn(
        `LBW=${blocks} of <lora:${name}> is ignored: block weights belong to the Inspire Pack`,
      );
    const changed = await withNamedLora(
      model,
      clip,
      file,
      { unet: modelStrength, clip: clipStrength },
      context,
    );
    model = changed.model;
    clip = changed.clip ?? clip;
  }
  let conditioning: Conditioning | undefined;
  for (const part of splitAtBreak(removeLoraTags(populated))) {
    const encoded = await encodePrompt(clip, (one) => one.encode(part, context.warn));
    conditioning = conditioning ? concatConditioning(conditioning, encoded, context.warn) : encoded;
  }
  return { model, clip, conditioning: conditioning!, text: populated };
}

const ImpactWildcardEncode = defineNode({
  type: 'ImpactWildcardEncode',
  display: 'ImpactWildcardEncode',
  category: PROMPT,
  description: 'Encodes a prompt with wildcards and <lora:name:strength> tags.',
  inputs: {
    model: socket('MODEL'),
    clip: socket('CLIP'),
    ...textInputs,
    ...chooserInputs,
    seed: seed(),
  },
  outputs: [
    output('MODEL', 'model'),
    output('CLIP', 'clip'),
    output('CONDITIONING', 'conditioning'),
    output('STRING', 'populated_text'),
  ],
  prepare: populateOnPrompt,
  async fingerprint({ populated_text }, context) {
    const files = context.modelFiles('loras');
    const all = populated_text.includes('<lora:')
      ? files.map((file) => context.modelPath('loras', file))
      : [];
    return `${wildcardFingerprint(populated_text, context)} ${await fileState(...all)}`;
  },
  async run({ model, clip, populated_text, mode, seed }, context) {
    if (mode === 'populate') warnNotPopulated(context);
    const encoded = await encodeWithLoras(
      populated_text,
      { model, clip },
      seed,
      context,
      'populated_text',
    );
    return outputs(encoded.model, encoded.clip, encoded.conditioning, encoded.text);
  },
});

export const WILDCARD_NODES: readonly NodeDeclaration[] = [
  ImpactWildcardProcessor,
  ImpactWildcardEncode,
];
