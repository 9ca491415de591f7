// Nodes that apply LoRAs. Source: ComfyUI nodes.py.
import {
  defineNode,
  float,
  modelFile,
  type NodeDeclaration,
  output,
  outputs,
  socket,
} from '../../../declare.ts';
import { namedLoraState, withNamedLora } from '../../../shared/named-lora.ts';

const strength = (tooltip?: string) =>
  float({ default: 1, min: -100, max: 100, step: 0.01, ...(tooltip && { tooltip }) });

type Texts = Pick<
  NodeDeclaration,
  'type' | 'display' | 'category' | 'description' | 'experimental'
>;

/** A loader for a model and its text encoders, which `tooltips` are of. */
const loader = (
  texts: Texts,
  tooltips: { readonly model: string; readonly clip: string },
  isBypass = false,
) =>
  defineNode({
    ...texts,
    inputs: {
      model: socket('MODEL', { tooltip: tooltips.model }),
      clip: socket('CLIP', { tooltip: tooltips.clip }),
      lora_name: modelFile('loras', { tooltip: 'The file.' }),
      strength_model: strength('Strength for the model; may be negative.'),
      strength_clip: strength('Strength for the text encoders; may be negative.'),
    },
    outputs: [output('MODEL'), output('CLIP')],
    fingerprint: ({ lora_name }, context) => namedLoraState(lora_name, context),
    async run({ model, clip, lora_name, strength_model, strength_clip }, context) {
      const strengths = { unet: strength_model, clip: strength_clip, isBypass };
      const changed = await withNamedLora(model, clip, lora_name, strengths, context);
      return outputs(changed.model, changed.clip);
    },
  });

/** A loader for a model alone. */
const modelOnlyLoader = (texts: Texts, isBypass = false) =>
  defineNode({
    ...texts,
    inputs: { model: socket('MODEL'), lora_name: modelFile('loras'), strength_model: strength() },
    outputs: [output('MODEL')],
    fingerprint: ({ lora_name }, context) => namedLoraState(lora_name, context),
    async run({ model, lora_name, strength_model }, context) {
      const strengths = { unet: strength_model, clip: 0, isBypass };
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

export const LORA_NODES: readonly NodeDeclaration[] = [
  loader(
    {
      type: 'LoraLoader',
      display: 'Load LoRA',
      category: 'loaders',
      description:
        'Applies a LoRA to a model and its text encoders. Several nodes can follow one another.',
    },
    { model: 'The model to change.', clip: 'The text encoders to change.' },
  ),
  modelOnlyLoader({
    type: 'LoraLoaderModelOnly',
    display: 'LoraLoaderModelOnly',
    category: 'loaders',
  }),
  loader(
    { ...bypass, type: 'LoraLoaderBypass', display: 'Load LoRA (Bypass) (For debugging)' },
    { model: 'The model.', clip: 'The text encoders.' },
    true,
  ),
  modelOnlyLoader(
    {
      ...bypass,
      type: 'LoraLoaderBypassModelOnly',
      display: 'Load LoRA (Bypass, Model Only) (for debugging)',
    },
    true,
  ),
];
