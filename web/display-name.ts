// Names of files as titles.

/** `two-stage-upscale.json` -> `Two stage upscale`. */
export function displayName(file: string): string {
  const words = file.replace(/\.(json|png|webp|jpe?g)$/i, '').replaceAll(/[-_]+/g, ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}
