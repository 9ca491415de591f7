// Loaders of model files that are not supported. They are declared because ComfyUI's editor
// requires them; a workflow that uses one fails validation. The nodes that use their outputs are
// refused.
// Source: ComfyUI nodes.py.
import { DarkroomError } from '../../../../errors.ts';
import { defineNode, modelFile, type NodeDeclaration, output } from '../../../declare.ts';
import type { SocketType } from '../../../input-types.ts';

/** Why the nodes of style models are not supported. */
export const STYLE_MODELS = {
  reason: 'style models (T2I-Adapter style, FLUX Redux) are not supported',
  hint:
    'Use a T2I-Adapter or ControlNet with an image, or unCLIPConditioning with an unCLIP ' +
    'checkpoint.',
};

interface UnsupportedModel {
  readonly type: string;
  readonly display: string;
  readonly input: string;
  readonly folder: string;
  readonly output: SocketType;
  readonly reason: string;
  readonly hint: string;
}

const unsupportedLoader = ({
  type,
  display,
  input,
  folder,
  output: socket,
  reason,
  hint,
}: UnsupportedModel): NodeDeclaration =>
  defineNode({
    type,
    display,
    category: 'loaders',
    description: `Not supported: ${reason}. ${hint}`,
    inputs: { [input]: modelFile(folder) },
    outputs: [output(socket)],
    validate: { check: () => `${reason}. ${hint}` },
    run: () => {
      throw new DarkroomError('DR_MODEL_UNSUPPORTED', { message: reason, hint, input });
    },
  });

export const UNSUPPORTED_MODEL_NODES: readonly NodeDeclaration[] = [
  unsupportedLoader({
    type: 'StyleModelLoader',
    display: 'Load Style Model',
    input: 'style_model_name',
    folder: 'style_models',
    output: 'STYLE_MODEL',
    ...STYLE_MODELS,
  }),
];
