// The image beside a model file that shows what it makes.
import { isFile, resolveInside } from './http/safe-paths.ts';

const IMAGE_EXTENSIONS = ['png', 'jpg', 'jpeg', 'webp'];

/** `model.png` or `model.preview.png` beside `model.safetensors`, or the same as JPEG or WebP. */
export function previewPath(folder: string, name: string): string | undefined {
  const stem = name.replace(/\.[^./]*$/, '');
  return IMAGE_EXTENSIONS.flatMap((extension) => [
    `${stem}.${extension}`,
    `${stem}.preview.${extension}`,
  ])
    .map((image) => resolveInside(folder, image))
    .find((path) => path !== undefined && isFile(path));
}
