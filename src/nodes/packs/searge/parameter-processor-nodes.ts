// Derives parameters of SeargeSDXL from others: switches as numbers, seeds, dependent options.
// Source: SeargeSDXL modules/_legacy.py (SeargeParameterProcessor, SeargeStylePreprocessor).
import { ownValue } from '../../../own-value.ts';
import { defineNode, output, outputs, socket, string } from '../../declare.ts';
import { OPERATION_MODES, PROMPT_STYLES } from './parameter-choices.ts';
import { parameter } from './parameter-output-nodes.ts';
import type { SeargeParameters } from './searge-sockets.ts';

type Rule = (p: SeargeParameters) => SeargeParameters;

/** Adds the noise offset of an intensity. */
const noiseOffset =
  (
    intensity: 'refiner_intensity' | 'hrf_intensity',
    offset: 'noise_offset' | 'hrf_noise_offset',
  ): Rule =>
  (p) => {
    const value = parameter(p, intensity);
    return value === undefined ? p : { ...p, [offset]: value === 'soft' ? 1 : 0 };
  };

const hiresFix: Rule = (p) =>
  parameter(p, 'hires_fix') === 'disabled' ? { ...p, hrf_steps: 0 } : p;

const hiresSeed: Rule = (p) => {
  const offset = parameter(p, 'hrf_seed_offset');
  if (offset === undefined) return p;
  const seed = parameter(p, 'seed') ?? 0n;
  return { ...p, hrf_seed: offset === 'distinct' ? seed + 3n : seed };
};

/** With `test`, both noise offsets become the inverse of the second one, as in the original. */
const styleTemplate: Rule = (p) => {
  if (parameter(p, 'style_template') !== 'test') return p;
  const inverse = 1 - (parameter(p, 'hrf_noise_offset') ?? 0);
  return {
    ...p,
    ...(parameter(p, 'noise_offset') !== undefined && { noise_offset: inverse }),
    hrf_noise_offset: inverse,
  };
};

const operationMode: Rule = (p) => {
  const mode = parameter(p, 'operation_mode');
  if (mode === undefined) return p;
  const operation_selector = Math.max(
    0,
    OPERATION_MODES.indexOf(mode as (typeof OPERATION_MODES)[number]),
  );
  return { ...p, operation_selector, ...(operation_selector === 0 && { denoise: 1 }) };
};

const withoutStyle: Rule = (p) => ({ ...p, style_prompt: '', negative_style: '' });

/** How some prompt styles change the prompts. */
const PROMPT_RULES: Readonly<Record<string, Rule>> = {
  simple: (p) => ({ ...withoutStyle(p), secondary_prompt: parameter(p, 'main_prompt') }),
  '3 prompts G+L-N': withoutStyle,
};
const DEFAULT_STYLE = '3 prompts G+L-N';

const promptStyle: Rule = (p) => {
  const value = parameter(p, 'prompt_style');
  if (value === undefined) return p;
  const style = Object.hasOwn(PROMPT_STYLES, value)
    ? (value as keyof typeof PROMPT_STYLES)
    : DEFAULT_STYLE;
  const { selector, group } = PROMPT_STYLES[style];
  const changed = ownValue(PROMPT_RULES, style)?.(p) ?? p;
  return { ...changed, prompt_style_selector: selector, prompt_style_group: group };
};

/**
 * Disables the other savers with the first. The saver to the input folder needs the image of the
 * hires fix, which it therefore enables.
 */
const saving: Rule = (p) => {
  const save = parameter(p, 'save_image');
  if (save === undefined) return p;
  if (save === 'disabled') return { ...p, save_upscaled_image: 'disabled', hires_fix: 'disabled' };
  return parameter(p, 'save_directory') === 'input folder' ? { ...p, hires_fix: 'enabled' } : p;
};

const RULES: readonly Rule[] = [
  (p) => ({ ...p, denoise: parameter(p, 'denoise') ?? 1 }),
  noiseOffset('refiner_intensity', 'noise_offset'),
  hiresFix,
  noiseOffset('hrf_intensity', 'hrf_noise_offset'),
  hiresSeed,
  styleTemplate,
  operationMode,
  promptStyle,
  saving,
];

/** The completed parameters. Throws DR_INPUT_INVALID if an input node is missing in the chain. */
export const processParameters = (inputs: SeargeParameters): SeargeParameters =>
  RULES.reduce((p, rule) => rule(p), inputs);

const SeargeParameterProcessor = defineNode({
  type: 'SeargeParameterProcessor',
  display: 'Parameter Processor',
  category: 'Searge/_deprecated_/UI',
  inputs: { inputs: socket('PARAMETER_INPUTS') },
  outputs: [output('PARAMETERS', 'parameters')],
  run: ({ inputs }) => outputs(processParameters(inputs)),
});

const SeargeStylePreprocessor = defineNode({
  type: 'SeargeStylePreprocessor',
  display: 'Style Preprocessor (wip)',
  category: 'Searge/_deprecated_/UI',
  description: 'Returns the parameters unchanged: the original is unfinished.',
  inputs: {
    inputs: socket('PARAMETER_INPUTS'),
    active_style_name: string({ multiline: false, default: '' }),
    style_definitions: string({ multiline: true, default: '[unfinished work in progress]' }),
  },
  outputs: [output('PARAMETER_INPUTS', 'inputs')],
  run({ inputs }) {
    parameter(inputs, 'style_template');
    return outputs(inputs);
  },
});

export const SEARGE_PROCESSOR_NODES = [SeargeParameterProcessor, SeargeStylePreprocessor];
