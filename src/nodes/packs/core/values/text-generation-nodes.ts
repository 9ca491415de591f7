// Text generation by language models, which is not built in. The nodes are declared nevertheless:
// official workflows have them behind a switch, and run as long as their text is not needed.
// Source: ComfyUI 0.33.0 comfy_extras/nodes_textgen.py.
import { DarkroomError } from '../../../../errors.ts';
import {
  boolean,
  defineNode,
  dynamicCombo,
  float,
  int,
  type NodeDeclaration,
  output,
  seed,
  socket,
  string,
} from '../../../declare.ts';
import { switchBehind } from '../../../shared/switch-behind.ts';

const samplingMode = () =>
  dynamicCombo({
    on: {
      temperature: float({ default: 0.7, min: 0.01, max: 2, step: 0.000001 }),
      top_k: int({ default: 64, min: 0, max: 1000 }),
      top_p: float({ default: 0.95, step: 0.01 }),
      min_p: float({ default: 0.05, step: 0.01 }),
      repetition_penalty: float({ default: 1.05, max: 5, step: 0.01 }),
      seed: seed({ control_after_generate: false }),
      presence_penalty: float({ max: 5, step: 0.01, optional: true }),
    },
    off: {},
  });

const textGenerator = (type: string, display: string): NodeDeclaration =>
  defineNode({
    type,
    display,
    category: 'text',
    description: 'Writes a text with a language model. Not built in: it fails when it is needed.',
    inputs: {
      clip: socket('CLIP'),
      prompt: string({ default: '', multiline: true, dynamicPrompts: true }),
      max_length: int({ default: 512, min: 1, max: 32768 }),
      sampling_mode: samplingMode(),
      image: socket('IMAGE', { optional: true }),
      video: socket('IMAGE', {
        optional: true,
        tooltip: 'Frames of a video, as a batch.',
      }),
      audio: socket('AUDIO', { optional: true }),
      thinking: boolean({ optional: true, tooltip: 'Whether the model reasons first.' }),
      use_default_template: boolean({
        optional: true,
        default: true,
        advanced: true,
        tooltip: "Whether the model's own system prompt is used.",
      }),
    },
    outputs: [output('STRING', 'generated_text')],
    alwaysFails: true,
    run(_, context) {
      const off = switchBehind(context);
      throw new DarkroomError('DR_NODE_FAILED', {
        message: `${type} writes a text with a language model, which is not supported`,
        hint: off
          ? `Turn it off (--set "${off.id}.${off.input}=${off.value}"), and write the text yourself.`
          : 'Remove it from the workflow, and write the text yourself.',
      });
    },
  });

export const TEXT_GENERATION_NODES: readonly NodeDeclaration[] = [
  textGenerator('TextGenerate', 'Generate Text'),
  textGenerator('TextGenerateLTX2Prompt', 'Generate LTX2 Prompt'),
];
