// /models, /experiment/models, /view_metadata: the files of the model folders.
import { closeSync, readSync } from 'node:fs';
import { isJsonObject, type Json } from '../../../formats/json.ts';
import { parseJson } from '../../../formats/parse-json.ts';
import { openRegularSync } from '../../../formats/regular-file.ts';
import type { ModelFile } from '../../api-types.ts';
import { previewSize, sideQuery } from '../../http/preview-size.ts';
import { empty, json, type RouteResponse } from '../../http/responses.ts';
import type { Route, RouteRequest } from '../../http/route.ts';
import { resolveInside, statOf } from '../../http/safe-paths.ts';
import { previewPath } from '../../model-previews.ts';
import type { ServerContext } from '../../server-context.ts';
import { isModelKind, MODEL_KINDS } from './comfy-model-kinds.ts';

/** Kinds that /experiment/models does not list. */
const HIDDEN_KINDS: ReadonlySet<string> = new Set(['configs', 'custom_nodes']);
const PREVIEW = { format: 'webp;80', channel: '' };
const MAX_HEADER_BYTES = 1024 * 1024;

const names = { type: 'array', items: { type: 'string' } } as const;
const objects = { type: 'array', items: { type: 'object' } } as const;
const UNKNOWN_KIND = 'An unknown kind.';

type Folders = ServerContext['folders'];

export const modelRoutes = ({ folders, threads }: ServerContext): Route[] => [
  ...listRoutes(folders),
  ...experimentRoutes({ folders, threads }),
  metadataRoute(folders),
];

const listRoutes = (folders: Folders): Route[] => [
  {
    method: 'GET',
    path: '/models',
    summary: 'The kinds of model files.',
    responses: { 200: { description: 'Names of folders.', schema: names } },
    handle: () => json(MODEL_KINDS),
  },
  {
    method: 'GET',
    path: '/models/{folder}',
    summary: 'The files of a kind.',
    responses: {
      200: { description: 'Names relative to the folder, with `/`.', schema: names },
      404: UNKNOWN_KIND,
    },
    handle: ({ params: { folder } }) =>
      isModelKind(folder) ? json(folders.modelFiles(folder)) : empty(404),
  },
];

type Context = Pick<ServerContext, 'folders' | 'threads'>;

const experimentRoutes = ({ folders, threads }: Context): Route[] => [
  {
    method: 'GET',
    path: '/experiment/models',
    summary: 'The kinds with their folders.',
    responses: { 200: { description: 'name and folders of each.', schema: objects } },
    handle: () =>
      json(
        MODEL_KINDS.filter((kind) => !HIDDEN_KINDS.has(kind)).map((kind) => ({
          name: kind,
          folders: folders.modelFolders(kind),
        })),
      ),
  },
  {
    method: 'GET',
    path: '/experiment/models/{folder}',
    summary: 'The files of a kind with size and dates.',
    responses: {
      200: {
        description: 'name, pathIndex, modified, created, size of each.',
        schema: objects,
      },
      404: UNKNOWN_KIND,
    },
    handle: ({ params: { folder } }) =>
      isModelKind(folder)
        ? json(folders.modelFiles(folder).map((name) => modelFile(folders, folder, name)))
        : empty(404),
  },
  {
    method: 'GET',
    path: '/experiment/models/preview/{folder}/{path_index}/{filename+}',
    summary: 'The preview image beside a model file.',
    query: { size: previewSize },
    responses: { 200: 'A WebP image.', 404: 'There is none.' },
    handle: (request) => previewResponse({ folders, threads }, request),
  },
];

const metadataRoute = (folders: Folders): Route => ({
  method: 'GET',
  path: '/view_metadata/{folder}',
  summary: 'The metadata of a .safetensors file.',
  query: { filename: { type: 'string' } },
  responses: {
    200: { description: 'Its `__metadata__`.', schema: { type: 'object' } },
    404: 'There is no such file, or it has no metadata.',
  },
  handle: ({ params: { folder }, query }) => {
    const name = query('filename') ?? '';
    if (!isModelKind(folder) || !name.endsWith('.safetensors')) return empty(404);
    try {
      const metadata = readMetadata(folders.modelPath(folder, name));
      return metadata === undefined ? empty(404) : json(metadata);
    } catch {
      return empty(404);
    }
  },
});

function modelFile(folders: Folders, kind: string, name: string): ModelFile {
  for (const [pathIndex, folder] of folders.modelFolders(kind).entries()) {
    const path = resolveInside(folder, name);
    const stats = path && folders.isReachable(path) ? statOf(path) : undefined;
    if (stats)
      return {
        name,
        pathIndex,
        modified: stats.mtimeMs / 1000,
        created: stats.ctimeMs / 1000,
        size: stats.size,
      };
  }
  // a model that is embedded in the package
  return { name, pathIndex: 0, modified: 0, created: 0, size: 0 };
}

async function previewResponse(
  { folders, threads }: Context,
  request: RouteRequest,
): Promise<RouteResponse> {
  const { folder: kind, path_index: pathIndex, filename: name } = request.params;
  if (!isModelKind(kind) || !/^\d{1,4}$/.test(pathIndex)) return empty(404);
  const folder = folders.modelFolders(kind)[Number(pathIndex)];
  const isReachable = folder !== undefined && folders.isReachable(folder);
  const path = isReachable ? previewPath(folder, name) : undefined;
  if (path === undefined) return empty(404);
  const side = sideQuery(request);
  const { encodePreview } = await import('../../http/view-images.ts');
  try {
    return { status: 200, ...(await encodePreview(path, { ...PREVIEW, side }, threads)) };
  } catch {
    return empty(404);
  }
}

/** The `__metadata__` of a safetensors header; undefined without one. Throws for other files. */
function readMetadata(path: string): Json | undefined {
  const file = openRegularSync(path);
  try {
    const length = Buffer.alloc(8);
    if (readSync(file, length, 0, 8, 0) !== 8) return undefined;
    const size = Number(length.readBigUInt64LE());
    if (size > MAX_HEADER_BYTES) return undefined;
    const header = Buffer.alloc(size);
    if (readSync(file, header, 0, size, 8) !== size) return undefined;
    const value = parseJson(header.toString('utf8'));
    return isJsonObject(value) ? value['__metadata__'] : undefined;
  } finally {
    closeSync(file);
  }
}
