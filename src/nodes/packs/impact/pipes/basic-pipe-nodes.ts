// Pipes with a model, CLIP, VAE and prompts. Source: Impact Pack pipe.py.
import { DarkroomError } from '../../../../errors.ts';
import { defineNode, output, outputs, socket } from '../../../declare.ts';
import type { BasicPipe } from '../impact-sockets.ts';
import {
  basicInputs,
  basicOutputs,
  basicPipe,
  basicPipeOf,
  basicReplacements,
  basicValues,
  withDefined,
} from './basic-pipe.ts';

const CATEGORY = 'ImpactPack/Pipe';

const ToBasicPipe = defineNode({
  type: 'ToBasicPipe',
  display: 'ToBasicPipe',
  category: CATEGORY,
  description: 'Combines a model, CLIP, VAE and both prompts in one link.',
  inputs: basicInputs,
  outputs: [output('BASIC_PIPE', 'basic_pipe')],
  run: (inputs) => outputs(basicPipeOf(inputs)),
});

const FromBasicPipe = defineNode({
  type: 'FromBasicPipe',
  display: 'FromBasicPipe',
  category: CATEGORY,
  inputs: { basic_pipe: basicPipe },
  outputs: basicOutputs,
  run: ({ basic_pipe }) => outputs(...basicValues(basic_pipe)),
});

const FromBasicPipeV2 = defineNode({
  type: 'FromBasicPipe_v2',
  display: 'FromBasicPipe_v2',
  category: CATEGORY,
  inputs: { basic_pipe: basicPipe },
  outputs: [output('BASIC_PIPE', 'basic_pipe'), ...basicOutputs],
  run: ({ basic_pipe }) => outputs(basic_pipe, ...basicValues(basic_pipe)),
});

const EditBasicPipe = defineNode({
  type: 'EditBasicPipe',
  display: 'Edit BasicPipe',
  category: CATEGORY,
  inputs: { basic_pipe: basicPipe, ...basicReplacements },
  outputs: [output('BASIC_PIPE', 'basic_pipe')],
  run: ({ basic_pipe, ...values }) => outputs(withDefined(basic_pipe, values)),
});

const AnyPipeToBasic = defineNode({
  type: 'AnyPipeToBasic',
  display: 'Any PIPE -> BasicPipe',
  category: CATEGORY,
  inputs: { any_pipe: socket('*') },
  outputs: [output('BASIC_PIPE', 'basic_pipe')],
  run({ any_pipe }) {
    const names = Object.keys(basicInputs);
    const isPipe =
      typeof any_pipe === 'object' && any_pipe !== null && names.every((name) => name in any_pipe);
    if (isPipe) return outputs(basicPipeOf(any_pipe as BasicPipe));
    throw new DarkroomError('DR_INPUT_INVALID', {
      message: 'any_pipe is not a pipe with model, clip, vae, positive and negative',
      hint: 'Connect a BASIC_PIPE or a DETAILER_PIPE.',
      input: 'any_pipe',
    });
  },
});

export const BASIC_PIPE_NODES = [
  ToBasicPipe,
  FromBasicPipe,
  FromBasicPipeV2,
  EditBasicPipe,
  AnyPipeToBasic,
];
