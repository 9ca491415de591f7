// ComfyUI's own frontend: a download of its own (GPL-3, PyPI package comfyui-frontend-package), served from where it was unpacked.
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DarkroomError } from '../../errors.ts';
import { replaceFile } from '../../storage/file-names.ts';
import { isFile } from './file-responses.ts';

export const FRONTEND_PACKAGE = 'comfyui-frontend-package';
/** Older ones, 1.27 among them, open no workflow where a loader of ComfyUI's own is missing. */
export const FRONTEND_VERSION = '1.28.8';

/** Where the page may be: in the folder itself, or in the unpacked package. */
const PLACES = ['.', 'static', join('comfyui_frontend_package', 'static')];

/** The folder of index.html in or below what was named. Throws DR_BAD_USAGE. */
export function frontendFolder(named: string): string {
  const found = PLACES.map((place) => join(named, place)).find((folder) =>
    isFile(join(folder, 'index.html')),
  );
  if (found !== undefined) return found;
  throw new DarkroomError('DR_BAD_USAGE', {
    message: `there is no frontend in ${named}: no index.html in it, in static/ or in comfyui_frontend_package/static/`,
    hint: 'Get it with: darkroom frontend install',
    file: named,
  });
}

/** A first start without the dialog of templates, which are another package; its own defaults, which it stumbles over unless they are set. */
const SETTINGS = {
  'Comfy.TutorialCompleted': true,
  'Comfy.Canvas.NavigationMode': 'legacy',
  'Comfy.Canvas.LeftMouseClickBehavior': 'panning',
  'Comfy.Canvas.MouseWheelScroll': 'zoom',
};

/** Files and folders that the frontend asks a new user for; without them its console shows errors. What is there stays. */
export function prepareUser(user: string): void {
  const folder = join(user, 'default');
  for (const name of ['workflows', 'subgraphs']) mkdirSync(join(folder, name), { recursive: true });
  for (const [name, content] of [
    ['user.css', ''],
    ['comfy.templates.json', '[]'],
    ['comfy.settings.json', JSON.stringify(SETTINGS)],
  ])
    if (!existsSync(join(folder, name))) replaceFile(join(folder, name), Buffer.from(content));
}
