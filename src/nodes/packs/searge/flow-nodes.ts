// Switches of SeargeSDXL. Only the selected branch is evaluated; the original evaluates all of
// them.
// Source: SeargeSDXL modules/_legacy.py.
import { SAMPLER_NAMES } from '../../../sampling/samplers/index.ts';
import type { Conditioning, Latent } from '../../../sampling/sampling-types.ts';
import { SCHEDULERS } from '../../../sampling/schedules/schedules.ts';
import { combo, defineNode, inputNamed, int, output, outputs, socket } from '../../declare.ts';
import { SAVE_FOLDERS, STATES } from './parameter-choices.ts';

/** Selects one of `count` inputs, the first one if the number is out of range. */
const muxer = (type: string, display: string, of: 'LATENT' | 'CONDITIONING', count: number) => {
  const names = Array.from({ length: count }, (_, i) => `input${i}`);
  const selectedName = (selector: number | undefined): string => names[selector ?? 0] ?? names[0];
  return defineNode({
    type,
    display,
    category: 'Searge/_deprecated_/FlowControl',
    inputs: {
      ...Object.fromEntries(names.map((name) => [name, socket(of, { lazy: true })])),
      input_selector: int({ default: 0, min: 0, max: count - 1 }),
    },
    outputs: [output(of, 'output')],
    needs: ({ input_selector }) => [selectedName(input_selector)],
    run: (inputs) =>
      outputs(
        inputNamed(inputs, selectedName(inputs.input_selector)) as
          | Latent
          | Conditioning
          | undefined,
      ),
  });
};

const inputsNode = (type: string) => ({ type, category: 'Searge/_deprecated_/Inputs' });

const SeargeSamplerInputs = defineNode({
  ...inputsNode('SeargeSamplerInputs'),
  display: 'Sampler Settings',
  inputs: {
    sampler_name: combo(SAMPLER_NAMES, { default: 'ddim' }),
    scheduler: combo(SCHEDULERS, { default: 'ddim_uniform' }),
  },
  outputs: [output('SAMPLER_NAME', 'sampler_name'), output('SCHEDULER_NAME', 'scheduler')],
  run: ({ sampler_name, scheduler }) => outputs(sampler_name, scheduler),
});

const SeargeEnablerInputs = defineNode({
  ...inputsNode('SeargeEnablerInputs'),
  display: 'Enable / Disable',
  inputs: { state: combo(STATES, { default: 'enabled' }) },
  outputs: [output('ENABLE_STATE', 'state')],
  run: ({ state }) => outputs(state),
});

const SeargeSaveFolderInputs = defineNode({
  ...inputsNode('SeargeSaveFolderInputs'),
  display: 'Save Folder',
  inputs: { save_to: combo(SAVE_FOLDERS, { default: 'output folder' }) },
  outputs: [output('SAVE_FOLDER', 'save_to')],
  run: ({ save_to }) => outputs(save_to),
});

export const SEARGE_FLOW_NODES = [
  muxer('SeargeLatentMuxer3', '3-Way Muxer for Latents', 'LATENT', 3),
  muxer('SeargeConditioningMuxer2', '2-Way Muxer for Conditioning', 'CONDITIONING', 2),
  muxer('SeargeConditioningMuxer5', '5-Way Muxer for Conditioning', 'CONDITIONING', 5),
  SeargeSamplerInputs,
  SeargeEnablerInputs,
  SeargeSaveFolderInputs,
];
