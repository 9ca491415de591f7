// Nodes for flow models: their sampling, and schedules made for them.
// Source: ComfyUI comfy_extras/nodes_model_advanced.py, nodes_optimalsteps.py, nodes_flux.py.
import type { FlowPrediction } from '../../../../sampling/model/flow-sampling.ts';
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

const SHIFT_TIP = 'Above 1, more steps are spent where there is much noise.';

const ModelSamplingSD3 = defineNode({
  ...patchNode,
  type: 'ModelSamplingSD3',
  display: 'ModelSamplingSD3',
  description: 'Shifts the noise levels of flow models: for Stable Diffusion 3.',
  inputs: { model: socket('MODEL'), shift: shift(3, SHIFT_TIP) },
  run: ({ model, shift }) => outputs(withFlowSampling(model, { shift, multiplier: 1000 })),
});

const FLOW_PREDICTIONS: readonly FlowPrediction[] = ['flow', 'img_to_img_velocity'];

const ModelSamplingAuraFlow = defineNode({
  ...patchNode,
  type: 'ModelSamplingAuraFlow',
  display: 'ModelSamplingAuraFlow',
  description: 'Shifts the noise levels of flow models: for Z-Image, Lumina 2 and AuraFlow.',
  inputs: {
    model: socket('MODEL'),
    shift: shift(1.73, SHIFT_TIP),
    sampling: combo(FLOW_PREDICTIONS, {
      advanced: true,
      tooltip: 'img_to_img_velocity: one step from a picture to another one (Marigold V2).',
    }),
  },
  run: ({ model, shift, sampling }) =>
    outputs(withFlowSampling(model, { shift, multiplier: 1, prediction: sampling })),
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
  ModelSamplingSD3,
  ModelSamplingAuraFlow,
  ModelSamplingFlux,
  ModelNoiseScale,
  OptimalStepsScheduler,
  Flux2Scheduler,
];
