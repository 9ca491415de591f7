// The releases of ComfyUI that can be named, and how releases are ordered.
import { DarkroomError } from '../../errors.ts';
import { didYouMean } from '../../near-matches.ts';

/** The releases whose node declarations are declared, oldest first. */
export const COMFYUI_VERSIONS = ['0.3.64', '0.33.0'] as const;

/** A release of ComfyUI that can be named. */
export type ComfyUIVersion = (typeof COMFYUI_VERSIONS)[number];

/** Any release of ComfyUI, `0.3.64`. */
export type Release = `${number}.${number}.${number}`;

export const NEWEST_VERSION: ComfyUIVersion = '0.33.0';

const isVersion = (text: string): text is ComfyUIVersion =>
  (COMFYUI_VERSIONS as readonly string[]).includes(text);

/** The version that a text names, `v0.3.64` too. Throws DR_BAD_USAGE for an unknown one. */
export function comfyuiVersion(text: string): ComfyUIVersion {
  const version = text.replace(/^v/, '');
  if (isVersion(version)) return version;
  const known = COMFYUI_VERSIONS.join(' and ');
  throw new DarkroomError('DR_BAD_USAGE', {
    message: `unknown ComfyUI version '${text}'`,
    hint: `${didYouMean(version, COMFYUI_VERSIONS)} The known versions are ${known}.`.trim(),
  });
}

/** Whether a release contains what came with release `since`. */
export function includes(version: Release, since: Release): boolean {
  const [a, b] = [version, since].map((text) => text.split('.').map(Number));
  const different = a.findIndex((part, i) => part !== b[i]);
  return different < 0 || a[different] > b[different];
}
