// Nodes that apply LoRAs. Source: ComfyUI nodes.py.
import { defineNode, float, modelFile, output, outputs, socket } from '../../../declare.ts';
import { namedLoraState, withNamedLora } from '../../../shared/named-lora.ts';

const strength = (tooltip?: string) =>
  float({ default: 1, min: -100, max: 100, step: 0.01, ...(tooltip && { tooltip }) });

const LoraLoader = defineNode({
  type: 'LoraLoader',
  display: 'Load LoRA',
  category: 'loaders',
  description:
    'Applies a LoRA to a model and its text encoders. Several nodes can follow one another.',
  inputs: {
    model: socket('MODEL', { tooltip: 'The model to change.' }),
    clip: socket('CLIP', { tooltip: 'The text encoders to change.' }),
    lora_name: modelFile('loras', { tooltip: 'The file.' }),
    strength_model: strength('Strength for the model; may be negative.'),
    strength_clip: strength('Strength for the text encoders; may be negative.'),
  },
  outputs: [output('MODEL'), output('CLIP')],
  fingerprint: ({ lora_name }, context) => namedLoraState(lora_name, context),
  async run({ model, clip, lora_name, strength_model, strength_clip }, context) {
    const strengths = { unet: strength_model, clip: strength_clip };
    const changed = await withNamedLora(model, clip, lora_name, strengths, context);
    return outputs(changed.model, changed.clip);
  },
});

const LoraLoaderModelOnly = defineNode({
  type: 'LoraLoaderModelOnly',
  display: 'LoraLoaderModelOnly',
  category: 'loaders',
  inputs: { model: socket('MODEL'), lora_name: modelFile('loras'), strength_model: strength() },
  outputs: [output('MODEL')],
  fingerprint: ({ lora_name }, context) => namedLoraState(lora_name, context),
  async run({ model, lora_name, strength_model }, context) {
    const strengths = { unet: strength_model, clip: 0 };
    const changed = await withNamedLora(model, undefined, lora_name, strengths, context);
    return outputs(changed.model);
  },
});

const bypass = {
  category: 'model/loaders',
  description:
    'Applies a LoRA beside the weights of a model instead of changing them. Another such node ' +
    'replaces it. Of LoKr, LoHa, GLoRA, OFT and BOFT the weights are changed.',
  experimental: true,
} as const;

const LoraLoaderBypass = defineNode({
  ...bypass,
  type: 'LoraLoaderBypass',
  display: 'Load LoRA (Bypass) (For debugging)',
  inputs: {
    model: socket('MODEL', { tooltip: 'The model.' }),
    clip: socket('CLIP', { tooltip: 'The text encoders.' }),
    lora_name: modelFile('loras', { tooltip: 'The file.' }),
    strength_model: strength('Strength for the model; may be negative.'),
    strength_clip: strength('Strength for the text encoders; may be negative.'),
  },
  outputs: [output('MODEL'), output('CLIP')],
  fingerprint: ({ lora_name }, context) => namedLoraState(lora_name, context),
  async run({ model, clip, lora_name, strength_model, strength_clip }, context) {
    const strengths = { unet: strength_model, clip: strength_clip, isBypass: true };
    const changed = await withNamedLora(model, clip, lora_name, strengths, context);
    return outputs(changed.model, changed.clip);
  },
});

const LoraLoaderBypassModelOnly = defineNode({
  ...bypass,
  type: 'LoraLoaderBypassModelOnly',
  display: 'Load LoRA (Bypass, Model Only) (for debugging)',
  inputs: { model: socket('MODEL'), lora_name: modelFile('loras'), strength_model: strength() },
  outputs: [output('MODEL')],
  fingerprint: ({ lora_name }, context) => namedLoraState(lora_name, context),
  async run({ model, lora_name, strength_model }, context) {
    const strengths = { unet: strength_model, clip: 0, isBypass: true };
    const changed = await withNamedLora(model, undefined, lora_name, strengths, context);
    return outputs(changed.model);
  },
});

export const LORA_NODES = [
  LoraLoader,
  LoraLoaderModelOnly,
  LoraLoaderBypass,
  LoraLoaderBypassModelOnly,
];
