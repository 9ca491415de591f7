// Text to image as a graph: the nodes of a preset around a model's file. A node has the same id in
// all of them, so that what a user typed stays where the model changes.
import type { PromptGraph } from './api-types.ts';
import type { NodeTemplate, StartPreset } from './start-presets.ts';

/** The files of the graph, by their names in their folders. */
export interface StartFiles {
  /** The node that loads the model. */
  readonly model: NodeTemplate & { readonly title: string };
  /** The node that loads the text encoders; undefined where the model's file has them. */
  readonly encoders?: NodeTemplate;
  /** Undefined where the model's file has it. */
  readonly vae?: string;
}

type Link = readonly [id: string, output: number];
type Graph = Record<string, PromptGraph<unknown>[string]>;

const MODEL = '1';
const PROMPT = '2';
const NEGATIVE = '3';
const SIZE = '4';
const SAMPLER = '5';
const DECODE = '6';
const SAVE = '7';
const ENCODERS = '8';
const VAE = '9';
const TOKENIZER = '10';
const GUIDANCE = '11';
const MODEL_SAMPLING = '12';

export function startGraph(preset: StartPreset, files: StartFiles): PromptGraph<unknown> {
  const graph: Graph = {};
  const add = (id: string, title: string, { class_type, inputs }: NodeTemplate): Link => {
    graph[id] = { class_type, inputs, _meta: { title } };
    return [id, 0];
  };
  /** Adds a node that a value goes through, where there is one. */
  const through = (
    link: Link,
    [id, title, input]: readonly [id: string, title: string, input: string],
    node: NodeTemplate | undefined,
  ): Link => {
    if (!node) return link;
    return add(id, title, { ...node, inputs: { ...node.inputs, [input]: link } });
  };
  const loaded = add(MODEL, files.model.title, files.model);
  const encoders = files.encoders ? add(ENCODERS, 'Text encoders', files.encoders) : output(1);
  const vae = files.vae ? add(VAE, 'VAE', vaeLoader(files.vae)) : output(2);
  const clip = through(encoders, [TOKENIZER, 'Tokens', 'clip'], preset.tokenizer);
  const model = through(loaded, [MODEL_SAMPLING, 'Shift', 'model'], preset.modelSampling);
  const prompt = add(PROMPT, 'Prompt', encode(preset, clip));
  const positive = through(prompt, [GUIDANCE, 'Guidance', 'conditioning'], guidance(preset));
  const negative = add(
    NEGATIVE,
    'Negative prompt',
    preset.negative === 'zeros' ? zeros(prompt) : encode(preset, clip),
  );
  const latent = add(SIZE, 'Size', size(preset));
  const { steps, cfg, sampler: sampler_name, scheduler } = preset;
  const sampled = add(SAMPLER, 'Sampler', {
    class_type: 'KSampler',
    inputs: {
      ...{ seed: 0, steps, cfg, sampler_name, scheduler, denoise: 1 },
      ...{ model, positive, negative, latent_image: latent },
    },
  });
  const decoder = { class_type: 'VAEDecode', inputs: { samples: sampled, vae } };
  const images = add(DECODE, 'Decode', decoder);
  add(SAVE, 'Save', { class_type: 'SaveImage', inputs: { filename_prefix: 'Darkroom', images } });
  return graph;
}

/** An output of a checkpoint's loader. */
const output = (index: number): Link => [MODEL, index];

const vaeLoader = (vae_name: string): NodeTemplate => ({
  class_type: 'VAELoader',
  inputs: { vae_name },
});

const encode = ({ encode: { class_type, inputs, prompt } }: StartPreset, clip: Link) => ({
  class_type,
  inputs: { ...inputs, [prompt]: '', clip },
});

const zeros = (conditioning: Link): NodeTemplate => ({
  class_type: 'ConditioningZeroOut',
  inputs: { conditioning },
});

const guidance = ({ guidance: value }: StartPreset): NodeTemplate | undefined =>
  value === undefined ? undefined : { class_type: 'FluxGuidance', inputs: { guidance: value } };

const size = ({ latent, side }: StartPreset): NodeTemplate => ({
  class_type: latent,
  inputs: { width: side, height: side, batch_size: 1 },
});
