// The requests about input pictures: lists, thumbnails, uploads of pictures and of drawn masks.
import type { StoredImage, UploadResponse } from '../src/server/api-types.ts';
import { pictureUrl, request } from './api.ts';
import { maskedValue, uploadedValue } from './picture-names.ts';

/** Where ComfyUI's editor puts pictures with a drawn mask. */
const MASK_FOLDER = 'clipspace';

/** A small preview; `side` is its longer side in pixels. */
export const thumbnailUrl = (picture: StoredImage, side: number): string =>
  `${pictureUrl(picture, true)}&size=${side}`;

/** The picture without its transparency, for showing it. */
export const opaqueUrl = (picture: StoredImage): string =>
  `${pictureUrl(picture)}&preview=webp;95&channel=rgb`;

/** The picture in a format that browsers read, for pictures whose own they do not. */
export const readableUrl = (picture: StoredImage): string =>
  `${pictureUrl(picture)}&preview=webp;95`;

/** The names of the files in the input or the output folder, the newest first. */
export const listFolder = (type: 'input' | 'output'): Promise<readonly string[]> =>
  request(`internal/files/${type}`);

/** Uploads a picture to the input folder and returns the value that names it. */
export async function uploadPicture(file: File): Promise<string> {
  const form = new FormData();
  form.append('image', file);
  return uploadedValue(await send('upload/image', form));
}

/**
 * Saves a picture with a mask and returns the value that names it. `alpha`: a PNG whose alpha
 * channel is 255 where nothing is masked. The server combines both, since a canvas would lose the
 * colours below the mask.
 */
export async function uploadMask(original: StoredImage, alpha: Blob): Promise<string> {
  const form = new FormData();
  form.append('image', alpha, `clipspace-mask-${Date.now()}.png`);
  form.append('original_ref', JSON.stringify(original));
  form.append('type', 'input');
  form.append('subfolder', MASK_FOLDER);
  form.append('upright', 'true');
  return maskedValue(await send('upload/mask', form));
}

const send = (path: string, body: FormData): Promise<UploadResponse> =>
  request(path, { method: 'POST', body });
