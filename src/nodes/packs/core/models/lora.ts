// Nodes that apply LoRAs. Source: ComfyUI nodes.py.
import { stat } from 'node:fs/promises';
import type { Clip } from '../../../../models/clip/clip.ts';
import {
  applyLora,
  type LoraFile,
  type LoraStrengths,
  openLora,
} from '../../../../models/lora/apply.ts';
import type { Model } from '../../../../sampling/sampling-types.ts';
import type { NodeContext } from '../../../context.ts';
import { defineNode, float, modelFile, output, outputs, socket } from '../../../declare.ts';

const strength = (tooltip?: string) =>
  float({ default: 1, min: -100, max: 100, step: 0.01, ...(tooltip && { tooltip }) });

async function fileState(
  { lora_name }: { lora_name: string },
  context: NodeContext,
): Promise<string> {
  const file = context.modelPath('loras', lora_name);
  const { mtimeMs, size } = await stat(file);
  return `${file} ${mtimeMs} ${size}`;
}

/** Names of tensors for text encoders, which are left over by intention where only the model is changed. */
const FOR_TEXT = /^(lora_te\d?_|lora_prior_te_|text_encoders?\.|text_encoder_2\.)/;
const SHOWN = 3;

const listed = (names: readonly string[]): string =>
  `${names.slice(0, SHOWN).join(', ')}${names.length > SHOWN ? ` and ${names.length - SHOWN} more` : ''}`;

/** A model and text encoders with a LoRA of the folder `loras` more; says what of it does not fit. */
export async function withLora(
  model: Model,
  clip: Clip | undefined,
  name: string,
  strengths: LoraStrengths,
  context: NodeContext,
): Promise<{ model: Model; clip?: Clip }> {
  if (strengths.unet === 0 && strengths.clip === 0) return { model, clip };
  const lora: LoraFile = await openLora(context.modelPath('loras', name));
  const result = applyLora({ unet: model.unet, clip }, lora, strengths);
  const unmatched = clip ? result.unmatched : result.unmatched.filter((key) => !FOR_TEXT.test(key));
  if (result.changed === 0)
    context.warn(
      `${name} changes nothing: it fits no weight of the ${model.family} model and was made for another family, or is no LoRA`,
    );
  else if (unmatched.length > 0 || result.shapeMismatches.length > 0)
    context.warn(
      [
        unmatched.length > 0 &&
          `${name}: ${unmatched.length} tensors name no weight of the model and are left out: ${listed(unmatched)}`,
        result.shapeMismatches.length > 0 &&
          `${name}: ${result.shapeMismatches.length} weights have another shape and stay as they are: ${listed(result.shapeMismatches)}`,
      ]
        .filter(Boolean)
        .join('; '),
    );
  return { model: { ...model, unet: result.unet ?? model.unet }, clip: result.clip };
}

const LoraLoader = defineNode({
  type: 'LoraLoader',
  display: 'Load LoRA',
  category: 'loaders',
  description: 'Applies a LoRA to a model and its text encoders. Several may follow one another.',
  inputs: {
    model: socket('MODEL', { tooltip: 'The model to change.' }),
    clip: socket('CLIP', { tooltip: 'The text encoders to change.' }),
    lora_name: modelFile('loras', { tooltip: 'The file.' }),
    strength_model: strength('How much of it the model gets; may be negative.'),
    strength_clip: strength('How much of it the text encoders get; may be negative.'),
  },
  outputs: [output('MODEL'), output('CLIP')],
  fingerprint: fileState,
  async run({ model, clip, lora_name, strength_model, strength_clip }, context) {
    const changed = await withLora(
      model,
      clip,
      lora_name,
      { unet: strength_model, clip: strength_clip },
      context,
    );
    return outputs(changed.model, changed.clip);
  },
});

const LoraLoaderModelOnly = defineNode({
  type: 'LoraLoaderModelOnly',
  display: 'LoraLoaderModelOnly',
  category: 'loaders',
  inputs: { model: socket('MODEL'), lora_name: modelFile('loras'), strength_model: strength() },
  outputs: [output('MODEL')],
  fingerprint: fileState,
  async run({ model, lora_name, strength_model }, context) {
    return outputs(
      (await withLora(model, undefined, lora_name, { unet: strength_model, clip: 0 }, context))
        .model,
    );
  },
});

export const LORA_NODES = [LoraLoader, LoraLoaderModelOnly];
