// The input nodes of SeargeSDXL: each adds its values to the parameters. The original changes one
// shared dictionary; here each returns a new one. The result equals that of the original's first
// run. Source: SeargeSDXL modules/_legacy.py.
import { SAMPLER_NAMES } from '../../../sampling/samplers/index.ts';
import { SCHEDULERS } from '../../../sampling/schedules/schedules.ts';
import {
  combo,
  defineNode,
  float,
  int,
  modelFile,
  output,
  outputs,
  seed,
  socket,
  string,
} from '../../declare.ts';
import { MAX_RESOLUTION } from '../../shared/image-limits.ts';
import {
  INTENSITIES,
  OPERATION_MODES,
  PROMPT_STYLES,
  SAVE_FOLDERS,
  SEED_OFFSETS,
  STATES,
  STYLE_TEMPLATES,
} from './parameter-choices.ts';

const common = {
  category: 'Searge/_deprecated_/UI/Inputs',
  outputs: [output('PARAMETER_INPUTS', 'inputs')],
};
const previousInputs = { inputs: socket('PARAMETER_INPUTS', { optional: true }) };

const prompt = () => string({ multiline: true, default: '' });
const pixels = () => int({ default: 1024, min: 0, max: MAX_RESOLUTION, step: 8 });
const state = () => combo(STATES, { default: 'enabled' });
const intensity = () => combo(INTENSITIES, { default: 'soft' });
const unit = (initial: number, step: number) => float({ default: initial, min: 0, max: 1, step });
const quarters = (initial: number) => float({ default: initial, min: 0.25, max: 4, step: 0.25 });

const SeargeInput1 = defineNode({
  ...common,
  type: 'SeargeInput1',
  display: 'Prompts',
  inputs: {
    main_prompt: prompt(),
    secondary_prompt: prompt(),
    style_prompt: prompt(),
    negative_prompt: prompt(),
    negative_style: prompt(),
    ...previousInputs,
    image: socket('IMAGE', { optional: true }),
    mask: socket('MASK', { optional: true }),
  },
  run: ({ inputs, image, mask, ...values }) => outputs({ ...inputs, ...values, image, mask }),
});

const SeargeInput2 = defineNode({
  ...common,
  type: 'SeargeInput2',
  display: 'Generation Parameters',
  inputs: {
    seed: seed(),
    image_width: pixels(),
    image_height: pixels(),
    steps: int({ default: 20, min: 0, max: 200 }),
    cfg: float({ default: 7, min: 0, max: 30, step: 0.5 }),
    sampler_name: combo(SAMPLER_NAMES, { default: 'ddim' }),
    scheduler: combo(SCHEDULERS, { default: 'ddim_uniform' }),
    save_image: state(),
    save_directory: combo(SAVE_FOLDERS, { default: 'output folder' }),
    ...previousInputs,
  },
  run: ({ inputs, ...values }) => outputs({ ...inputs, ...values }),
});

const SeargeInput3 = defineNode({
  ...common,
  type: 'SeargeInput3',
  display: 'Advanced Parameters',
  inputs: {
    base_ratio: unit(0.8, 0.01),
    refiner_strength: float({ default: 1, min: 0.1, max: 1, step: 0.05 }),
    refiner_intensity: intensity(),
    precondition_steps: int({ default: 0, min: 0, max: 10 }),
    batch_size: int({ default: 1, min: 1, max: 4 }),
    upscale_resolution_factor: quarters(2),
    save_upscaled_image: state(),
    ...previousInputs,
    denoise: float({ default: 1, min: 0, max: 1, step: 0.01, optional: true }),
  },
  run: ({ inputs, denoise, ...values }) => outputs({ ...inputs, ...values, denoise }),
});

const SeargeInput4 = defineNode({
  type: 'SeargeInput4',
  display: 'Model Names',
  category: common.category,
  inputs: {
    base_model: modelFile('checkpoints'),
    refiner_model: modelFile('checkpoints'),
    vae_model: modelFile('vae'),
    main_upscale_model: modelFile('upscale_models'),
    support_upscale_model: modelFile('upscale_models'),
    lora_model: modelFile('loras'),
    model_settings: socket('MODEL_SETTINGS', { optional: true }),
  },
  outputs: [output('MODEL_NAMES', 'model_names')],
  run: ({ model_settings, ...names }) => outputs({ ...model_settings, ...names }),
});

const SeargeInput5 = defineNode({
  ...common,
  type: 'SeargeInput5',
  display: 'Prompt Processing',
  inputs: {
    base_conditioning_scale: quarters(2),
    refiner_conditioning_scale: quarters(2),
    style_prompt_power: unit(0.33, 0.01),
    negative_style_power: unit(0.67, 0.01),
    style_template: combo(STYLE_TEMPLATES, { default: 'none' }),
    ...previousInputs,
  },
  run: ({ inputs, ...values }) => outputs({ ...inputs, ...values }),
});

const SeargeInput6 = defineNode({
  ...common,
  type: 'SeargeInput6',
  display: 'HiResFix Parameters',
  inputs: {
    hires_fix: state(),
    hrf_steps: int({ default: 0, min: 0, max: 100 }),
    hrf_denoise: unit(0.1, 0.01),
    hrf_upscale_factor: quarters(1.5),
    hrf_intensity: intensity(),
    hrf_seed_offset: combo(SEED_OFFSETS, { default: 'distinct' }),
    hrf_smoothness: unit(0, 0.05),
    ...previousInputs,
  },
  run: ({ inputs, ...values }) => outputs({ ...inputs, ...values }),
});

const SeargeInput7 = defineNode({
  ...common,
  type: 'SeargeInput7',
  display: 'Misc Parameters',
  inputs: {
    lora_strength: float({ default: 0.2, min: -10, max: 10, step: 0.05 }),
    operation_mode: combo(OPERATION_MODES, { default: 'text to image' }),
    prompt_style: combo(Object.keys(PROMPT_STYLES), { default: 'simple' }),
    ...previousInputs,
  },
  run: ({ inputs, ...values }) => outputs({ ...inputs, ...values }),
});

export const SEARGE_INPUT_NODES = [
  SeargeInput1,
  SeargeInput2,
  SeargeInput3,
  SeargeInput4,
  SeargeInput5,
  SeargeInput6,
  SeargeInput7,
];
