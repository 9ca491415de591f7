// Loads yaml when the first such file is read, so that programs without one start sooner.
import { createRequire } from 'node:module';

export const yaml = (): typeof import('yaml') => createRequire(import.meta.url)('yaml');
