// DiffSynth's ControlNets of Qwen-Image inside of its graph (comfy_extras/nodes_model_patch.py
// QwenImageBlockWiseControlNet): after each block, a small MLP of the image's tokens and the hint's is
// added to the former.
import type { TensorFile } from '../../formats/tensor-file.ts';
import type { Value } from '../../onnx/builder.ts';
import { addToFirst, rmsNorm, tokenLinear, tokensLike } from '../dit/blocks.ts';
import { controlInputs, type LayerControlNet } from '../dit/layer-control.ts';
import { add, gelu, type Net } from '../layers/blocks.ts';
import { countLayers, weightsOf } from '../weights/tensors.ts';

const BLOCKS = 'controlnet_blocks';
const EPSILON = 1e-6;

/** Reads the architecture of a ControlNet. Throws DR_MODEL_UNSUPPORTED for missing tensors. */
export function openBlockControl(
  file: string,
  { tensors }: Pick<TensorFile, 'tensors'>,
): LayerControlNet {
  const weights = weightsOf(file, tensors, '');
  const [dim, patchSize] = weights.shape('img_in.weight');
  const config = { dim, patchSize, blocks: countLayers(weights, BLOCKS) };
  return { kind: 'layer-control', model: 'Qwen-Image', weights, config };
}

/**
 * Declares the inputs of the controls, and returns a function that adds what they do after the
 * block `index` to the image's tokens; they act one after another.
 */
export function blockControls(
  { g, int8 }: Net,
  controls: readonly LayerControlNet[],
): (index: number, image: Value) => Value {
  const all = controls.map(({ weights, config: { patchSize, blocks } }, number) => {
    const net: Net = { g, w: weights, int8 };
    const names = controlInputs(number);
    const patches = g.input(names.hint, ['B', `${names.hint}N`, patchSize]);
    const strength = g.input(names.strength, [1]);
    const hint = tokenLinear(net, patches, 'img_in');
    return (index: number, image: Value): Value => {
      if (index >= blocks) return image;
      const block = `${BLOCKS}.${index}`;
      const normed = (x: Value, norm: string): Value =>
        rmsNorm(net, x, `${block}.${norm}.weight`, EPSILON);
      const sum = add(net, normed(tokensLike(net, image, hint), 'x_rms'), normed(hint, 'y_rms'));
      const inner = gelu(net, tokenLinear(net, sum, `${block}.input_proj`));
      const added = tokenLinear(net, inner, `${block}.output_proj`);
      return addToFirst(net, image, g.op('Mul', [added, strength]));
    };
  });
  return (index, image) => all.reduce((x, control) => control(index, x), image);
}
