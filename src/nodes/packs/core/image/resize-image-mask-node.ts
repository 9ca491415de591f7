// A node that resizes images or masks by several rules.
// Source: ComfyUI 0.33.0 comfy_extras/nodes_post_processing.py (ResizeImageMaskNode).
import { DarkroomError } from '../../../../errors.ts';
import { toNCHW, toNHWC } from '../../../../image/channel-order.ts';
import type { Region, Size } from '../../../../image/geometry.ts';
import {
  type Crop,
  commonUpscale,
  cropPlanes,
  type UpscaleMethod,
} from '../../../../image/resize/common-upscale.ts';
import { roundHalfEven } from '../../../../tensor/round-half-even.ts';
import { reshape, type Tensor } from '../../../../tensor/tensor.ts';
import {
  combo,
  defineNode,
  dynamicCombo,
  float,
  int,
  matchOutput,
  matchSocket,
  type NodeDeclaration,
  outputs,
  socket,
} from '../../../declare.ts';
import {
  CROP_METHODS,
  IMAGE_UPSCALE_METHODS,
  MAX_RESOLUTION,
} from '../../../shared/image-limits.ts';

const pixels = (tooltip: string) =>
  int({ default: 512, min: 0, max: MAX_RESOLUTION, step: 1, tooltip });
const crop = () =>
  combo(CROP_METHODS, {
    default: 'center',
    tooltip: 'For another aspect ratio: stretched (disabled), or the centre is cut out (center).',
  });

const RESIZE_TYPES = {
  'scale dimensions': {
    width: pixels('The width; 0 keeps the aspect ratio.'),
    height: pixels('The height; 0 keeps the aspect ratio.'),
    crop: crop(),
  },
  'scale by multiplier': {
    multiplier: float({
      default: 1,
      min: 0.01,
      max: 8,
      step: 0.01,
      tooltip: 'The factor of both sides.',
    }),
  },
  'scale longer dimension': { longer_size: pixels('The longer side.') },
  'scale shorter dimension': { shorter_size: pixels('The shorter side.') },
  'scale width': { width: pixels('The width; the height keeps the aspect ratio.') },
  'scale height': { height: pixels('The height; the width keeps the aspect ratio.') },
  'scale total pixels': {
    megapixels: float({
      default: 1,
      min: 0.01,
      max: 16,
      step: 0.01,
      tooltip: 'Number of pixels; 1 is that of a square of 1024.',
    }),
  },
  'match size': {
    match: socket('IMAGE,MASK', { tooltip: 'An image or mask of the size.' }),
    crop: crop(),
  },
  'scale to multiple': {
    multiple: int({
      default: 8,
      min: 1,
      max: MAX_RESOLUTION,
      step: 1,
      tooltip: 'Width and height are multiples of this; what is beyond is cut off.',
    }),
  },
} as const;

/** What becomes of an image. */
interface Resizing {
  readonly size: Size;
  readonly crop?: Crop;
  /** The part of the resized image that remains. */
  readonly region?: Region;
}

