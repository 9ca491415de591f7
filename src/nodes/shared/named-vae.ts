// Autoencoders by name: a file of the folder `vae`, or a tiny autoencoder, which has two files.
// Source: ComfyUI nodes.py (VAELoader).
import { DarkroomError } from '../../errors.ts';
import type { Autoencoder } from '../../models/vae/autoencoder.ts';
import {
  loadTaesd,
  loadTaesdDecoder,
  loadVae,
  TAESD_SCALES,
  type TaesdName,
} from '../../models/vae/load.ts';
import type { NodeContext, NodeEnvironment } from '../context.ts';
import { loadOnce } from './file-cache.ts';

/** The tiny autoencoders, each an encoder and a decoder file of the folder `vae_approx`. */
const TINY_NAMES = Object.keys(TAESD_SCALES) as TaesdName[];

const tinyFiles = (environment: NodeEnvironment, name: string): string[] =>
  ['encoder', 'decoder'].flatMap(
    (part) =>
      environment.modelFiles('vae_approx').find((file) => file.startsWith(`${name}_${part}.`)) ??
      [],
  );

/** The names that `loadNamedVae` can load. */
export const vaeNames = (environment: NodeEnvironment): readonly string[] => [
  ...environment.modelFiles('vae'),
  ...TINY_NAMES.filter((name) => tinyFiles(environment, name).length === 2),
];

/** The path of a VAE, or those of the encoder and the decoder of a tiny one. */
export const vaePaths = (name: string, context: NodeContext): string[] =>
  TINY_NAMES.some((tiny) => tiny === name)
    ? tinyFiles(context, name).map((file) => context.modelPath('vae_approx', file))
    : [context.modelPath('vae', name)];

/** The VAE of a name: a file of the folder `vae`, or a tiny one. Throws DR_MODEL_MISSING. */
export async function loadNamedVae(name: string, context: NodeContext): Promise<Autoencoder> {
  const { runtime } = context;
  const files = vaePaths(name, context);
  const tiny = TINY_NAMES.find((one) => one === name);
  if (tiny && files.length < 2)
    throw new DarkroomError('DR_MODEL_MISSING', {
      message: `the tiny autoencoder '${name}' is not in the folder vae_approx`,
      hint:
        `Put ${name}_encoder and ${name}_decoder into the folder 'vae_approx' ` +
        'of a models folder.',
      file: `${name}_decoder.safetensors`,
    });
  return loadOnce(
    runtime,
    files,
    () => (tiny ? loadTaesd(files[0], files[1], tiny, runtime) : loadVae(files[0], runtime)),
    'vae',
  );
}

/**
 * What decodes the latents of a model for previews; undefined if the tiny autoencoder's decoder is
 * not in the folder `vae_approx`. As in the original, the encoder is not needed.
 */
export function tinyDecoder(
  name: TaesdName,
  context: NodeContext,
): Promise<Autoencoder['decode']> | undefined {
  const file = context.modelFiles('vae_approx').find((one) => one.startsWith(`${name}_decoder`));
  return file === undefined ? undefined : loadDecoder(file, context);
}

async function loadDecoder(file: string, context: NodeContext): Promise<Autoencoder['decode']> {
  const path = context.modelPath('vae_approx', file);
  const { runtime } = context;
  return loadOnce(runtime, [path], () => loadTaesdDecoder(path, runtime), 'preview');
}
