// The node of ComfyUI-CLIPSeg: a mask of what a text names.
// Source: biegert/ComfyUI-CLIPSeg custom_nodes/clipseg.py.
import { fileState } from '../../../formats/file-state.ts';
import { concatBatch, sliceBatch } from '../../../tensor/tensor.ts';
import {
  boolean,
  defineNode,
  float,
  int,
  type NodeDeclaration,
  output,
  outputs,
  socket,
  string,
} from '../../declare.ts';
import {
  CLIPSEG_FOLDER,
  type ClipSegMasks,
  clipSegPath,
  loadClipSegModel,
  segmentByText,
} from '../../shared/clipseg-masks.ts';
import { rgbChannels } from '../../shared/shape-checks.ts';

const CLIPSeg = defineNode({
  type: 'CLIPSeg',
  display: 'CLIPSeg',
  category: 'image',
  description: `A mask of what the text names. Needs a file in the folder '${CLIPSEG_FOLDER}'.`,
  inputs: {
    image: socket('IMAGE'),
    text: string({ multiline: false }),
    blur: float({ default: 7, min: 0, max: 15, step: 0.1, optional: true }),
    threshold: float({ default: 0.4, min: 0, max: 1, step: 0.05, optional: true }),
    dilation_factor: int({ default: 4, min: 0, max: 10, step: 1, optional: true }),
    use_cuda: boolean({
      default: true,
      optional: true,
      tooltip: 'Without effect: the device is selected for all models together.',
    }),
    every_batch: boolean({
      default: false,
      optional: true,
      tooltip: 'All images of the batch, not only the first.',
    }),
  },
  outputs: [output('MASK', 'Mask'), output('IMAGE', 'Heatmap Mask'), output('IMAGE', 'BW Mask')],
  fingerprint: (_, context) => fileState(clipSegPath(context)),
  async run(
    { image, text, blur = 7, threshold = 0.4, dilation_factor = 4, every_batch = false },
    context,
  ) {
    const model = await loadClipSegModel(context);
    const options = { blur, threshold, dilation: dilation_factor };
    const results: ClipSegMasks[] = [];
    for (let i = 0; i < (every_batch ? image.shape[0] : 1); i++)
      results.push(
        await segmentByText(model, rgbChannels(sliceBatch(image, i, i + 1)), text, options),
      );
    return outputs(
      concatBatch(results.map(({ mask }) => mask)),
      concatBatch(results.map(({ heatmap }) => heatmap)),
      concatBatch(results.map(({ greys }) => greys)),
    );
  },
});

export const CLIPSEG_NODES: readonly NodeDeclaration[] = [CLIPSeg];
