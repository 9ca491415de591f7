// The loader of a checkpoint with a configuration. Source: ComfyUI nodes.py.
import { DarkroomError } from '../../../../errors.ts';
import { fileState } from '../../../../formats/file-state.ts';
import { yaml } from '../../../../formats/load-yaml.ts';
import { readRegularFile } from '../../../../formats/regular-file.ts';
import { ownValue } from '../../../../own-value.ts';
import { withDiscreteSampling } from '../../../../sampling/patches/model-sampling-patches.ts';
import type { NodeContext, NodeEnvironment } from '../../../context.ts';
import { combo, defineNode, modelFile, output, outputs } from '../../../declare.ts';
import { loadNamedCheckpoint } from '../../../shared/named-checkpoint.ts';

/** ComfyUI's configurations, reduced to the values that checkpoint files do not contain. */
const CONFIGS: Readonly<Record<string, CheckpointConfig>> = {
  'anything_v3.yaml': { lastLayer: -2 },
  'v1-inference.yaml': {},
  'v1-inference_clip_skip_2.yaml': { lastLayer: -2 },
  'v1-inference_clip_skip_2_fp16.yaml': { lastLayer: -2 },
  'v1-inference_fp16.yaml': {},
  'v1-inpainting-inference.yaml': {},
  'v2-inference-v.yaml': { v: true },
  'v2-inference-v_fp32.yaml': { v: true },
  'v2-inference.yaml': {},
  'v2-inference_fp32.yaml': {},
  'v2-inpainting-inference.yaml': {},
};

interface CheckpointConfig {
  /** Whether the model predicts v. */
  readonly v?: boolean;
  readonly lastLayer?: number;
}

const MAX_CONFIG_BYTES = 16 * 1024 * 1024;

/** Throws DR_INPUT_INVALID for a file that is not YAML. */
async function readConfig(name: string, context: NodeContext): Promise<CheckpointConfig> {
  if (!context.modelFiles('configs').includes(name)) return ownValue(CONFIGS, name) ?? {};
  const path = context.modelPath('configs', name);
  const valueAt = (value: unknown, ...keys: readonly string[]): unknown =>
    keys.reduce<unknown>(
      (inner, key) => (inner as Record<string, unknown> | undefined)?.[key],
      value,
    );
  let params: unknown;
  try {
    params = valueAt(
      yaml().parse((await readRegularFile(path, MAX_CONFIG_BYTES)).toString('utf8')),
      'model',
      'params',
    );
  } catch (cause) {
    throw new DarkroomError('DR_INPUT_INVALID', {
      message: `${path} cannot be read: ${(cause as Error).message}`,
      hint: 'Use CheckpointLoaderSimple, which needs no configuration.',
      file: path,
      input: 'config_name',
      cause,
    });
  }
  const lastLayer = valueAt(params, 'cond_stage_config', 'params', 'layer_idx');
  return {
    v: valueAt(params, 'parameterization') === 'v',
    ...(typeof lastLayer === 'number' && { lastLayer }),
  };
}

const CheckpointLoader = defineNode({
  type: 'CheckpointLoader',
  display: 'Load Checkpoint With Config (DEPRECATED)',
  category: 'advanced/loaders',
  deprecated: true,
  description:
    'Loads a checkpoint. The configuration only determines whether the model predicts v, and the ' +
    'last layer of CLIP; the rest is in the checkpoint.',
  inputs: {
    config_name: {
      ...combo([]),
      options: (environment: NodeEnvironment): readonly string[] => [
        ...new Set([...environment.modelFiles('configs'), ...Object.keys(CONFIGS)]),
      ],
    },
    ckpt_name: modelFile('checkpoints'),
  },
  outputs: [output('MODEL'), output('CLIP'), output('VAE')],
  fingerprint: ({ ckpt_name }, context) => fileState(context.modelPath('checkpoints', ckpt_name)),
  async run({ config_name, ckpt_name }, context) {
    const { model, clip, vae } = await loadNamedCheckpoint(ckpt_name, context);
    const { v, lastLayer } = await readConfig(config_name, context);
    return outputs(
      v ? withDiscreteSampling(model, 'v_prediction', model.sampling.zsnr) : model,
      lastLayer === undefined ? clip : clip.withLastLayer(lastLayer),
      vae,
    );
  },
});

export const CHECKPOINT_CONFIG_NODES = [CheckpointLoader];
