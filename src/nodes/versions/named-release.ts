// The release of ComfyUI whose results a job gets: that of the prompt, else that of the program's
// settings, else one that the workflow itself names, else the newest known.
import { isJsonObject, type Json } from '../../formats/json.ts';
import {
  COMFYUI_VERSIONS,
  comfyuiVersion,
  includes,
  NEWEST_VERSION,
  type Release,
} from './comfyui-versions.ts';

export interface ChosenRelease {
  readonly release: Release;
  /** One sentence, if the workflow names a release other than the newest. */
  readonly note?: string;
}

const OLDEST = COMFYUI_VERSIONS[0];

/**
 * Chooses the release for a job. `extra` is the prompt's extra_data, with `comfyui` and
 * `extra_pnginfo`. Throws DR_BAD_USAGE for a `comfyui` that is not a known version.
 */
export function chooseRelease(extra: Json, setting?: Release): ChosenRelease {
  const data = isJsonObject(extra) ? extra : undefined;
  const requested = data?.['comfyui'] ?? undefined;
  if (requested !== undefined) return { release: comfyuiVersion(String(requested)) };
  if (setting !== undefined) return { release: setting };
  const named = namedRelease(data?.['extra_pnginfo']);
  if (named === undefined || includes(named, NEWEST_VERSION)) return { release: NEWEST_VERSION };
  const hint = `--comfyui ${NEWEST_VERSION} computes it as the newest known release`;
  return includes(named, OLDEST)
    ? { release: named, note: `computed as ComfyUI ${named}, which the workflow names; ${hint}` }
    : {
        release: OLDEST,
        note:
          `the workflow names ComfyUI ${named}: ` +
          `computed as ${OLDEST}, the oldest known; ${hint}`,
      };
}

/**
 * The release that `extra_pnginfo` names: that of Darkroom's own chunk, or of the workflow's extra
 * data as editors write it (`node_versions`, `comfy_fork_version`). Images of Darkroom that name
 * none were computed as 0.3.64.
 */
export function namedRelease(info: Json | undefined): Release | undefined {
  if (!isJsonObject(info)) return undefined;
  const { darkroom, workflow } = info;
  if (isJsonObject(darkroom)) return releaseIn(darkroom['comfyui']) ?? OLDEST;
  const extra = isJsonObject(workflow) ? workflow['extra'] : undefined;
  if (!isJsonObject(extra)) return undefined;
  const { node_versions: versions, comfy_fork_version: fork, ws } = extra;
  return (
    releaseIn(isJsonObject(versions) ? versions['comfy-core'] : undefined) ??
    releaseIn(fork) ??
    releaseIn(ws)
  );
}

/** The release in a text such as `v0.3.40` or `main@0.3.40`; undefined for other values. */
function releaseIn(value: Json | undefined): Release | undefined {
  const found =
    typeof value === 'string' ? /(?<![\d.])\d{1,4}\.\d{1,4}\.\d{1,4}(?![\d.])/.exec(value) : null;
  return found ? (found[0] as Release) : undefined;
}
