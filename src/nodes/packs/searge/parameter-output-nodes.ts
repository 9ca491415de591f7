// The output nodes of SeargeSDXL: each outputs all parameters together and some of them separately.
// Source: SeargeSDXL modules/_legacy.py.
import { DarkroomError } from '../../../errors.ts';
import { defineNode, output, outputs, socket } from '../../declare.ts';
import type { SocketType } from '../../input-types.ts';
import type { SeargeModelNames, SeargeParameters } from './searge-sockets.ts';

/** The node that adds each parameter, for the hint of an error. */
const SOURCES: readonly (readonly [node: string, names: readonly (keyof SeargeParameters)[]])[] = [
  [
    'SeargeInput1 (Prompts)',
    [
      'main_prompt',
      'secondary_prompt',
      'style_prompt',
      'negative_prompt',
      'negative_style',
      'image',
      'mask',
    ],
  ],
  [
    'SeargeInput2 (Generation Parameters)',
    [
      'seed',
      'image_width',
      'image_height',
      'steps',
      'cfg',
      'sampler_name',
      'scheduler',
      'save_image',
      'save_directory',
    ],
  ],
  [
    'SeargeInput3 (Advanced Parameters)',
    [
      'denoise',
      'base_ratio',
      'refiner_strength',
      'refiner_intensity',
      'precondition_steps',
      'batch_size',
      'upscale_resolution_factor',
      'save_upscaled_image',
    ],
  ],
  [
    'SeargeInput5 (Prompt Processing)',
    [
      'base_conditioning_scale',
      'refiner_conditioning_scale',
      'style_prompt_power',
      'negative_style_power',
      'style_template',
    ],
  ],
  [
    'SeargeInput6 (HiResFix Parameters)',
    [
      'hires_fix',
      'hrf_steps',
      'hrf_denoise',
      'hrf_upscale_factor',
      'hrf_intensity',
      'hrf_seed_offset',
      'hrf_smoothness',
    ],
  ],
  ['SeargeInput7 (Misc Parameters)', ['lora_strength', 'operation_mode', 'prompt_style']],
];

/**
 * A parameter; undefined if its input was not connected. Throws DR_INPUT_INVALID if no node adds
 * it.
 */
export function parameter<K extends keyof SeargeParameters>(
  parameters: SeargeParameters,
  name: K,
): SeargeParameters[K] {
  if (Object.hasOwn(parameters, name)) return parameters[name];
  const source =
    SOURCES.find(([, names]) => names.includes(name))?.[0] ??
    'SeargeParameterProcessor (Parameter Processor)';
  throw new DarkroomError('DR_INPUT_INVALID', {
    message: `the parameters contain no '${name}'`,
    hint: `Add the node ${source} to the chain of inputs.`,
    input: 'parameters',
  });
}

type OutputList = readonly (readonly [name: keyof SeargeParameters, type: SocketType])[];

const parameterOutputs = (type: string, display: string, category: string, list: OutputList) =>
  defineNode({
    type,
    display,
    category: `Searge/_deprecated_/UI/${category}`,
    inputs: { parameters: socket('PARAMETERS') },
    outputs: [
      output('PARAMETERS', 'parameters'),
      ...list.map(([name, socketType]) => output(socketType, name)),
    ],
    run: ({ parameters }) =>
      outputs(parameters, ...list.map(([name]) => parameter(parameters, name))),
  });

const SeargeOutput1 = parameterOutputs('SeargeOutput1', 'Prompts', 'Outputs', [
  ['main_prompt', 'STRING'],
  ['secondary_prompt', 'STRING'],
  ['style_prompt', 'STRING'],
  ['negative_prompt', 'STRING'],
  ['negative_style', 'STRING'],
  ['image', 'IMAGE'],
  ['mask', 'MASK'],
]);

const SeargeOutput2 = parameterOutputs('SeargeOutput2', 'Generation Parameters', 'Outputs', [
  ['seed', 'INT'],
  ['image_width', 'INT'],
  ['image_height', 'INT'],
  ['steps', 'INT'],
  ['cfg', 'FLOAT'],
  ['sampler_name', 'SAMPLER_NAME'],
  ['scheduler', 'SCHEDULER_NAME'],
  ['save_image', 'ENABLE_STATE'],
  ['save_directory', 'SAVE_FOLDER'],
]);

const SeargeOutput3 = parameterOutputs('SeargeOutput3', 'Advanced Parameters', 'Outputs', [
  ['denoise', 'FLOAT'],
  ['base_ratio', 'FLOAT'],
  ['refiner_strength', 'FLOAT'],
  ['noise_offset', 'INT'],
  ['precondition_steps', 'INT'],
  ['batch_size', 'INT'],
  ['upscale_resolution_factor', 'FLOAT'],
  ['save_upscaled_image', 'ENABLE_STATE'],
]);

const MODEL_NAMES: readonly (readonly [name: keyof SeargeModelNames, type: SocketType])[] = [
  ['base_model', 'CHECKPOINT_NAME'],
  ['refiner_model', 'CHECKPOINT_NAME'],
  ['vae_model', 'VAE_NAME'],
  ['main_upscale_model', 'UPSCALER_NAME'],
  ['support_upscale_model', 'UPSCALER_NAME'],
  ['lora_model', 'LORA_NAME'],
];

const SeargeOutput4 = defineNode({
  type: 'SeargeOutput4',
  display: 'Model Names',
  category: 'Searge/_deprecated_/UI/Outputs',
  inputs: { model_names: socket('MODEL_NAMES') },
  outputs: [
    output('MODEL_NAMES', 'model_names'),
    ...MODEL_NAMES.map(([name, type]) => output(type, name)),
  ],
  run: ({ model_names }) => outputs(model_names, ...MODEL_NAMES.map(([name]) => model_names[name])),
});

const SeargeOutput5 = parameterOutputs('SeargeOutput5', 'Prompt Processing', 'Outputs', [
  ['base_conditioning_scale', 'FLOAT'],
  ['refiner_conditioning_scale', 'FLOAT'],
  ['style_prompt_power', 'FLOAT'],
  ['negative_style_power', 'FLOAT'],
]);

const SeargeOutput6 = parameterOutputs('SeargeOutput6', 'HiResFix Parameters', 'Outputs', [
  ['hrf_steps', 'INT'],
  ['hrf_denoise', 'FLOAT'],
  ['hrf_upscale_factor', 'FLOAT'],
  ['hrf_noise_offset', 'INT'],
  ['hrf_seed', 'INT'],
  ['hires_fix', 'ENABLE_STATE'],
  ['hrf_smoothness', 'FLOAT'],
]);

const SeargeOutput7 = parameterOutputs('SeargeOutput7', 'Misc Parameters', 'Outputs', [
  ['lora_strength', 'FLOAT'],
]);

const SeargeGenerated1 = parameterOutputs(
  'SeargeGenerated1',
  'Flow Control Parameters',
  'Generated',
  [
    ['operation_selector', 'INT'],
    ['prompt_style_selector', 'INT'],
    ['prompt_style_group', 'INT'],
  ],
);

export const SEARGE_OUTPUT_NODES = [
  SeargeOutput1,
  SeargeOutput2,
  SeargeOutput3,
  SeargeOutput4,
  SeargeOutput5,
  SeargeOutput6,
  SeargeOutput7,
  SeargeGenerated1,
];
