// Previews of SEGS, saved in the temp folder. Source: Impact Pack segs_nodes.py.

import { encodeWebp } from '../../../../image/codec/encode-webp.ts';
import { encodePng } from '../../../../image/codec/png.ts';
import { type ByteImage, toByteImage } from '../../../../image/image-bytes.ts';
import {
  bytesOf,
  flattenMask,
  toBinaryMask,
} from '../../../../image/mask/impact-mask-arithmetic.ts';
import { pilResize } from '../../../../image/resize/pil-resize.ts';
import { cropImageRegion } from '../../../../segs/crop-region.ts';
import { segsScaleMatch } from '../../../../segs/edit/scale-segs.ts';
import type { Seg, Segs } from '../../../../segs/segs.ts';
import { allocateBytes } from '../../../../tensor/allocate.ts';
import { concatBatch, map, sliceBatch, type Tensor, zeros } from '../../../../tensor/tensor.ts';
import type { NodeContext, SavedFile } from '../../../context.ts';
import { boolean, defineNode, float, output, socket } from '../../../declare.ts';
import { tempSuffix } from '../../../shared/save-images.ts';

/** The placeholder for a missing image. */
export const blankImage = (): Tensor => zeros([1, 64, 64, 3]);

async function save(
  images: readonly ByteImage[],
  { width, height }: Segs,
  context: NodeContext,
): Promise<readonly SavedFile[]> {
  const files: Uint8Array[] = [];
  for (const image of images) files.push(await encodeWebp(image));
  return context.save({
    type: 'temp',
    prefix: 'impact_seg_preview',
    extension: 'webp',
    size: { width, height },
    files,
  });
}

/**
 * The mask [h,w] for frame `i` of a segment: the frame's own or, if the numbers of frames differ,
 * all frames joined.
 */
function frameMaskOf({ croppedMask, croppedImage }: Seg, i: number): Tensor {
  if (croppedMask.shape.length < 3) return croppedMask;
  const [n, h, w] = croppedMask.shape;
  if (!croppedImage || croppedImage.shape[0] === n)
    return { shape: [h, w], data: sliceBatch(croppedMask, i, i + 1).data };
  return {
    shape: [h, w],
    data: toBinaryMask(
      map(flattenMask(croppedMask), (v) => v / 255),
      0.1,
    ).data,
  };
}

/** An image with a mask as its alpha channel, which is at least `minAlpha` (0..255). */
function withAlpha(image: ByteImage, mask: Tensor, minAlpha: number): ByteImage {
  const [h, w] = mask.shape;
  const alpha = bytesOf(mask.data).map((v) => Math.max(v, minAlpha));
  const fitted = pilResize(
    { width: w, height: h, channels: 1, bytes: alpha },
    { width: image.width, height: image.height },
    'bicubic',
  ).bytes;
  const bytes = allocateBytes(image.width * image.height * 4);
  for (let i = 0; i < fitted.length; i++) {
    for (let c = 0; c < 3; c++) bytes[i * 4 + c] = image.bytes[i * image.channels + c];
    bytes[i * 4 + 3] = fitted[i];
  }
  return { ...image, channels: 4, bytes };
}

/** Multiplies every channel by the mask. */
function masked(image: Tensor, mask: Tensor): Tensor {
  const channels = image.shape[3];
  return map(image, (v, i) => v * mask.data[Math.floor(i / channels)]);
}

/** Brightness outside of the masks in the picker. */
const MIN_BRIGHTNESS = 0.3;

/**
 * Sends images of the segments to choose from, dark outside their masks, which the server returns
 * at /impact/segs/picker.
 */
export async function sendPickerImages(
  { segs, width, height }: Segs,
  whole: Tensor | undefined,
  context: NodeContext,
): Promise<void> {
  const files: Uint8Array[] = [];
  for (const seg of segs) {
    const image = seg.croppedImage ?? (whole && cropImageRegion(whole, seg.cropRegion));
    const brightness = map(frameMaskOf(seg, 0), (value) => Math.max(value, MIN_BRIGHTNESS));
    files.push(
      await encodePng(
        toByteImage(image ? masked(sliceBatch(image, 0, 1), brightness) : blankImage()),
        {
          level: 1,
        },
      ),
    );
  }
  const request = {
    type: 'temp',
    prefix: `segs_picker${tempSuffix(context.random)}`,
    extension: 'png',
    size: { width, height },
  } as const;
  const saved = files.length > 0 ? await context.save({ ...request, files }) : [];
  const images = saved.map(({ filename, subfolder, type }) => ({ filename, subfolder, type }));
  context.send('darkroom/segs-picker', { node: context.nodeId, images });
}

const SEGSPreview = defineNode({
  type: 'SEGSPreview',
  display: 'SEGSPreview',
  category: 'ImpactPack/Util',
  description: "Shows the segments' images.",
  inputs: {
    segs: socket('SEGS'),
    alpha_mode: boolean({
      default: true,
      label_on: 'enable',
      label_off: 'disable',
      tooltip: 'Makes the images transparent outside the masks.',
    }),
    min_alpha: float({
      default: 0.2,
      min: 0,
      max: 1,
      step: 0.01,
      tooltip: 'Opacity outside the masks.',
    }),
    fallback_image_opt: socket('IMAGE', {
      optional: true,
      tooltip: 'The whole image, for segments without an image.',
    }),
  },
  outputs: [output('IMAGE', 'IMAGE', true)],
  outputNode: true,
  saves: 'temp',
  async run({ segs, alpha_mode, min_alpha, fallback_image_opt }, context) {
    const matched = fallback_image_opt ? segsScaleMatch(segs, fallback_image_opt.shape) : segs;
    const frames = matched.segs[0]?.croppedImage?.shape[0] ?? fallback_image_opt?.shape[0] ?? 0;
    const shown: ByteImage[] = [];
    const results: Tensor[] = [];
    for (const seg of matched.segs) {
      const whole =
        seg.croppedImage ??
        (fallback_image_opt && cropImageRegion(fallback_image_opt, seg.cropRegion));
      if (!whole) continue;
      const frameImages = Array.from({ length: Math.min(frames, whole.shape[0]) }, (_, i) => {
        const image = sliceBatch(whole, i, i + 1);
        if (!alpha_mode) {
          shown.push(toByteImage(image));
          return image;
        }
        const mask = frameMaskOf(seg, i);
        shown.push(withAlpha(toByteImage(image), mask, Math.trunc(255 * min_alpha)));
        return masked(image, mask);
      });
      if (frameImages.length) results.push(concatBatch(frameImages));
    }
    return { outputs: [results], ui: { images: await save(shown, matched, context) } };
  },
});

const SEGSPreviewCNet = defineNode({
  type: 'SEGSPreviewCNet',
  display: 'SEGSPreview (CNET Image)',
  category: 'ImpactPack/Util',
  description: "Shows the segments' control images.",
  inputs: { segs: socket('SEGS') },
  outputs: [output('IMAGE', 'IMAGE', true)],
  outputNode: true,
  saves: 'temp',
  async run({ segs }, context) {
    const controlImages = segs.segs.map((seg) => seg.controlNetWrapper?.image);
    const files = await save(
      controlImages.map((image) => toByteImage(image ?? blankImage())),
      segs,
      context,
    );
    return {
      outputs: [controlImages.filter((image) => image !== undefined)],
      ui: { images: files },
    };
  },
});

export const SEGS_PREVIEW_NODES = [SEGSPreview, SEGSPreviewCNet];
