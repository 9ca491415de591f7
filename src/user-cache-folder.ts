import { homedir } from 'node:os';
import { join } from 'node:path';

/** The user's cache: DARKROOM_CACHE, else $XDG_CACHE_HOME/darkroom, else ~/.cache/darkroom. */
export const cacheFolder = (environment: NodeJS.ProcessEnv = process.env): string =>
  environment.DARKROOM_CACHE ||
  join(environment.XDG_CACHE_HOME || join(homedir(), '.cache'), 'darkroom');
