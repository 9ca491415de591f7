// ControlNet nodes: files, and how they act on prompts. Source: ComfyUI nodes.py.
import { loadControlNet } from '../../runtime/controlnet.ts';
import { applyControl, applyControlToSides } from '../../sampling/control.ts';
import type { NodeContext } from '../context.ts';
import { defineNode, float, modelFile, type NodeResult, output, outputs, socket } from '../declare.ts';
import { once, stateOf } from './loaders.ts';

const FOLDER = 'controlnet';

const stateOfNet = ({ control_net_name }: { readonly control_net_name: string }, context: NodeContext): Promise<string> =>
  stateOf(context.modelPath(FOLDER, control_net_name));

async function load({ control_net_name }: { readonly control_net_name: string }, context: NodeContext): Promise<NodeResult> {
  const file = context.modelPath(FOLDER, control_net_name);
  return outputs(await once(context.runtime, [file], () => loadControlNet(file, context.runtime)));
}

const ControlNetLoader = defineNode({
  type: 'ControlNetLoader',
  display: 'Load ControlNet Model',
  category: 'loaders',
  inputs: { control_net_name: modelFile(FOLDER) },
  outputs: [output('CONTROL_NET')],
  fingerprint: stateOfNet,
  run: load,
});

/** The model matters to files only that hold differences to it; those are refused. */
const DiffControlNetLoader = defineNode({
  type: 'DiffControlNetLoader',
  display: 'Load ControlNet Model (diff)',
  category: 'loaders',
  inputs: { model: socket('MODEL'), control_net_name: modelFile(FOLDER) },
  outputs: [output('CONTROL_NET')],
  fingerprint: stateOfNet,
  run: load,
});

const strengthInput = () => float({ default: 1, min: 0, max: 10, step: 0.01 });
const percent = (value: number) => float({ default: value, min: 0, max: 1, step: 0.001 });

const ControlNetApply = defineNode({
  type: 'ControlNetApply',
  display: 'Apply ControlNet (OLD)',
  category: 'conditioning/controlnet',
  deprecated: true,
  inputs: {
    conditioning: socket('CONDITIONING'),
    control_net: socket('CONTROL_NET'),
    image: socket('IMAGE'),
    strength: strengthInput(),
  },
  outputs: [output('CONDITIONING')],
  run: ({ conditioning, control_net, image, strength }) =>
    outputs(
      strength === 0
        ? conditioning
        : applyControl(conditioning, { net: control_net, hint: image, strength, startPercent: 0, endPercent: 1 }),
    ),
});

const ControlNetApplyAdvanced = defineNode({
  type: 'ControlNetApplyAdvanced',
  display: 'Apply ControlNet',
  category: 'conditioning/controlnet',
  inputs: {
    positive: socket('CONDITIONING'),
    negative: socket('CONDITIONING'),
    control_net: socket('CONTROL_NET'),
    image: socket('IMAGE'),
    strength: strengthInput(),
    start_percent: percent(0),
    end_percent: percent(1),
    vae: socket('VAE', { optional: true, tooltip: 'Needed by ControlNets that work on latents; those of SD1, SD2 and SDXL do not.' }),
  },
  outputs: [output('CONDITIONING', 'positive'), output('CONDITIONING', 'negative')],
  run({ positive, negative, control_net, image, strength, start_percent, end_percent }) {
    if (strength === 0) return outputs(positive, negative);
    const control = { net: control_net, hint: image, strength, startPercent: start_percent, endPercent: end_percent };
    return outputs(...applyControlToSides([positive, negative], control));
  },
});

export const CONTROLNET_NODES = [ControlNetLoader, DiffControlNetLoader, ControlNetApply, ControlNetApplyAdvanced];
