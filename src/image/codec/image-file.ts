// Reads image files whole, for decoding.
import { DarkroomError } from '../../errors.ts';
import { readRegularFile } from '../../formats/regular-file.ts';

/** Largest image file, in bytes. */
export const MAX_IMAGE_BYTES = 2 ** 30;

/**
 * Reads an image file; `name` is its name for messages. Throws DR_FILE_UNREADABLE for what is not a
 * file or cannot be read, and for a file over 1 GiB.
 */
export async function readImageFile(path: string, name: string): Promise<Buffer> {
  try {
    return await readRegularFile(path, MAX_IMAGE_BYTES);
  } catch (cause) {
    throw new DarkroomError('DR_FILE_UNREADABLE', {
      message: `${name} can't be read: ${(cause as Error).message}`,
      hint: 'Check the file and its permissions, or choose another image.',
      file: path,
      cause,
    });
  }
}
