// Nodes that encode prompts for flow models. Source: ComfyUI comfy_extras/nodes_flux.py,
// nodes_sd3.py, nodes_lumina2.py, nodes_cond.py.
import {
  combo,
  defineNode,
  float,
  int,
  type NodeDeclaration,
  output,
  outputs,
  socket,
  string,
} from '../../../declare.ts';
import { encodePrompt } from '../../../shared/encode-prompt.ts';

const prompt = (tooltip?: string) =>
  string({ multiline: true, dynamicPrompts: true, ...(tooltip && { tooltip }) });

const CLIPTextEncodeFlux = defineNode({
  type: 'CLIPTextEncodeFlux',
  display: 'CLIPTextEncodeFlux',
  category: 'advanced/conditioning/flux',
  description: 'Encodes one prompt for CLIP-L and one for T5, with the distilled guidance.',
  inputs: {
    clip: socket('CLIP'),
    clip_l: prompt(),
    t5xxl: prompt(),
    guidance: float({ default: 3.5, min: 0, max: 100, step: 0.1 }),
  },
  outputs: [output('CONDITIONING')],
  async run({ clip, clip_l, t5xxl, guidance }, { warn }) {
    const texts = { own: { t5xxl }, rest: clip_l };
    return outputs(await encodePrompt(clip, (one) => one.encodeTexts(texts, warn), { guidance }));
  },
});

const CLIPTextEncodeSD3 = defineNode({
  type: 'CLIPTextEncodeSD3',
  display: 'CLIPTextEncodeSD3',
  category: 'advanced/conditioning',
  description: 'Encodes one prompt for each text encoder of SD3.',
  inputs: {
    clip: socket('CLIP'),
    clip_l: prompt(),
    clip_g: prompt(),
    t5xxl: prompt(),
    empty_padding: combo(['none', 'empty_prompt'], {
      tooltip: 'Whether an encoder without a prompt is left out, or given an empty prompt.',
    }),
  },
  outputs: [output('CONDITIONING')],
  async run({ clip, clip_l, clip_g, t5xxl, empty_padding }, { warn }) {
    const textOf = (text: string) => (text === '' && empty_padding === 'none' ? null : text);
    const own = { clip_l: textOf(clip_l), clip_g: textOf(clip_g), t5xxl: textOf(t5xxl) };
    const texts = { own, rest: clip_g };
    return outputs(await encodePrompt(clip, (one) => one.encodeTexts(texts, warn)));
  },
});

const CLIPTextEncodeHiDream = defineNode({
  type: 'CLIPTextEncodeHiDream',
  display: 'CLIPTextEncodeHiDream',
  category: 'advanced/conditioning',
  description: 'Encodes one prompt for each text encoder of HiDream-I1.',
  inputs: {
    clip: socket('CLIP'),
    clip_l: prompt(),
    clip_g: prompt(),
    t5xxl: prompt(),
    llama: prompt(),
  },
  outputs: [output('CONDITIONING')],
  async run({ clip, llama, ...own }, { warn }) {
    const texts = { own: { ...own, llama3_8b: llama }, rest: own.clip_g };
    return outputs(await encodePrompt(clip, (one) => one.encodeTexts(texts, warn)));
  },
});

/** What Lumina 2 was trained to read before the prompt. */
const SYSTEM_PROMPTS = {
  superior:
    'You are an assistant designed to generate superior images with the superior degree of ' +
    'image-text alignment based on textual prompts or user prompts.',
  alignment:
    'You are an assistant designed to generate high-quality images with the highest degree of ' +
    'image-text alignment based on textual prompts.',
} as const;

const CLIPTextEncodeLumina2 = defineNode({
  type: 'CLIPTextEncodeLumina2',
  display: 'CLIP Text Encode for Lumina2',
  category: 'conditioning',
  description: 'Encodes a prompt after one of the system prompts that Lumina 2 knows.',
  inputs: {
    system_prompt: combo(['superior', 'alignment'], {
      tooltip: Object.entries(SYSTEM_PROMPTS)
        .map(([name, text]) => `${name}: ${text}`)
        .join(' '),
    }),
    user_prompt: prompt('The prompt.'),
    clip: socket('CLIP', { tooltip: 'The text encoder.' }),
  },
  outputs: [output('CONDITIONING')],
  async run({ system_prompt, user_prompt, clip }, { warn }) {
    const text = `${SYSTEM_PROMPTS[system_prompt]} <Prompt Start> ${user_prompt}`;
    return outputs(await encodePrompt(clip, (one) => one.encode(text, warn)));
  },
});

const T5TokenizerOptions = defineNode({
  type: 'T5TokenizerOptions',
  display: 'T5TokenizerOptions',
  category: '_for_testing/conditioning',
  experimental: true,
  description: 'Sets how prompts for T5 are padded, in place of what the model was trained with.',
  inputs: {
    clip: socket('CLIP'),
    min_padding: int({ default: 0, min: 0, max: 10000, step: 1 }),
    min_length: int({ default: 0, min: 0, max: 10000, step: 1 }),
  },
  outputs: [output('CLIP')],
  run: ({ clip, min_padding, min_length }) =>
    outputs(clip.withPadding({ t5xxl: { minPadding: min_padding, minLength: min_length } })),
});

export const FLOW_PROMPT_NODES: readonly NodeDeclaration[] = [
  CLIPTextEncodeFlux,
  CLIPTextEncodeSD3,
  CLIPTextEncodeHiDream,
  CLIPTextEncodeLumina2,
  T5TokenizerOptions,
];
