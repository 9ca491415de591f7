// Inputs that the detailer nodes share. Source: Impact Pack impact_pack.py, segs_nodes.py.
import { boolean, float, int, socket, string } from '../../../declare.ts';
import type { InputValues } from '../../../input-types.ts';
import { MAX_RESOLUTION } from '../../../shared/image-limits.ts';
import {
  enabled,
  optionalInpaintInputs,
  type samplerInputs,
  schedulerFunc,
} from '../impact-inputs.ts';

const sizeInput = (value: number, tooltip: string) =>
  float({ default: value, min: 64, max: MAX_RESOLUTION, step: 8, tooltip });
/** The sizes that segments are sampled at. */
export const guideInputs = (on = 'bbox', off = 'crop_region', defaultMaxSize = 1024) => ({
  guide_size: sizeInput(512, 'The size that the shorter side of a segment is scaled to.'),
  guide_size_for: boolean({
    default: true,
    label_on: on,
    label_off: off,
    tooltip: 'Whose shorter side: that of the bbox or of the crop region.',
  }),
  max_size: sizeInput(defaultMaxSize, 'Maximum of the longer side.'),
});
export const noiseMaskInputs = { noise_mask: enabled(true), force_inpaint: enabled(true) };
export const cycleInput = {
  cycle: int({
    default: 1,
    min: 1,
    max: 10,
    step: 1,
    tooltip: 'How many times each segment is sampled in a row.',
  }),
};
export const wildcardInput = {
  wildcard: string({
    multiline: true,
    dynamicPrompts: false,
    wildcards: true,
    tooltip: 'A prompt for the segments that replaces the positive one, unless it is empty.',
  }),
};
export const refinerRatioInput = {
  refiner_ratio: float({
    default: 0.2,
    min: 0,
    max: 1,
    tooltip: 'Share of the steps that the refiner samples.',
  }),
};
export const hookInput = { detailer_hook: socket('DETAILER_HOOK', { optional: true }) };
export const refinerPipeInput = {
  refiner_basic_pipe_opt: socket('BASIC_PIPE', { optional: true }),
};
export const detailerOptions = { ...optionalInpaintInputs, ...schedulerFunc };
const tiled = (tooltip: string) =>
  boolean({
    default: false,
    label_on: 'enabled',
    label_off: 'disabled',
    optional: true,
    tooltip,
  });
/** Whether the VAE works in tiles of 512 pixels. */
export const tiledOptions = {
  tiled_encode: tiled('Encodes segments in tiles of 512 pixels, which takes less memory.'),
  tiled_decode: tiled('Decodes segments in tiles of 512 pixels, which takes less memory.'),
};

/** The inputs that all detailers have. */
export type DetailInputs = Partial<InputValues<typeof detailerOptions & typeof tiledOptions>> &
  InputValues<typeof samplerInputs & typeof cycleInput & ReturnType<typeof guideInputs>> & {
    readonly denoise: number;
    readonly force_inpaint?: boolean;
  };
