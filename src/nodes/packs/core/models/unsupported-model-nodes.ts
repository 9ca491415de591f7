// Loaders of model files that are not read. They are declared, because ComfyUI's editor opens only with a server that knows them; whoever
// uses one is told so before anything runs. The nodes that go with them are refused. Source: ComfyUI nodes.py.
import { DarkroomError } from '../../../../errors.ts';
import {
  defineNode,
  modelFile,
  type NodeDeclaration,
  output,
  type SocketType,
} from '../../../declare.ts';

interface UnreadModel {
  readonly type: string;
  readonly display: string;
  readonly input: string;
  readonly folder: string;
  readonly output: SocketType;
  readonly reason: string;
  readonly hint: string;
}

const unread = ({
  type,
  display,
  input,
  folder,
  output: socket,
  reason,
  hint,
}: UnreadModel): NodeDeclaration =>
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

export const UNREAD_MODEL_NODES: readonly NodeDeclaration[] = [
  unread({
    type: 'StyleModelLoader',
    display: 'Load Style Model',
    input: 'style_model_name',
    folder: 'style_models',
    output: 'STYLE_MODEL',
    reason: 'style models (T2I-Adapter style, FLUX Redux) are not read',
    hint: 'Guide by a picture with a T2I-Adapter or ControlNet, or with unCLIPConditioning and an unCLIP checkpoint.',
  }),
  unread({
    type: 'GLIGENLoader',
    display: 'GLIGENLoader',
    input: 'gligen_name',
    folder: 'gligen',
    output: 'GLIGEN',
    reason: 'GLIGEN models are not read',
    hint: 'Place things with ConditioningSetArea or ConditioningSetMask.',
  }),
];
