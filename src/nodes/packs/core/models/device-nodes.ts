// Nodes that choose how torch runs a model: its device, several GPUs, compilation, the kernel of
// attention. They change no picture, and here `--device` decides: their model passes unchanged.
// Source: ComfyUI 0.33.0 comfy_extras/nodes_multigpu.py, nodes_torch_compile.py,
// nodes_model_advanced.py.
import {
  combo,
  defineNode,
  int,
  type NodeDeclaration,
  output,
  outputs,
  socket,
} from '../../../declare.ts';

const description = 'Passes its input unchanged: Darkroom chooses devices and kernels by itself.';

const TorchCompileModel = defineNode({
  type: 'TorchCompileModel',
  display: 'TorchCompileModel',
  category: '_for_testing',
  description,
  experimental: true,
  inputs: { model: socket('MODEL'), backend: combo(['inductor', 'cudagraphs']) },
  outputs: [output('MODEL')],
  run: ({ model }) => outputs(model),
});

const ModelAttentionBackend = defineNode({
  type: 'ModelAttentionBackend',
  display: 'ModelAttentionBackend',
  category: 'model/patch',
  description,
  inputs: { model: socket('MODEL'), attention: combo(['pytorch attention']) },
  outputs: [output('MODEL')],
  // other kernels are listed where they are installed
  validate: { of: ['attention'], check: () => true },
  run: ({ model }) => outputs(model),
});

const MultiGPU_WorkUnits = defineNode({
  type: 'MultiGPU_WorkUnits',
  display: 'MultiGPU CFG Split',
  category: 'advanced/multigpu',
  description,
  inputs: {
    model: socket('MODEL'),
    max_gpus: int({ default: 2, min: 1, max: Number.POSITIVE_INFINITY, step: 1 }),
  },
  outputs: [output('MODEL')],
  run: ({ model }) => outputs(model),
});

/** What nodes that choose a device share. GPUs are listed where there are any. */
const selectsDevice = {
  category: 'advanced/multigpu',
  description,
  validate: { of: ['device'], check: (): true => true },
} as const;

const SelectModelDevice = defineNode({
  ...selectsDevice,
  type: 'SelectModelDevice',
  display: 'Select Model Device',
  inputs: { model: socket('MODEL'), device: combo(['default', 'cpu']) },
  outputs: [output('MODEL')],
  run: ({ model }) => outputs(model),
});

const SelectCLIPDevice = defineNode({
  ...selectsDevice,
  type: 'SelectCLIPDevice',
  display: 'Select CLIP Device',
  inputs: { clip: socket('CLIP'), device: combo(['default', 'cpu']) },
  outputs: [output('CLIP')],
  run: ({ clip }) => outputs(clip),
});

const SelectVAEDevice = defineNode({
  ...selectsDevice,
  type: 'SelectVAEDevice',
  display: 'Select VAE Device',
  inputs: { vae: socket('VAE'), device: combo(['default']) },
  outputs: [output('VAE')],
  run: ({ vae }) => outputs(vae),
});

export const DEVICE_NODES: readonly NodeDeclaration[] = [
  TorchCompileModel,
  ModelAttentionBackend,
  MultiGPU_WorkUnits,
  SelectModelDevice,
  SelectCLIPDevice,
  SelectVAEDevice,
];
