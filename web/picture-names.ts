// Values of picture fields, `sub/a.png [output]`, and the files that they name.
import type { StoredImage, UploadResponse } from '../src/server/api-types.ts';

const ANNOTATION = /\[(input|output|temp)\]$/;

const PICTURE = /\.(png|apng|jpe?g|webp|gif|avif|bmp|tiff?|tga|ico|jp2|heic|heif)$/i;

/** Whether a file is a picture by its name. */
export const isPictureName = (name: string): boolean => PICTURE.test(name);

/** The file that a field's value names; in the input folder unless the value says otherwise. */
export function pictureOf(value: string): StoredImage {
  const type = ANNOTATION.exec(value)?.[1];
  const path = type === undefined ? value : value.slice(0, -type.length - 2).trimEnd();
  const slash = path.lastIndexOf('/');
  return {
    filename: path.slice(slash + 1),
    subfolder: path.slice(0, Math.max(slash, 0)),
    type: type ?? 'input',
  };
}

/** The value that names an uploaded file, as ComfyUI's editor writes it. */
export const uploadedValue = ({ name, subfolder }: UploadResponse): string =>
  subfolder ? `${subfolder}/${name}` : name;

/** The same for a file with a drawn mask: `clipspace/a.png [input]`. */
export const maskedValue = (uploaded: UploadResponse): string =>
  `${uploadedValue(uploaded)} [${uploaded.type}]`;

/** The names that contain all words of a search, in any case. */
export function matching<T>(items: readonly T[], search: string, text: (item: T) => string): T[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  return items.filter((item) => {
    const lower = text(item).toLowerCase();
    return words.every((word) => lower.includes(word));
  });
}
