// darkroom frontend install: downloads ComfyUI's own frontend from an index of Python packages and
// unpacks it. It is not part of Darkroom.
import {
  FRONTEND_PACKAGE,
  FRONTEND_SHA256,
  FRONTEND_VERSION,
} from '../../server/http/frontend-files.ts';
import { badUsage } from '../bad-usage.ts';
import type { Invocation } from '../command.ts';
import { type FilePackage, installPackage } from '../install-package.ts';

const FRONTEND: FilePackage = {
  name: FRONTEND_PACKAGE,
  licence: 'GPL-3',
  folder: 'frontend',
  content: 'comfyui_frontend_package',
  proof: 'static/index.html',
  tested: { version: FRONTEND_VERSION, sha256: FRONTEND_SHA256 },
};

/** Runs the command; returns the exit code. */
export async function installCommand(invocation: Invocation): Promise<number> {
  const { positionals, terminal } = invocation;
  if (positionals.length !== 1 || positionals[0] !== 'install')
    throw badUsage('frontend needs an action: install', 'See darkroom frontend --help.');
  const folder = await installPackage(FRONTEND, invocation);
  terminal.out(`darkroom serve --frontend ${JSON.stringify(folder)}`);
  return 0;
}
