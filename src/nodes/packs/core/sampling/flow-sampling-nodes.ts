// Nodes for flow models: their sampling, and schedules made for them.
// Source: ComfyUI comfy_extras/nodes_model_advanced.py, nodes_optimalsteps.py, nodes_flux.py.
import {
  withFlowSampling,
  withFluxSampling,
  withNoiseScale,
} from '../../../../sampling/patches/model-sampling-patches.ts';
import { flux2Sigmas } from '../../../../sampling/schedules/flux2.ts';
import { OPTIMAL_FAMILIES, optimalSigmas } from '../../../../sampling/schedules/tabulated.ts';
import {
  combo,
  defineNode,
  float,
  int,
  type NodeDeclaration,
  output,
  outputs,
  socket,
} from '../../../declare.ts';
import { MAX_RESOLUTION } from '../../../shared/image-limits.ts';

const patchNode = { category: 'advanced/model', outputs: [output('MODEL')] } as const;
const schedulerNode = {
  category: 'sampling/custom_sampling/schedulers',
  outputs: [output('SIGMAS')],
} as const;

const shift = (value: number, tooltip: string) =>
  float({ default: value, min: 0, max: 100, step: 0.01, tooltip });
const side = (step: number) => int({ default: 1024, min: 16, max: MAX_RESOLUTION, step });

/** The shift node of a network whose timesteps go to `multiplier`. */
const shiftNode = (type: string, value: number, multiplier: number, models: string) =>
  defineNode({
    ...patchNode,
    type,
    display: type,
    description: `Shifts the noise levels of flow models: for ${models}.`,
    inputs: {
      model: socket('MODEL'),
      shift: shift(value, 'Above 1, more steps are spent where there is much noise.'),
    },
    run: ({ model, shift }) => outputs(withFlowSampling(model, { shift, multiplier })),
  });

const ModelSamplingFlux = defineNode({
  ...patchNode,
  type: 'ModelSamplingFlux',
  display: 'ModelSamplingFlux',
  description: 'Shifts the noise levels of FLUX.1 and Chroma by the size of the image.',
  inputs: {
    model: socket('MODEL'),
    max_shift: shift(1.15, 'The shift for images of 1024 x 1024 pixels.'),
    base_shift: shift(0.5, 'The shift for images of 256 x 256 pixels.'),
    width: side(8),
    height: side(8),
  },
  run: ({ model, max_shift, base_shift, width, height }) =>
    outputs(withFluxSampling(model, { maxShift: max_shift, baseShift: base_shift, width, height })),
});

const ModelNoiseScale = defineNode({
  ...patchNode,
  type: 'ModelNoiseScale',
  display: 'ModelNoiseScale',
  description: 'Multiplies the noise of a flow model, that of its samplers too.',
  inputs: {
    model: socket('MODEL'),
    noise_scale: float({
      default: 1,
      min: 0,
      max: 64,
      step: 0.01,
      tooltip: 'The scale of the noise that the model was trained with.',
    }),
  },
  run: ({ model, noise_scale }) => outputs(withNoiseScale(model, noise_scale)),
});

const OptimalStepsScheduler = defineNode({
  ...schedulerNode,
  type: 'OptimalStepsScheduler',
  display: 'OptimalStepsScheduler',
  inputs: {
    model_type: combo(OPTIMAL_FAMILIES),
    steps: int({ default: 20, min: 3, max: 1000 }),
    denoise: float({ default: 1, min: 0, max: 1, step: 0.01 }),
  },
  run: ({ model_type, steps, denoise }) => outputs(optimalSigmas(model_type, steps, denoise)),
});

const Flux2Scheduler = defineNode({
  ...schedulerNode,
  type: 'Flux2Scheduler',
  display: 'Flux2Scheduler',
  inputs: {
    steps: int({ default: 20, min: 1, max: 4096 }),
    width: side(1),
    height: side(1),
  },
  run: ({ steps, width, height }) => outputs(flux2Sigmas(steps, { width, height })),
});

export const FLOW_SAMPLING_NODES: readonly NodeDeclaration[] = [
  shiftNode('ModelSamplingSD3', 3, 1000, 'Stable Diffusion 3'),
  shiftNode('ModelSamplingAuraFlow', 1.73, 1, 'Z-Image, Lumina 2 and AuraFlow'),
  ModelSamplingFlux,
  ModelNoiseScale,
  OptimalStepsScheduler,
  Flux2Scheduler,
];
