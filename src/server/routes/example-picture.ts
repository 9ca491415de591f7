// The pictures of the package's examples, which are in docs/images.
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fileResponse } from '../http/file-responses.ts';
import { empty, type RouteResponse } from '../http/responses.ts';
import type { RouteRequest } from '../http/route.ts';
import { isFile } from '../http/safe-paths.ts';
import { TEMPLATES } from '../templates.ts';

const PICTURES = fileURLToPath(new URL('../../../docs/images', import.meta.url));
const ONE_DAY = { 'cache-control': 'public, max-age=86400' } as const;

const pictureFile = (name: string): string => join(PICTURES, `${name}.png`);

/** Whether the package has a picture of an example of the table. */
export const hasPicture = (name: string): boolean => isFile(pictureFile(name));

/** The picture of an example; 404 for names that are not in the table, and where there is none. */
export const examplePicture = (name: string, request: RouteRequest): RouteResponse =>
  TEMPLATES.some((template) => template.name === name) && hasPicture(name)
    ? fileResponse(pictureFile(name), ONE_DAY, 'image/png', (header) => request.header(header))
    : empty(404);
