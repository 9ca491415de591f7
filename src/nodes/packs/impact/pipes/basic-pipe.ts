// The values of a BASIC_PIPE as inputs and outputs of nodes.
import { output, socket } from '../../../declare.ts';
import type { BasicPipe } from '../impact-sockets.ts';

export const basicInputs = {
  model: socket('MODEL'),
  clip: socket('CLIP'),
  vae: socket('VAE'),
  positive: socket('CONDITIONING'),
  negative: socket('CONDITIONING'),
};

export const replacement = { optional: true, tooltip: "Replaces the pipe's value." } as const;

export const basicReplacements = {
  model: socket('MODEL', replacement),
  clip: socket('CLIP', replacement),
  vae: socket('VAE', replacement),
  positive: socket('CONDITIONING', replacement),
  negative: socket('CONDITIONING', replacement),
};

export const basicPipe = socket('BASIC_PIPE');

export const basicOutputs = [
  output('MODEL', 'model'),
  output('CLIP', 'clip'),
  output('VAE', 'vae'),
  output('CONDITIONING', 'positive'),
  output('CONDITIONING', 'negative'),
] as const;

export const basicPipeOf = ({ model, clip, vae, positive, negative }: BasicPipe): BasicPipe => ({
  model,
  clip,
  vae,
  positive,
  negative,
});

/** The values of `basicOutputs`. */
export const basicValues = ({ model, clip, vae, positive, negative }: BasicPipe) =>
  [model, clip, vae, positive, negative] as const;

/** Replaces the values of `old` by those of `values` that are defined. */
export const withDefined = <T extends object>(old: T, values: Partial<T>): T => ({
  ...old,
  ...Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)),
});
