// ControlNet nodes, and Canny edges as their input.
// Source: ComfyUI nodes.py, comfy_extras/nodes_controlnet.py, nodes_canny.py.
import { fileState } from '../../../../formats/file-state.ts';
import { canny } from '../../../../image/edges/canny.ts';
import type { ControlNet } from '../../../../models/controlnet/controlnet.ts';
import { loadControlNet } from '../../../../models/controlnet/load.ts';
import type { Autoencoder } from '../../../../models/vae/autoencoder.ts';
import { applyControl, applyControlToSides } from '../../../../sampling/conditioning/control.ts';
import { maskedHint } from '../../../../sampling/conditioning/masked-hint.ts';
import type { Conditioning } from '../../../../sampling/sampling-types.ts';
import { type Tensor, tensor } from '../../../../tensor/tensor.ts';
import type { NodeContext } from '../../../context.ts';
import { combo, defineNode, float, modelFile, output, outputs, socket } from '../../../declare.ts';
import { loadOnce } from '../../../shared/file-cache.ts';
import { percent } from '../../../shared/percent-input.ts';

const FOLDER = 'controlnet';

const controlNetState = (
  { control_net_name }: { readonly control_net_name: string },
  context: NodeContext,
): Promise<string> => fileState(context.modelPath(FOLDER, control_net_name));

async function loadControlNetOnce(
  { control_net_name }: { readonly control_net_name: string },
  context: NodeContext,
) {
  const file = context.modelPath(FOLDER, control_net_name);
  return outputs(
    await loadOnce(
      context.runtime,
      [file],
      () => loadControlNet(file, context.runtime),
      'controlnet',
    ),
  );
}

const ControlNetLoader = defineNode({
  type: 'ControlNetLoader',
  display: 'Load ControlNet Model',
  category: 'loaders',
  inputs: { control_net_name: modelFile(FOLDER) },
  outputs: [output('CONTROL_NET')],
  fingerprint: controlNetState,
  run: loadControlNetOnce,
});

/** The model is used only for files that contain differences from it. */
const DiffControlNetLoader = defineNode({
  type: 'DiffControlNetLoader',
  display: 'Load ControlNet Model (diff)',
  category: 'loaders',
  inputs: { model: socket('MODEL'), control_net_name: modelFile(FOLDER) },
  outputs: [output('CONTROL_NET')],
  fingerprint: controlNetState,
  run: async ({ model, control_net_name }, { runtime, modelPath }) =>
    outputs(await loadControlNet(modelPath(FOLDER, control_net_name), runtime, model.denoiser)),
});

/** The control types of union ControlNets, in the order of their numbers. */
const UNION_KINDS = [
  'openpose',
  'depth',
  'hed/pidi/scribble/ted',
  'canny/lineart/anime_lineart/mlsd',
  'normal',
  'segment',
  'tile',
  'repaint',
] as const;

const SetUnionControlNetType = defineNode({
  type: 'SetUnionControlNetType',
  display: 'SetUnionControlNetType',
  category: 'conditioning/controlnet',
  inputs: { control_net: socket('CONTROL_NET'), type: combo(['auto', ...UNION_KINDS]) },
  outputs: [output('CONTROL_NET')],
  run({ control_net, type }) {
    const kind = (UNION_KINDS as readonly string[]).indexOf(type);
    return outputs(control_net.withKind?.(kind < 0 ? undefined : kind) ?? control_net);
  },
});

const strengthInput = () => float({ default: 1, min: 0, max: 10, step: 0.01 });

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
        : applyControl(conditioning, {
            net: control_net,
            hint: image,
            strength,
            startPercent: 0,
            endPercent: 1,
          }),
    ),
});

const SIDES = [output('CONDITIONING', 'positive'), output('CONDITIONING', 'negative')] as const;

interface ControlInputs {
  readonly positive: Conditioning;
  readonly negative: Conditioning;
  readonly control_net: ControlNet;
  readonly image: Tensor;
  readonly strength: number;
  readonly start_percent: number;
  readonly end_percent: number;
  readonly vae?: Autoencoder;
  readonly keptMask?: Tensor;
}

function applyToSides(inputs: ControlInputs) {
  const { positive, negative, control_net, image, strength, vae, keptMask } = inputs;
  if (strength === 0) return outputs(positive, negative);
  const control = {
    net: control_net,
    hint: image,
    strength,
    startPercent: inputs.start_percent,
    endPercent: inputs.end_percent,
    vae,
    keptMask,
  };
  const [changedPositive, changedNegative] = applyControlToSides([positive, negative], control);
  return outputs(changedPositive, changedNegative);
}

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
    vae: socket('VAE', {
      optional: true,
      tooltip: 'Used by ControlNets for latents; those of SD1, SD2 and SDXL do not need it.',
    }),
  },
  outputs: SIDES,
  run: (inputs) => applyToSides(inputs),
});

/** The same, with the VAE required. */
const ControlNetApplySD3 = defineNode({
  type: 'ControlNetApplySD3',
  display: 'Apply Controlnet with VAE',
  category: 'conditioning/controlnet',
  deprecated: true,
  inputs: {
    positive: socket('CONDITIONING'),
    negative: socket('CONDITIONING'),
    control_net: socket('CONTROL_NET'),
    vae: socket('VAE'),
    image: socket('IMAGE'),
    strength: strengthInput(),
    start_percent: percent(0),
    end_percent: percent(1),
  },
  outputs: SIDES,
  run: (inputs) => applyToSides(inputs),
});

/** A ControlNet that takes no mask gets the whole image. */
const ControlNetInpaintingAliMamaApply = defineNode({
  type: 'ControlNetInpaintingAliMamaApply',
  display: 'ControlNetInpaintingAliMamaApply',
  category: 'conditioning/controlnet',
  inputs: {
    positive: socket('CONDITIONING'),
    negative: socket('CONDITIONING'),
    control_net: socket('CONTROL_NET'),
    vae: socket('VAE'),
    image: socket('IMAGE'),
    mask: socket('MASK'),
    strength: strengthInput(),
    start_percent: percent(0),
    end_percent: percent(1),
  },
  outputs: SIDES,
  run: ({ mask, ...inputs }) =>
    applyToSides(
      inputs.control_net.latentHint?.hasMask
        ? { ...inputs, ...maskedHint(inputs.image, mask) }
        : inputs,
    ),
});

const threshold = (value: number) => float({ default: value, min: 0.01, max: 0.99, step: 0.01 });

const Canny = defineNode({
  type: 'Canny',
  display: 'Canny',
  category: 'image/preprocessors',
  inputs: { image: socket('IMAGE'), low_threshold: threshold(0.4), high_threshold: threshold(0.8) },
  outputs: [output('IMAGE')],
  run({ image, low_threshold, high_threshold }) {
    const edges = canny(image, low_threshold, high_threshold);
    const [n, height, width] = edges.shape;
    return outputs(
      tensor(
        [n, height, width, 3],
        Float32Array.from(
          { length: edges.data.length * 3 },
          (_, i) => edges.data[Math.floor(i / 3)],
        ),
      ),
    );
  },
});

export const CONTROLNET_NODES = [
  ControlNetLoader,
  DiffControlNetLoader,
  SetUnionControlNetType,
  ControlNetApply,
  ControlNetApplyAdvanced,
  ControlNetApplySD3,
  ControlNetInpaintingAliMamaApply,
  Canny,
];
