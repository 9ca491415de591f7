// The loader of a model in the layout of diffusers. Source: ComfyUI nodes.py.
import { DarkroomError } from '../../../../errors.ts';
import { fileState } from '../../../../formats/file-state.ts';
import { loadDiffusionModel } from '../../../../models/checkpoint/load.ts';
import { loadVae } from '../../../../models/vae/load.ts';
import type { NodeContext, NodeEnvironment } from '../../../context.ts';
import { combo, defineNode, output, outputs } from '../../../declare.ts';
import { loadOnce } from '../../../shared/file-cache.ts';
import { clipOf, modelOf } from '../../../shared/named-checkpoint.ts';
import { loadEncoderOnce, SINGLE_ENCODERS } from '../../../shared/named-text-encoders.ts';

const INDEX_FILE = 'model_index.json';
/** The names that the file of a part may have, the preferred one first. */
const DIFFUSION_FILES = [
  'diffusion_pytorch_model.fp16.safetensors',
  'diffusion_pytorch_model.safetensors',
  'diffusion_pytorch_model.fp16.bin',
  'diffusion_pytorch_model.bin',
];
const ENCODER_FILES = [
  'model.fp16.safetensors',
  'model.safetensors',
  'pytorch_model.fp16.bin',
  'pytorch_model.bin',
];

/** The names of the models in the folder `diffusers`. */
const diffusersFolders = (environment: NodeEnvironment): readonly string[] =>
  environment
    .modelFiles('diffusers')
    .flatMap((name) =>
      name.endsWith(`/${INDEX_FILE}`) ? name.slice(0, -INDEX_FILE.length - 1) : [],
    );

/** The path of the first of these files that exists in a folder. */
function findPart(
  folder: string,
  names: readonly string[],
  { modelPath }: NodeContext,
): string | undefined {
  for (const name of names)
    try {
      return modelPath('diffusers', `${folder}/${name}`);
    } catch (error) {
      if (!(error instanceof DarkroomError) || error.code !== 'DR_MODEL_MISSING') throw error;
    }
  return undefined;
}

/** The paths of a model's parts. Throws DR_MODEL_MISSING. */
function diffusersParts(
  model: string,
  context: NodeContext,
): { unet: string; vae: string; encoders: string[] } {
  const requirePart = (part: string, names: readonly string[]): string => {
    const found = findPart(`${model}/${part}`, names, context);
    if (found) return found;
    throw new DarkroomError('DR_MODEL_MISSING', {
      message: `the diffusers model ${model} has no ${part} file`,
      hint: `Put one of ${names.join(', ')} into its folder ${part}.`,
      file: `${model}/${part}`,
      input: 'model_path',
    });
  };
  const second = findPart(`${model}/text_encoder_2`, ENCODER_FILES, context);
  return {
    unet: requirePart('unet', DIFFUSION_FILES),
    vae: requirePart('vae', DIFFUSION_FILES),
    encoders: [requirePart('text_encoder', ENCODER_FILES), ...(second ? [second] : [])],
  };
}

const DiffusersLoader = defineNode({
  type: 'DiffusersLoader',
  display: 'DiffusersLoader',
  category: 'advanced/loaders/deprecated',
  description: 'Loads a model from a folder in the layout of diffusers.',
  inputs: { model_path: { ...combo([]), options: diffusersFolders, folder: 'diffusers' } },
  outputs: [output('MODEL'), output('CLIP'), output('VAE')],
  fingerprint({ model_path }, context) {
    const { unet, vae, encoders } = diffusersParts(model_path, context);
    return fileState(unet, vae, ...encoders);
  },
  async run({ model_path }, context) {
    const { runtime } = context;
    const parts = diffusersParts(model_path, context);
    const model = await loadOnce(
      runtime,
      [parts.unet],
      () => loadDiffusionModel(parts.unet, runtime),
      'unet undefined',
    );
    const encoders = [];
    for (const file of parts.encoders) encoders.push(await loadEncoderOnce(file, context));
    const single = SINGLE_ENCODERS[encoders[0].kind].otherwise;
    const family = encoders.length === 1 ? (single ?? 'sdxl') : 'sdxl';
    const vae = await loadOnce(runtime, [parts.vae], () => loadVae(parts.vae, runtime), 'vae');
    return outputs(modelOf(model), clipOf({ family, encoders }, model_path, context), vae);
  },
});

export const DIFFUSERS_NODES = [DiffusersLoader];
