// Texts of a workflow as EXIF entries `key:text`, as ComfyUI's SaveAnimatedWEBP writes them.
import type { Sharp } from 'sharp';

/** JSON with every character outside ASCII escaped. */
export const ascii = (json: string): string =>
  json.replace(/[^\x20-\x7e]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);

/** The EXIF entry of the prompt, and those of the other texts in order. */
const PROMPT_ENTRY = 'Model';
const ENTRIES = ['Make', 'ImageDescription', 'DocumentName'];

/** The image, which is encoded with texts by key in the first directory of its EXIF block. */
export function withTexts(image: Sharp, texts: Readonly<Record<string, string>>): Sharp {
  const entries = entriesOf(texts);
  return Object.keys(entries).length > 0 ? image.withExif({ IFD0: entries }) : image;
}

function entriesOf(texts: Readonly<Record<string, string>>): Record<string, string> {
  const others = Object.entries(texts).filter(([key]) => key !== 'prompt');
  return {
    ...(texts.prompt !== undefined && { [PROMPT_ENTRY]: `prompt:${ascii(texts.prompt)}` }),
    ...Object.fromEntries(
      others
        .slice(0, ENTRIES.length)
        .map(([key, text], i) => [ENTRIES[i], `${key}:${ascii(text)}`]),
    ),
  };
}
