// PhotoMaker: a face in a prompt. Source: ComfyUI comfy_extras/nodes_photomaker.py.
import { DarkroomError } from '../../../../errors.ts';
import { fileState } from '../../../../formats/file-state.ts';
import { loadPhotoMaker } from '../../../../models/photomaker/load.ts';
import { sliceBatch, type Tensor, tensor } from '../../../../tensor/tensor.ts';
import type { Chunk } from '../../../../text/token-groups.ts';
import { defineNode, modelFile, output, outputs, socket, string } from '../../../declare.ts';
import { loadOnce } from '../../../shared/file-cache.ts';

const FOLDER = 'photomaker';
/** The word of a prompt whose position gets the face. */
const WORD = 'photomaker';

const PhotoMakerLoader = defineNode({
  type: 'PhotoMakerLoader',
  display: 'PhotoMakerLoader',
  category: '_for_testing/photomaker',
  inputs: { photomaker_model_name: modelFile(FOLDER) },
  outputs: [output('PHOTOMAKER')],
  experimental: true,
  fingerprint: ({ photomaker_model_name }, context) =>
    fileState(context.modelPath(FOLDER, photomaker_model_name)),
  async run({ photomaker_model_name }, { runtime, modelPath }) {
    const file = modelPath(FOLDER, photomaker_model_name);
    return outputs(await loadOnce(runtime, [file], () => loadPhotoMaker(file, runtime), FOLDER));
  },
});

/**
 * The number of the word among those between spaces, from 1; 0 without it. The original removes the
 * tokens of this number, and fuses the face into the token at the position before it.
 */
const wordNumber = (text: string): number => text.split(' ').indexOf(WORD) + 1;

/** Removes the tokens of a number from a chunk and repeats its last token instead. */
function withoutWord(chunk: Chunk, word: number): Chunk {
  const rest = chunk.filter((token) => token.word !== word);
  const last = chunk[chunk.length - 1];
  return [...rest, ...new Array<typeof last>(chunk.length - rest.length).fill(last)];
}

/** Returns features [1,T,D] with those of one token replaced. */
function withToken(cond: Tensor, index: number, features: Tensor): Tensor {
  const data = cond.data.slice();
  data.set(features.data, index * features.data.length);
  return tensor(cond.shape, data);
}

function checkFeatures([, tokens, width]: readonly number[], expected: number): void {
  if (width !== expected)
    throw new DarkroomError('DR_INPUT_INVALID', {
      message: `this PhotoMaker model needs prompt features of width ${expected}, not ${width}`,
      hint: 'Connect the CLIP of an SDXL checkpoint.',
      input: 'clip',
    });
  if (tokens > 77)
    throw new DarkroomError('DR_INPUT_INVALID', {
      message: `a prompt with PhotoMaker has at most 75 tokens; this one takes ${tokens / 77} chunks`,
      hint: 'Shorten the text.',
      input: 'text',
    });
}

const PhotoMakerEncode = defineNode({
  type: 'PhotoMakerEncode',
  display: 'PhotoMakerEncode',
  category: '_for_testing/photomaker',
  description: `Encodes a prompt with a face at the word "${WORD}". The first image counts.`,
  inputs: {
    photomaker: socket('PHOTOMAKER'),
    image: socket('IMAGE'),
    clip: socket('CLIP'),
    text: string({
      multiline: true,
      dynamicPrompts: true,
      default: `photograph of ${WORD}`,
    }),
  },
  outputs: [output('CONDITIONING')],
  experimental: true,
  async run({ photomaker, image, clip, text }, { warn }) {
    const word = wordNumber(text);
    const change = (chunk: Chunk): Chunk => (word > 0 ? withoutWord(chunk, word) : chunk);
    const { cond, pooled } = await clip.encodeChanged(text, change, warn);
    if (word === 0) {
      warn(`the text has no word "${WORD}" between spaces: the face is not used`);
      return outputs([{ cond, pooled_output: pooled }]);
    }
    checkFeatures(cond.shape, photomaker.width);
    const index = word - 1;
    const { width } = photomaker;
    const token = tensor([1, width], cond.data.slice(index * width, (index + 1) * width));
    const fused = await photomaker.fuse(sliceBatch(image, 0, 1), token);
    return outputs([{ cond: withToken(cond, index, fused), pooled_output: pooled }]);
  },
});

export const PHOTOMAKER_NODES = [PhotoMakerLoader, PhotoMakerEncode];
