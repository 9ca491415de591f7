// Programs that run from source, in processes of their own.
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

/** The options of Node with which it runs TypeScript. */
export const FROM_SOURCE: readonly string[] = [
  '--import',
  pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href,
];
