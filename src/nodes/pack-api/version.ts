// The version of the pack API: what `darkroom-engine/pack` exports. A change that packs may notice
// raises the first number, an addition the second; pack-api.md beside this file lists the exports.

/** The version of the pack API, `MAJOR.MINOR`. */
export const API_VERSION = '1.0';

/** Whether a pack that was written for a version of the API can be loaded. */
export function isCompatible(written: string, provided: string = API_VERSION): boolean {
  const [major, minor = '0'] = written.split('.');
  const [ownMajor, ownMinor] = provided.split('.');
  return /^\d+(\.\d+){0,2}$/.test(written) && major === ownMajor && +minor <= +ownMinor;
}
