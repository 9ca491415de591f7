// Style models: an image whose style a prompt gets. Source: ComfyUI nodes.py.
import { DarkroomError } from '../../../../errors.ts';
import { fileState } from '../../../../formats/file-state.ts';
import { loadStyleModel } from '../../../../models/style/load.ts';
import { concatAxis } from '../../../../tensor/axes.ts';
import { map } from '../../../../tensor/tensor.ts';
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
    if (isBias && style_model.architecture === 'redux') throw biasNotSupported();
    if (isBias)
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
        return { ...entry, cond: concatAxis([entry.cond, tokens], 1) };
      }),
    );
  },
});

const biasNotSupported = (): DarkroomError =>
  new DarkroomError('DR_INPUT_INVALID', {
    message: 'StyleModelApply does not bias the attention of FLUX.1 (strength_type attn_bias)',
    hint: 'Set strength_type to multiply, or the strength to 1.',
    input: 'strength_type',
  });

export const STYLE_MODEL_NODES = [StyleModelLoader, StyleModelApply];
