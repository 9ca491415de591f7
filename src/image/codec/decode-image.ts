// Decodes image files through Pillow's decoders, as ComfyUI's LoadImage and LoadImageMask do before
// 0.21.0, and other nodes in all releases: turned upright by EXIF, no colour management, alpha
// dropped (never blended) and returned as a mask.
import { concatBatch, type Tensor, zeros } from '../../tensor/tensor.ts';
import { fromBytes } from '../image-bytes.ts';
import { CHANNELS, type Channel } from '../mask/mask-conversions.ts';
import { decodeFrames, type OnDamage } from './decode-frames.ts';
import type { Frame } from './frames.ts';

export interface DecodedImage {
  /** [N,H,W,3] with values 0..1, one item per frame. */
  readonly image: Tensor;
  /** [N,H,W]: 1 - alpha; [N,64,64] zeros for a file without alpha. */
  readonly mask: Tensor;
}

/**
 * Decodes an image or an animation; frames whose size differs from the first are left out.
 * `onDamage` is called with a sentence about a file that is damaged and read nevertheless. Throws
 * DR_IMAGE_UNREADABLE naming `name`.
 */
export async function decodeImage(
  bytes: Uint8Array,
  name = 'image',
  onDamage: OnDamage = () => undefined,
): Promise<DecodedImage> {
  const { frames, hasAlpha } = await decodeFrames(bytes, name, onDamage);
  const images = frames.map(({ width, height, channels, bytes }) =>
    fromBytes(dropAlpha(bytes, channels), [1, height, width, 3]),
  );
  const masks = frames.map((frame) => (hasAlpha ? invertedChannel(frame, 3) : zeros([1, 64, 64])));
  return { image: joined(images), mask: joined(masks) };
}

/** A batch of frames; of one frame, without a copy. */
const joined = (frames: readonly Tensor[]): Tensor =>
  frames.length === 1 ? frames[0] : concatBatch(frames);

/**
 * One channel of the first frame as a mask [1,H,W]. Alpha is inverted: 0 everywhere for an opaque
 * image. `onDamage` is called as by `decodeImage`. Throws DR_IMAGE_UNREADABLE naming `name`.
 */
export async function decodeChannel(
  bytes: Uint8Array,
  channel: Channel,
  name = 'image',
  onDamage: OnDamage = () => undefined,
): Promise<Tensor> {
  const frame = (await decodeFrames(bytes, name, onDamage)).frames[0];
  const index = CHANNELS.indexOf(channel);
  if (channel !== 'alpha') return plainChannel(frame, index);
  return frame.channels === 4
    ? invertedChannel(frame, index)
    : zeros([1, frame.height, frame.width]);
}

function dropAlpha(bytes: Uint8Array, channels: number): Uint8Array {
  if (channels === 3) return bytes;
  const rgb = new Uint8Array((bytes.length / channels) * 3);
  for (let i = 0, to = 0; i < bytes.length; i += channels)
    for (let c = 0; c < 3; c++) rgb[to++] = bytes[i + c];
  return rgb;
}

function plainChannel({ width, height, channels, bytes }: Frame, index: number): Tensor {
  const plane = new Uint8Array(width * height);
  for (let i = 0; i < plane.length; i++) plane[i] = bytes[i * channels + index];
  return fromBytes(plane, [1, height, width]);
}

function invertedChannel(frame: Frame, index: number): Tensor {
  const plane = plainChannel(frame, index);
  for (let i = 0; i < plane.data.length; i++) plane.data[i] = 1 - plane.data[i];
  return plane;
}
