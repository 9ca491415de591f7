// Image files of the input and output folders, as the release of ComfyUI reads them.
import { type DecodedImage, decodeImage } from '../../image/codec/decode-image.ts';
import { decodeAsFfmpeg } from '../../image/codec/ffmpeg/decode-as-ffmpeg.ts';
import { readImageFile } from '../../image/codec/image-file.ts';
import type { NodeContext } from '../context.ts';

/** LoadImage: `name` may end with ` [output]`. Throws DR_FILE_MISSING, DR_IMAGE_UNREADABLE. */
export async function loadImage(name: string, context: NodeContext): Promise<DecodedImage> {
  const file = await readImageFile(context.inputPath(name), name);
  const decode = context.behaviour.readsImagesAsFfmpeg ? decodeAsFfmpeg : decodeImage;
  return decode(file, name, context.warn);
}
