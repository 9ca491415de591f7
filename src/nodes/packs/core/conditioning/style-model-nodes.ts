// Style models: an image whose style a prompt gets. Source: ComfyUI nodes.py.
import { DarkroomError } from '../../../../errors.ts';
import { float16Of } from '../../../../formats/dtypes.ts';
import { fileState } from '../../../../formats/file-state.ts';
import { loadStyleModel } from '../../../../models/style/load.ts';
import type { ConditioningEntry } from '../../../../sampling/sampling-types.ts';
import { concatAxis } from '../../../../tensor/axes.ts';
import { log } from '../../../../tensor/float32/log.ts';
import { map, type Tensor, zeros } from '../../../../tensor/tensor.ts';
import { combo, defineNode, float, modelFile, output, outputs, socket } from '../../../declare.ts';
import { loadOnce } from '../../../shared/file-cache.ts';

const FOLDER = 'style_models';

const StyleModelLoader = defineNode({
  type: 'StyleModelLoader',
  display: 'Load Style Model',
  category: 'loaders',
  inputs: { style_model_name: modelFile(FOLDER) },
  outputs: [output('STYLE_MODEL')],
  fingerprint: ({ style_model_name }, context) =>
    fileState(context.modelPath(FOLDER, style_model_name)),
  async run({ style_model_name }, { runtime, modelPath }) {
    const file = modelPath(FOLDER, style_model_name);
    return outputs(await loadOnce(runtime, [file], () => loadStyleModel(file, runtime), FOLDER));
  },
});

const StyleModelApply = defineNode({
  type: 'StyleModelApply',
  display: 'Apply Style Model',
  category: 'conditioning/style_model',
  inputs: {
    conditioning: socket('CONDITIONING'),
    style_model: socket('STYLE_MODEL'),
    clip_vision_output: socket('CLIP_VISION_OUTPUT'),
    strength: float({ default: 1, min: 0, max: 10, step: 0.001 }),
    strength_type: combo(['multiply', 'attn_bias']),
  },
  outputs: [output('CONDITIONING')],
  async run({ conditioning, style_model, clip_vision_output, strength, strength_type }, { warn }) {
    const style = await style_model.tokens(clip_vision_output);
    const isBias = strength_type === 'attn_bias' && strength !== 1;
    if (isBias && style_model.architecture === 'redux' && strength === 0) throw noStrength();
    if (isBias && style_model.architecture === 'adapter')
      warn(
        'StyleModelApply: Stable Diffusion models ignore a strength of the type attn_bias; ' +
          'multiply changes the tokens',
      );
    const factor = strength_type === 'multiply' ? Math.fround(strength) : 1;
    const tokens = map(style, (value) => value * factor);
    return outputs(
      conditioning.map((entry) => {
        if (entry.cond.shape[2] !== tokens.shape[2])
          throw new DarkroomError('DR_INPUT_INVALID', {
            message:
              `the style model makes tokens of ${tokens.shape[2]} features, ` +
              `those of the conditioning have ${entry.cond.shape[2]}`,
            hint: 'Encode the prompt with the text encoders of the family that the style model is for.',
            input: 'conditioning',
          });
        return {
          ...entry,
          cond: concatAxis([entry.cond, tokens], 1),
          ...((isBias || entry.attention_bias || entry.attention_mask) && {
            attention_bias: withTokens(entry, tokens.shape[1], isBias ? biasOf(strength) : 0),
          }),
        };
      }),
    );
  },
});

/** The bias for a strength, in float16 as in ComfyUI. */
const biasOf = (strength: number): number => float16Of(log(Math.fround(strength)));

/**
 * A bias of the attention with `count` more tokens after the prompt's, which the prompt and the
 * image see with `bias`. Throws DR_INPUT_INVALID for a prompt whose padding is hidden.
 */
function withTokens(
  { cond, attention_bias, attention_mask }: ConditioningEntry,
  count: number,
  bias: number,
): Tensor {
  if (attention_mask) throw hasPadding();
  const image = cond.shape[1];
  const old = attention_bias ?? zeros([1, image + 1, image + 1]);
  const width = image + 1 + count;
  const out = zeros([1, width, width]);
  const moved = (token: number): number => (token < image ? token : token + count);
  for (let row = 0; row <= image; row++) {
    const to = moved(row) * width;
    const values = old.data.subarray(row * (image + 1), (row + 1) * (image + 1));
    for (let column = 0; column <= image; column++) out.data[to + moved(column)] = values[column];
    out.data.fill(bias, to + image, to + image + count);
  }
  return out;
}

const noStrength = (): DarkroomError =>
  new DarkroomError('DR_INPUT_INVALID', {
    message: 'StyleModelApply: a strength of 0 of the type attn_bias leaves no numbers (NaN)',
    hint: 'Leave out the node, or set a strength above 0.',
    input: 'strength',
  });

const hasPadding = (): DarkroomError =>
  new DarkroomError('DR_INPUT_INVALID', {
    message: 'StyleModelApply cannot add tokens to a prompt whose padding is hidden',
    hint: 'Style models are for prompts of FLUX.1, SD1.x and SD2.x.',
    input: 'conditioning',
  });

export const STYLE_MODEL_NODES = [StyleModelLoader, StyleModelApply];
