// ComfyUI's own frontend, which is downloaded separately (GPL-3, PyPI package
// comfyui-frontend-package) and served from the folder it was unpacked into.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DarkroomError } from '../../errors.ts';
import { makeFolder } from '../../make-folder.ts';
import { replaceFile } from '../../storage/file-names.ts';
import { unwritableError } from '../../write-errors.ts';
import { isFile } from './safe-paths.ts';

export const FRONTEND_PACKAGE = 'comfyui-frontend-package';
/** Older versions, such as 1.27, open no workflow that lacks one of ComfyUI's own loaders. */
export const FRONTEND_VERSION = '1.28.8';
/** Of the wheel of that version. */
export const FRONTEND_SHA256 = 'be76dbf9aadb836b672e69161456294d65f3204f1562ec1f78ae12c69347a8e0';

/** The subfolders that may contain index.html: none, static/, or that of the unpacked package. */
const SUBFOLDERS = ['.', 'static', join('comfyui_frontend_package', 'static')];

/** The folder of index.html in or below a folder. Throws DR_BAD_USAGE when there is none. */
export function frontendFolder(folder: string): string {
  const found = SUBFOLDERS.map((name) => join(folder, name)).find((candidate) =>
    isFile(join(candidate, 'index.html')),
  );
  if (found !== undefined) return found;
  throw new DarkroomError('DR_BAD_USAGE', {
    message:
      `there is no frontend in ${folder}: index.html is neither in it, nor in static/, ` +
      'nor in comfyui_frontend_package/static/',
    hint: 'Install it with: darkroom frontend install',
    file: folder,
  });
}

/**
 * Settings of a new user: the first start shows the default workflow, not the templates; and the
 * frontend's own defaults, without which it logs errors.
 */
const SETTINGS = {
  'Comfy.TutorialCompleted': true,
  'Comfy.Canvas.NavigationMode': 'legacy',
  'Comfy.Canvas.LeftMouseClickBehavior': 'panning',
  'Comfy.Canvas.MouseWheelScroll': 'zoom',
};

/**
 * Creates the files and folders that the frontend requests for a new user; without them its console
 * shows errors. Existing files are left unchanged. Throws DR_OUTPUT_UNWRITABLE.
 */
export function prepareUser(user: string): void {
  const folder = join(user, 'default');
  const files = {
    'user.css': '',
    'comfy.templates.json': '[]',
    'comfy.settings.json': JSON.stringify(SETTINGS),
  };
  try {
    for (const name of ['workflows', 'subgraphs']) makeFolder(join(folder, name));
    for (const [name, content] of Object.entries(files))
      if (!existsSync(join(folder, name))) replaceFile(join(folder, name), Buffer.from(content));
  } catch (error) {
    throw unwritableError(folder, error as NodeJS.ErrnoException, '--user-directory');
  }
}
