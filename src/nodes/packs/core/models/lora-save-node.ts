// The node that saves the difference between models as a LoRA.
// Source: ComfyUI comfy_extras/nodes_lora_extract.py.
import { checkAborted } from '../../../../errors.ts';
import { decodeFloat32, encodeFloat32 } from '../../../../formats/dtypes.ts';
import {
  encodeLazySafetensors,
  type LazyTensor,
} from '../../../../formats/safetensors/safetensors-write.ts';
import type { Clip } from '../../../../models/clip/clip.ts';
import { encoderFileTensors, unetTensors } from '../../../../models/weights/save.ts';
import type { Model } from '../../../../sampling/sampling-types.ts';
import { type Tensor, tensor } from '../../../../tensor/tensor.ts';
import type { NodeContext } from '../../../context.ts';
import { boolean, combo, defineNode, int, outputs, socket, string } from '../../../declare.ts';
import { METADATA_INPUTS } from '../../../shared/save-images.ts';
import { missingPart, requireBase } from './missing-part.ts';

/** How differences are written. */
interface LoraForm {
  readonly rank: number;
  readonly loraType: 'standard' | 'full_diff';
  /** Whether biases, and in the standard form the weights of norms, are written too. */
  readonly biases: boolean;
}

/** A weight's ending in networks, and the endings of its tensors in LoRA files. */
const WEIGHT = '.weight';
const BIAS = '.bias';

function modelDifferences({ denoiser }: Model, threads: number): LazyTensor[] {
  if (!denoiser.base) throw missingPart('model', 'model_diff');
  return unetTensors(denoiser.base, 'diffusion_model.', threads);
}

const clipDifferences = ({ encoders }: Clip, threads: number): LazyTensor[] =>
  encoders.flatMap((encoder) =>
    encoderFileTensors(requireBase(encoder, 'text_encoder_diff'), threads).map((one) => ({
      ...one,
      name: `text_encoders.${encoder.kind}.transformer.${one.name}`,
    })),
  );

/** A tensor of a LoRA file. */
type LoraTensor = readonly [name: string, value: Tensor];

/** Returns the tensors that a difference becomes; undefined where no factors can be made. */
async function loraTensors(
  name: string,
  difference: Tensor,
  { rank, loraType, biases }: LoraForm,
): Promise<readonly LoraTensor[] | undefined> {
  if (name.endsWith(BIAS))
    return biases ? [[`${name.slice(0, -BIAS.length)}.diff_b`, difference]] : [];
  if (!name.endsWith(WEIGHT)) return [];
  const layer = name.slice(0, -WEIGHT.length);
  if (loraType === 'full_diff') return [[`${layer}.diff`, difference]];
  if (difference.shape.length < 2) return biases ? [[`${layer}.diff`, difference]] : [];
  // its library takes a twelfth of the time in which all nodes are imported
  const { extractLora } = await import('../../../../models/lora/extract.ts');
  const factors = extractLora(difference, rank);
  return (
    factors && [
      [`${layer}.lora_up.weight`, factors.up],
      [`${layer}.lora_down.weight`, factors.down],
    ]
  );
}

/** Computes the tensors of a LoRA file in float16, one difference after another. */
async function loraOf(
  differences: readonly LazyTensor[],
  form: LoraForm,
  { signal, progress, warn }: NodeContext,
): Promise<LazyTensor[]> {
  const result: LazyTensor[] = [];
  for (const [i, { name, dtype, shape, bytes }] of differences.entries()) {
    checkAborted(signal);
    const difference = tensor(shape, decodeFloat32(dtype, await bytes()));
    const tensors = await loraTensors(name, difference, form);
    if (!tensors)
      warn(`no LoRA weights could be made for ${name}: its difference is not finite, or too large`);
    for (const [key, { shape, data }] of tensors ?? []) {
      const half = encodeFloat32('F16', data);
      result.push({ name: key, dtype: 'F16', shape, bytes: async () => half });
    }
    progress(i + 1, differences.length);
  }
  return result;
}

const LoraSave = defineNode({
  type: 'LoraSave',
  display: 'Extract and Save Lora',
  category: '_for_testing',
  description:
    'Saves the result of ModelMergeSubtract and CLIPMergeSubtract as a LoRA of some rank. ' +
    'A large model takes minutes.',
  inputs: {
    filename_prefix: string({ default: 'loras/ComfyUI_extracted_lora' }),
    rank: int({ default: 8, min: 1, max: 4096, step: 1 }),
    lora_type: combo(['standard', 'full_diff']),
    bias_diff: boolean({ default: true }),
    model_diff: socket('MODEL', {
      tooltip: 'The ModelSubtract output to be converted to a lora.',
      optional: true,
    }),
    text_encoder_diff: socket('CLIP', {
      tooltip: 'The CLIPSubtract output to be converted to a lora.',
      optional: true,
    }),
  },
  outputs: [],
  hidden: METADATA_INPUTS,
  outputNode: true,
  experimental: true,
  saves: 'output',
  async run(
    { filename_prefix, rank, lora_type, bias_diff, model_diff, text_encoder_diff },
    context,
  ) {
    if (!model_diff && !text_encoder_diff) return outputs();
    const { threads } = context.runtime;
    const differences = [
      ...(model_diff ? modelDifferences(model_diff, threads) : []),
      ...(text_encoder_diff ? clipDifferences(text_encoder_diff, threads) : []),
    ];
    const form: LoraForm = { rank, loraType: lora_type, biases: bias_diff };
    const tensors = await loraOf(differences, form, context);
    const file = await context.saveLarge({
      type: 'output',
      prefix: filename_prefix,
      extension: 'safetensors',
      size: { width: 0, height: 0 },
      parts: encodeLazySafetensors(tensors),
    });
    return { ...outputs(), ui: { models: [file] } };
  },
});

export const LORA_SAVE_NODES = [LoraSave];
