// GLIGEN (Li et al. 2023, arXiv 2301.07093): objects with a text and a box each, which a UNet
// attends to in gated self-attention layers. Source: ComfyUI comfy/gligen.py.
import { basename } from 'node:path';
import { DarkroomError } from '../../errors.ts';
import { fileState } from '../../formats/file-state.ts';
import { identify } from '../../formats/identify/identify.ts';
import { withModelFile } from '../../formats/model-file.ts';
import type { TensorInfo } from '../../formats/tensor-file.ts';
import { type Tensor, zeros } from '../../tensor/tensor.ts';
import { wrongFile } from '../checkpoint/wrong-file.ts';
import type { ModelRuntime } from '../model-runtime.ts';
import { weightsOf } from '../weights/tensors.ts';
import { positionGraph } from './position-graph.ts';

/** An object: the pooled features of its text, [1, keyWidth], and its box in latent cells. */
export interface PlacedObject {
  readonly features: Tensor;
  readonly height: number;
  readonly width: number;
  readonly y: number;
  readonly x: number;
}

/** The gated self-attention of one transformer of a UNet. */
interface GatedLayer {
  /** Before `.linear.weight` in the names of its tensors. */
  readonly name: string;
  /** Width of the transformer. */
  readonly width: number;
  readonly heads: number;
}

export interface Gligen {
  readonly file: string;
  /** Path, time and size; it changes when the file is replaced. */
  readonly identity: string;
  readonly tensors: ReadonlyMap<string, TensorInfo>;
  /** In the order of a UNet's transformers. */
  readonly layers: readonly GatedLayer[];
  /** Width of the text features: 768 for SD1.x. */
  readonly keyWidth: number;
  /**
   * Returns the tokens [30, keyWidth] of objects in a latent of this size. Throws DR_INPUT_INVALID
   * for more than 30 objects.
   */
  tokens(objects: readonly PlacedObject[], height: number, width: number): Promise<Tensor>;
}

/** The number of tokens, of which those without an object have learned features. */
export const GLIGEN_TOKENS = 30;
/** The width of SD1.x's prompts, whose UNet has 8 heads everywhere; the others are 64 wide. */
const SD1_WIDTH = 768;
const SD1_HEADS = 8;
const HEAD_WIDTH = 64;

/** The blocks of a UNet in the order of their evaluation. */
const BLOCKS = ['input_blocks', 'middle_block', 'output_blocks'].flatMap((list) =>
  Array.from({ length: 20 }, (_, i) => `${list}.${i}.`),
);

/** Loads a GLIGEN model. Throws DR_MODEL_UNSUPPORTED, and what openModelFile throws. */
export async function loadGligen(file: string, runtime: ModelRuntime): Promise<Gligen> {
  const tensors = await withModelFile(file, (opened) => opened.tensors);
  const found = identify(tensors);
  if (found.kind !== 'gligen')
    throw wrongFile(file, 'a GLIGEN model', found, 'GLIGEN models for text boxes are supported.');
  const layers = gatedLayers(tensors);
  const weights = weightsOf(file, tensors, '');
  const [keyWidth] = weights.shape('position_net.null_positive_feature');
  const network = runtime.network({
    file,
    part: 'gligen position',
    outputs: ['tokens'],
    build: () => positionGraph(weights, GLIGEN_TOKENS),
  });
  return {
    file,
    identity: await fileState(file),
    tensors,
    layers,
    keyWidth,
    async tokens(objects, height, width) {
      const inputs = placedInputs(objects, keyWidth, { height, width, file });
      return (await network.run(inputs)).tokens;
    },
  };
}

function gatedLayers(tensors: ReadonlyMap<string, TensorInfo>): GatedLayer[] {
  const ends = '.fuser.linear.weight';
  const names = [...tensors.keys()].filter((name) => name.endsWith(ends));
  return BLOCKS.flatMap((block) => {
    const name = names.findLast((one) => one.includes(block));
    if (name === undefined) return [];
    const [width, keyWidth] = tensors.get(name)!.shape;
    const heads = keyWidth === SD1_WIDTH ? SD1_HEADS : Math.floor(width / HEAD_WIDTH);
    return [{ name: name.slice(0, -'.linear.weight'.length), width, heads }];
  });
}

/** Boxes as fractions of the latent, features, and which of the rows are objects. */
function placedInputs(
  objects: readonly PlacedObject[],
  keyWidth: number,
  latent: { readonly height: number; readonly width: number; readonly file: string },
): Record<'boxes' | 'features' | 'mask', Tensor> {
  if (objects.length > GLIGEN_TOKENS)
    throw new DarkroomError('DR_INPUT_INVALID', {
      message:
        `${basename(latent.file)} places up to ${GLIGEN_TOKENS} objects, ` +
        `not ${objects.length}`,
      hint: 'Remove GLIGENTextBoxApply nodes.',
    });
  const boxes = zeros([GLIGEN_TOKENS, 4]);
  const features = zeros([GLIGEN_TOKENS, keyWidth]);
  const mask = zeros([GLIGEN_TOKENS, 1]);
  for (const [i, { features: own, height, width, y, x }] of objects.entries()) {
    const [right, bottom] = [(x + width) / latent.width, (y + height) / latent.height];
    boxes.data.set([x / latent.width, y / latent.height, right, bottom], i * 4);
    features.data.set(own.data, i * keyWidth);
    mask.data[i] = 1;
  }
  return { boxes, features, mask };
}
