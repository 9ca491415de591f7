// Nodes that encode prompts. Source: ComfyUI nodes.py, comfy_extras/nodes_clip_sdxl.py.
import { defineNode, float, int, output, outputs, socket, string } from '../../../declare.ts';
import { encodePrompt } from '../../../shared/encode-prompt.ts';
import { MAX_RESOLUTION } from '../../../shared/image-limits.ts';

const prompt = (tooltip?: string) =>
  string({ multiline: true, dynamicPrompts: true, ...(tooltip && { tooltip }) });
const pixels = (value: number) => int({ default: value, min: 0, max: MAX_RESOLUTION });

const CLIPTextEncode = defineNode({
  type: 'CLIPTextEncode',
  display: 'CLIP Text Encode (Prompt)',
  category: 'conditioning',
  description: 'Encodes a prompt: what the image should show, or should not show.',
  inputs: {
    text: prompt('The prompt.'),
    clip: socket('CLIP', { tooltip: 'The text encoder, from a checkpoint loader.' }),
  },
  outputs: [output('CONDITIONING')],
  run: async ({ text, clip }, { warn }) =>
    outputs(await encodePrompt(clip, (one) => one.encode(text, warn))),
});

const CLIPTextEncodeSDXL = defineNode({
  type: 'CLIPTextEncodeSDXL',
  display: 'CLIPTextEncodeSDXL',
  category: 'advanced/conditioning',
  inputs: {
    clip: socket('CLIP'),
    width: pixels(1024),
    height: pixels(1024),
    crop_w: pixels(0),
    crop_h: pixels(0),
    target_width: pixels(1024),
    target_height: pixels(1024),
    text_g: prompt(),
    text_l: prompt(),
  },
  outputs: [output('CONDITIONING')],
  async run({ clip, text_g, text_l, ...size }, { warn }) {
    return outputs(await encodePrompt(clip, (one) => one.encodePair(text_g, text_l, warn), size));
  },
});

const CLIPTextEncodeSDXLRefiner = defineNode({
  type: 'CLIPTextEncodeSDXLRefiner',
  display: 'CLIPTextEncodeSDXLRefiner',
  category: 'advanced/conditioning',
  inputs: {
    ascore: float({ default: 6, min: 0, max: 1000, step: 0.01 }),
    width: pixels(1024),
    height: pixels(1024),
    text: prompt(),
    clip: socket('CLIP'),
  },
  outputs: [output('CONDITIONING')],
  async run({ ascore, width, height, text, clip }, { warn }) {
    const values = { aesthetic_score: ascore, width, height };
    return outputs(await encodePrompt(clip, (one) => one.encode(text, warn), values));
  },
});

const CLIPTextEncodeControlnet = defineNode({
  type: 'CLIPTextEncodeControlnet',
  display: 'CLIPTextEncodeControlnet',
  category: '_for_testing/conditioning',
  experimental: true,
  inputs: { clip: socket('CLIP'), conditioning: socket('CONDITIONING'), text: prompt() },
  outputs: [output('CONDITIONING')],
  async run({ clip, conditioning, text }, { warn }) {
    const { cond, pooled } = await clip.encode(text, warn);
    return outputs(
      conditioning.map((entry) => ({
        ...entry,
        cross_attn_controlnet: cond,
        pooled_output_controlnet: pooled,
      })),
    );
  },
});

const CLIPSetLastLayer = defineNode({
  type: 'CLIPSetLastLayer',
  display: 'CLIP Set Last Layer',
  category: 'conditioning',
  inputs: {
    clip: socket('CLIP'),
    stop_at_clip_layer: int({ default: -1, min: -24, max: -1, step: 1 }),
  },
  outputs: [output('CLIP')],
  run: ({ clip, stop_at_clip_layer }) => outputs(clip.withLastLayer(stop_at_clip_layer)),
});

export const PROMPT_NODES = [
  CLIPTextEncode,
  CLIPTextEncodeSDXL,
  CLIPTextEncodeSDXLRefiner,
  CLIPTextEncodeControlnet,
  CLIPSetLastLayer,
];
