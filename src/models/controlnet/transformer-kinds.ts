// The kinds of ControlNets of diffusion transformers, by the layouts of their files.
import type { TransformerControlLayout } from '../../formats/identify/identified-model.ts';
import type { TensorFile, TensorInfo } from '../../formats/tensor-file.ts';
import { fromDiffusersLayout } from '../dit/diffusers-layout.ts';
import { fluxFromDiffusers, fluxTensors } from '../flux/layout.ts';
import { mmditFromDiffusers, OUTSIDE } from '../mmdit/layout.ts';
import type { ModelRuntime } from '../model-runtime.ts';
import { type Weights, weightsOf } from '../weights/tensors.ts';
import type { ControlNet } from './controlnet.ts';
import {
  fluxLatentControl,
  fluxLatentHint,
  fluxPixelControl,
  fluxPixelHint,
} from './flux-control.ts';
import { qwenControl, qwenHint } from './qwen-control.ts';
import { sd3Control, sd3Hint } from './sd3-control.ts';
import { sd35Control, sd35Hint } from './sd35-control.ts';
import { createTransformerControl } from './transformer-control.ts';

type Tensors = ReadonlyMap<string, TensorInfo>;

interface Kind {
  readonly layout: (tensors: Tensors) => Tensors;
  readonly create: (
    runtime: ModelRuntime,
    weights: Weights,
    file: TensorFile,
  ) => Promise<ControlNet>;
}

const fluxPixels: Kind['create'] = async (runtime, weights) =>
  createTransformerControl(runtime, weights, fluxPixelControl, fluxPixelHint);

const KINDS: Readonly<Record<TransformerControlLayout, Kind>> = {
  'flux-xlabs': { layout: fluxTensors, create: fluxPixels },
  'flux-mistoline': {
    layout: (tensors) => withRenamed(fluxTensors(tensors), /^single_controlnet_blocks\./, SINGLE),
    create: fluxPixels,
  },
  sd35: {
    layout: (tensors) => fromDiffusersLayout(tensors, { blocks: [], outside: OUTSIDE }),
    create: async (runtime, weights, file) =>
      createTransformerControl(runtime, weights, sd35Control, sd35Hint(await typeIn(file))),
  },
  sd3: {
    layout: mmditFromDiffusers,
    create: async (runtime, weights) =>
      createTransformerControl(
        runtime,
        weights,
        sd3Control,
        sd3Hint(weights.shape('pos_embed_input.proj.weight')[1]),
      ),
  },
  flux: {
    layout: (tensors) =>
      withRenamed(fluxFromDiffusers(tensors), /^controlnet_x_embedder\./, 'pos_embed_input.'),
    create: async (runtime, weights) =>
      createTransformerControl(runtime, weights, fluxLatentControl, fluxLatentHint(weights)),
  },
  qwen: {
    layout: (tensors) => tensors,
    create: async (runtime, weights) =>
      createTransformerControl(
        runtime,
        weights,
        qwenControl,
        qwenHint(qwenControl.config(weights).hintChannels),
      ),
  },
};

const SINGLE = 'controlnet_single_blocks.';

const withRenamed = (tensors: Tensors, from: RegExp, to: string): Tensors =>
  new Map([...tensors].map(([name, info]) => [name.replace(from, to), info]));

/** The type of hint that a file of Stability names; 0 (blur) without one. */
const typeIn = async (file: TensorFile): Promise<number> =>
  file.tensors.has('control_type') ? (await file.read('control_type')).data[0] : 0;

export const isTransformerControl = (layout: string): layout is TransformerControlLayout =>
  Object.hasOwn(KINDS, layout);

/** Creates the ControlNet in an open file. Throws DR_MODEL_UNSUPPORTED when it is incomplete. */
export function createTransformerControlIn(
  file: TensorFile,
  layout: TransformerControlLayout,
  runtime: ModelRuntime,
): Promise<ControlNet> {
  const kind = KINDS[layout];
  return kind.create(runtime, weightsOf(file.file, kind.layout(file.tensors), ''), file);
}
