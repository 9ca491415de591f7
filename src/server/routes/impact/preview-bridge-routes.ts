// The images of the Impact Pack's Preview Bridge (modules/impact/impact_server.py). The id of an
// image is here the name of its file: `sub/name.png [temp]`.
import { basename, dirname } from 'node:path';
import {
  type FolderType,
  isFolderType,
  parseAnnotatedName,
} from '../../../storage/folder-paths.ts';
import { contentDisposition, storedFileResponse } from '../../http/file-responses.ts';
import { empty, json, refuse, text } from '../../http/responses.ts';
import type { Route, RouteRequest } from '../../http/route.ts';
import { isPlainName, relativeName, resolveInside } from '../../http/safe-paths.ts';
import type { ServerContext } from '../../server-context.ts';

interface ImageFile {
  readonly type: FolderType;
  /** Relative to its folder. */
  readonly name: string;
}

const imageId = { id: { type: 'string', description: '`sub/name.png [temp]`' } } as const;
const NO_IMAGE = 'There is no such image.';

export const previewBridgeRoutes = (context: ServerContext): Route[] => [
  validateRoute(context),
  setRoute(context),
  getRoute(context),
  viewRoute(context),
];

const validateRoute = (context: ServerContext): Route => ({
  method: 'GET',
  path: '/impact/validate/pb_id_image',
  summary: 'Whether the image of a Preview Bridge exists.',
  query: imageId,
  responses: { 200: 'It exists.', 400: 'It does not.' },
  handle: async (request) => {
    await requestedImage(context, request);
    return empty();
  },
});

const setRoute = (context: ServerContext): Route => ({
  method: 'GET',
  path: '/impact/set/pb_id_image',
  summary: 'The id of an image for a Preview Bridge.',
  query: {
    node_id: { type: 'string' },
    filename: { type: 'string' },
    type: { type: 'string' },
    subfolder: { type: 'string' },
  },
  responses: { 200: 'The id, as text.', 400: NO_IMAGE },
  handle: async (request) => {
    const { name, type = request.query('type') ?? 'temp' } = parseAnnotatedName(
      request.query('filename') ?? '',
    );
    if (!isPlainName(name) || !isFolderType(type)) return empty(400);
    const subfolder = request.query('subfolder') ?? '';
    const path = subfolder === '' ? name : `${subfolder}/${name}`;
    await existingImage(context, type, path);
    return text(`${path} [${type}]`);
  },
});

const getRoute = (context: ServerContext): Route => ({
  method: 'GET',
  path: '/impact/get/pb_id_image',
  summary: 'Folder and name of the image of a Preview Bridge.',
  query: imageId,
  responses: {
    200: { description: 'filename, type, subfolder.', schema: { type: 'object' } },
    400: NO_IMAGE,
  },
  handle: async (request) => {
    const { type, name } = await requestedImage(context, request);
    const folder = dirname(name);
    return json({ filename: basename(name), type, subfolder: folder === '.' ? '' : folder });
  },
});

const viewRoute = (context: ServerContext): Route => ({
  method: 'GET',
  path: '/impact/view/pb_id_image',
  summary: 'The image of a Preview Bridge.',
  query: imageId,
  responses: { 200: 'The file.', 304: 'Unchanged.', 400: NO_IMAGE },
  handle: async (request) => {
    const image = await requestedImage(context, request);
    const headers = { 'content-disposition': contentDisposition(basename(image.name)) };
    const header = (name: string) => request.header(name);
    return await storedFileResponse(context.storage, image, headers, header);
  },
});

/** The image that the query's `id` names; without a folder, it is in the input folder. */
function requestedImage(context: ServerContext, request: RouteRequest): Promise<ImageFile> {
  const { name, type = 'input' } = parseAnnotatedName(request.query('id') ?? '');
  return existingImage(context, type, name);
}

async function existingImage(
  { folders, storage }: ServerContext,
  type: FolderType,
  name: string,
): Promise<ImageFile> {
  const path = name === '' ? undefined : resolveInside(folders[type], name);
  const found = path && (await storage.find(type, relativeName(folders[type], path)));
  return found ? { type, name: found.name } : refuse(empty(400));
}
