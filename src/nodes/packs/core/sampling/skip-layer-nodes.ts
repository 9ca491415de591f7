// Nodes that guide diffusion transformers by predictions with skipped blocks.
// Source: ComfyUI comfy_extras/nodes_slg.py, nodes_sd3.py.
import {
  withSkipLayerGuidance,
  withSkippedNegative,
} from '../../../../sampling/patches/skip-layer-guidance.ts';
import {
  defineNode,
  float,
  type NodeDeclaration,
  output,
  outputs,
  socket,
  string,
} from '../../../declare.ts';
import { percent } from '../../../shared/percent-input.ts';

const patchNode = {
  category: 'advanced/guidance',
  experimental: true,
  outputs: [output('MODEL')],
} as const;

const layers = (tooltip: string) => string({ default: '7, 8, 9', multiline: false, tooltip });
const DOUBLE = layers('Numbers of the blocks with separate streams for text and picture.');
const SINGLE = layers('Numbers of the blocks with one stream.');
const SCALE = float({ default: 3, min: 0, max: 10, step: 0.1 });

const numbersIn = (text: string): number[] => (text.match(/\d+/g) ?? []).map(Number);

const SkipLayerGuidanceDiT = defineNode({
  ...patchNode,
  type: 'SkipLayerGuidanceDiT',
  display: 'SkipLayerGuidanceDiT',
  description: 'Guides a diffusion transformer away from its prediction without some blocks.',
  inputs: {
    model: socket('MODEL'),
    double_layers: DOUBLE,
    single_layers: SINGLE,
    scale: SCALE,
    start_percent: percent(0.01),
    end_percent: percent(0.15),
    rescaling_scale: float({
      default: 0,
      min: 0,
      max: 10,
      step: 0.01,
      tooltip: 'How far the contrast of the result is moved back to that without guidance.',
    }),
  },
  run: ({ model, double_layers, single_layers, ...values }) =>
    outputs(
      withSkipLayerGuidance(
        model,
        { double: numbersIn(double_layers), single: numbersIn(single_layers) },
        {
          amount: values.scale,
          rescale: values.rescaling_scale,
          startPercent: values.start_percent,
          endPercent: values.end_percent,
        },
      ),
    ),
});

const SkipLayerGuidanceDiTSimple = defineNode({
  ...patchNode,
  type: 'SkipLayerGuidanceDiTSimple',
  display: 'SkipLayerGuidanceDiTSimple',
  description: 'Skips blocks of a diffusion transformer where it predicts for the negative prompt.',
  inputs: {
    model: socket('MODEL'),
    double_layers: DOUBLE,
    single_layers: SINGLE,
    start_percent: percent(0),
    end_percent: percent(1),
  },
  run: ({ model, double_layers, single_layers, start_percent, end_percent }) =>
    outputs(
      withSkippedNegative(
        model,
        { double: numbersIn(double_layers), single: numbersIn(single_layers) },
        { startPercent: start_percent, endPercent: end_percent },
      ),
    ),
});

const SkipLayerGuidanceSD3 = defineNode({
  ...patchNode,
  type: 'SkipLayerGuidanceSD3',
  display: 'SkipLayerGuidanceSD3',
  description: 'Guides Stable Diffusion 3 away from its prediction without some blocks.',
  inputs: {
    model: socket('MODEL'),
    layers: layers('Numbers of the blocks.'),
    scale: SCALE,
    start_percent: percent(0.01),
    end_percent: percent(0.15),
  },
  run: ({ model, layers, scale, start_percent, end_percent }) =>
    outputs(
      withSkipLayerGuidance(
        model,
        { double: numbersIn(layers), single: [] },
        { amount: scale, startPercent: start_percent, endPercent: end_percent },
      ),
    ),
});

export const SKIP_LAYER_NODES: readonly NodeDeclaration[] = [
  SkipLayerGuidanceDiT,
  SkipLayerGuidanceDiTSimple,
  SkipLayerGuidanceSD3,
];