const ResizeImageMaskNode = defineNode({
  type: 'ResizeImageMaskNode',
  display: 'Resize Image/Mask',
  category: 'image/transform',
  description: 'Resizes images or masks by several rules.',
  inputs: {
    input: matchSocket('input_type', 'IMAGE,MASK'),
    resize_type: dynamicCombo(RESIZE_TYPES, { tooltip: 'The rule that the size follows from.' }),
    scale_method: combo(IMAGE_UPSCALE_METHODS, {
      default: 'area',
      tooltip: 'The filter: area to make smaller, lanczos to enlarge, nearest-exact for pixel art.',
    }),
  },
  outputs: [matchOutput('input_type', 'IMAGE,MASK', 'resized')],
  run({ input, resize_type: rule, scale_method }) {
    const [, height, width] = input.shape;
    switch (rule.resize_type) {
      case 'scale dimensions':
        return resized(input, withAspect(input, rule), scale_method, rule.crop);
      case 'scale width':
        return resized(input, withAspect(input, { ...rule, height: 0 }), scale_method);
      case 'scale height':
        return resized(input, withAspect(input, { ...rule, width: 0 }), scale_method);
      case 'scale by multiplier':
        return resized(input, scaledBy(input, rule.multiplier), scale_method);
      case 'scale longer dimension':
        return resized(input, sideOf(input, rule.longer_size, height > width), scale_method);
      case 'scale shorter dimension':
        return resized(input, sideOf(input, rule.shorter_size, height < width), scale_method);
      case 'scale total pixels': {
        const total = Math.trunc(rule.megapixels * 1024 * 1024);
        return resized(input, scaledBy(input, Math.sqrt(total / (width * height))), scale_method);
      }
      case 'match size': {
        const [, h, w] = rule.match.shape;
        return resized(input, { width: w, height: h }, scale_method, rule.crop);
      }
      case 'scale to multiple':
        return outputs(toMultiple(input, rule.multiple, scale_method));
    }
  },
});

const resized = (input: Tensor, size: Size | undefined, method: UpscaleMethod, crop?: Crop) =>
  outputs(size ? resize(input, { size, crop }, method) : input);

/** A size in which a side of 0 follows from the other; undefined when both are 0. */
function withAspect({ shape: [, h, w] }: Tensor, { width, height }: Size): Size | undefined {
  if (width === 0 && height === 0) return undefined;
  return {
    width: width || Math.max(1, roundHalfEven((w * height) / h)),
    height: height || Math.max(1, roundHalfEven((h * width) / w)),
  };
}

const scaledBy = ({ shape: [, height, width] }: Tensor, factor: number): Size => ({
  width: roundHalfEven(width * factor),
  height: roundHalfEven(height * factor),
});

/** A size whose height, or else width, is `side`. */
function sideOf({ shape: [, height, width] }: Tensor, side: number, isHeight: boolean): Size {
  if (height === width) return { width: side, height: side };
  return isHeight
    ? { width: roundHalfEven((width / height) * side), height: side }
    : { width: side, height: roundHalfEven((height / width) * side) };
}

/** The largest size of multiples inside the input's: resized to cover it, then cut to it. */
function toMultiple(input: Tensor, multiple: number, method: UpscaleMethod): Tensor {
  const [, h, w] = input.shape;
  const width = w - (w % multiple);
  const height = h - (h % multiple);
  if (multiple <= 1 || width === 0 || height === 0 || (width === w && height === h)) return input;
  const isWide = width / w >= height / h;
  const size = {
    width: isWide ? width : Math.max(width, Math.ceil(w * (height / h))),
    height: isWide ? Math.max(height, Math.ceil(h * (width / w))) : height,
  };
  const left = Math.floor((size.width - width) / 2);
  const top = Math.floor((size.height - height) / 2);
  return resize(input, { size, region: { left, top, width, height } }, method);
}

/** Resizes images [N,H,W,C] or masks [N,H,W]. Throws DR_INPUT_INVALID for a side of 0 pixels. */
function resize(
  input: Tensor,
  { size, crop = 'disabled', region }: Resizing,
  method: UpscaleMethod,
): Tensor {
  const { width, height } = size;
  if (width < 1 || height < 1)
    throw new DarkroomError('DR_INPUT_INVALID', {
      message: `the new size would be ${width}x${height} pixels`,
      hint: 'Choose a larger size.',
      input: 'resize_type',
    });
  const isImage = input.shape.length === 4;
  const [count, h, w] = input.shape;
  const planes = isImage ? toNCHW(input) : reshape(input, [count, 1, h, w]);
  const whole = commonUpscale(planes, size, method, crop);
  const result = region ? cropPlanes(whole, region) : whole;
  return isImage ? toNHWC(result) : reshape(result, [count, ...result.shape.slice(2)]);
}

export const RESIZE_NODES: readonly NodeDeclaration[] = [ResizeImageMaskNode];
