// A detector for the objects that a text names. Source: Impact Pack impact_pack.py
// (CLIPSegDetectorProvider), core.py (BBoxDetectorBasedOnCLIPSeg).
import { fileState } from '../../../../formats/file-state.ts';
import { toBinaryMask } from '../../../../image/mask/impact-mask-arithmetic.ts';
import type { ClipSeg } from '../../../../models/clipseg/load.ts';
import { maskToSegs } from '../../../../segs/make/mask-to-segs.ts';
import { sliceBatch } from '../../../../tensor/tensor.ts';
import { defineNode, float, int, output, outputs, string } from '../../../declare.ts';
import {
  type ClipSegOptions,
  clipSegPath,
  loadClipSegModel,
  segmentByText,
} from '../../../shared/clipseg-masks.ts';
import { rgbChannels } from '../../../shared/shape-checks.ts';
import type { Detector } from '../impact-sockets.ts';

/** The detector uses its own threshold and dilation, not those of the detecting node. */
function textDetector(model: ClipSeg, text: string, options: ClipSegOptions): Detector {
  const maskOf: Detector['detectCombined'] = async (image) =>
    toBinaryMask(
      (await segmentByText(model, rgbChannels(sliceBatch(image, 0, 1)), text, options)).mask,
      0,
    );
  return {
    withPrompt: (prompt) => textDetector(model, text === '' ? prompt : text, options),
    detectCombined: maskOf,
    async detect(image, { threshold, dilation, cropFactor, dropSize, hook }) {
      const mask = (await maskOf(image, threshold, dilation))!;
      const segs = maskToSegs(mask, { combined: false, cropFactor, bboxFill: true, dropSize });
      return hook?.postDetection?.(segs) ?? segs;
    },
  };
}

const CLIPSegDetectorProvider = defineNode({
  type: 'CLIPSegDetectorProvider',
  display: 'CLIPSegDetectorProvider',
  category: 'ImpactPack/Util',
  description:
    'Detects the objects that a text names, with a CLIPSeg model of the models folder `clipseg`.',
  inputs: {
    text: string({ multiline: false, tooltip: 'The objects to detect, separated by commas.' }),
    blur: float({ default: 7, min: 0, max: 15, step: 0.1, tooltip: 'Blur of the mask.' }),
    threshold: float({
      default: 0.4,
      min: 0,
      max: 1,
      step: 0.05,
      tooltip: 'Minimum confidence of the mask.',
    }),
    dilation_factor: int({
      default: 4,
      min: 0,
      max: 10,
      step: 1,
      tooltip: 'Pixels by which the mask grows.',
    }),
  },
  outputs: [output('BBOX_DETECTOR')],
  fingerprint: (_, context) => fileState(clipSegPath(context)),
  run: async ({ text, blur, threshold, dilation_factor }, context) =>
    outputs(
      textDetector(await loadClipSegModel(context), text, {
        blur,
        threshold,
        dilation: dilation_factor,
      }),
    ),
});

export const CLIPSEG_DETECTOR_NODES = [CLIPSegDetectorProvider];
