// /view: images of the input, output and temp folders, unchanged or as previews; /view/validate of
// the Impact Pack.
import { basename } from 'node:path';
import {
  type FolderType,
  isFolderType,
  parseAnnotatedName,
} from '../../../storage/folder-paths.ts';
import { contentDisposition, storedFileResponse } from '../../http/file-responses.ts';
import { previewSize, sideQuery } from '../../http/preview-size.ts';
import { empty, Refusal, type RouteResponse, refuse } from '../../http/responses.ts';
import type { Route, RouteRequest } from '../../http/route.ts';
import { isPlainName, relativeName, resolveInside } from '../../http/safe-paths.ts';
import type { ServerContext } from '../../server-context.ts';

const fileQuery = {
  filename: { type: 'string', description: 'May end with ` [input]`, ` [output]` or ` [temp]`.' },
  type: { type: 'string', enum: ['input', 'output', 'temp'], default: 'output' },
  subfolder: { type: 'string' },
} as const;

export const viewRoutes = ({ folders, storage, threads }: ServerContext): Route[] => [
  {
    method: 'GET',
    path: '/view',
    summary: 'A file of a folder.',
    query: {
      ...fileQuery,
      preview: {
        type: 'string',
        description: '`webp` or `jpeg`, with `;QUALITY`: the format to encode a preview in.',
      },
      channel: { type: 'string', enum: ['rgba', 'rgb', 'a'] },
      size: previewSize,
    },
    responses: {
      200: 'The file.',
      206: 'A range of it.',
      304: 'Unchanged.',
      400: 'An invalid name, not an image, or an image with too many pixels to encode it again.',
      403: 'Outside of the folder.',
      404: 'There is no such file.',
    },
    handle: (request) => viewFile(request, requestedFile(request, folders), { storage, threads }),
  },
  {
    method: 'GET',
    path: '/view/validate',
    summary: 'Whether a file exists, in the input folder unless its name says otherwise.',
    query: fileQuery,
    responses: { 200: 'It exists.', 400: 'It does not.' },
    handle: async (request) => {
      const { name, type = 'input' } = parseAnnotatedName(request.query('filename') ?? '');
      const folder = resolveInside(folders[type], request.query('subfolder') ?? '');
      const path = isPlainName(name) && folder ? resolveInside(folder, name) : undefined;
      const found = path && (await storage.find(type, relativeName(folders[type], path)));
      return empty(found ? 200 : 400);
    },
  },
];

interface RequestedFile {
  readonly type: FolderType;
  /** Relative to its folder. */
  readonly name: string;
}

/** The file that a query names, checked as ComfyUI checks it. */
function requestedFile(request: RouteRequest, folders: ServerContext['folders']): RequestedFile {
  const filename = request.query('filename') ?? refuse(empty(404));
  const { name, type = request.query('type') ?? 'output' } = parseAnnotatedName(filename);
  if (!isPlainName(name) || !isFolderType(type)) return refuse(empty(400));
  const root = folders[type];
  const folder = resolveInside(root, request.query('subfolder') ?? '') ?? refuse(empty(403));
  const path = resolveInside(folder, basename(name.replaceAll('\\', '/'))) ?? refuse(empty(404));
  return { type, name: relativeName(root, path) };
}

async function viewFile(
  request: RouteRequest,
  file: RequestedFile,
  { storage, threads }: Pick<ServerContext, 'storage' | 'threads'>,
): Promise<RouteResponse> {
  const headers = { 'content-disposition': contentDisposition(basename(file.name)) };
  const preview = request.query('preview');
  const channel = request.query('channel') ?? '';
  if (preview === undefined && channel !== 'rgb' && channel !== 'a')
    return await storedFileResponse(storage, file, headers, (name) => request.header(name));
  const path = (await storage.localPath(file.type, file.name)) ?? refuse(empty(404));
  const side = sideQuery(request);
  const { encodeChannel, encodePreview, isTooExpensive } = await import(
    '../../http/view-images.ts'
  );
  try {
    const image =
      preview === undefined
        ? await encodeChannel(path, channel, threads)
        : await encodePreview(path, { format: preview, channel, side }, threads);
    return { status: 200, ...image, headers };
  } catch (error) {
    if (error instanceof Refusal || isTooExpensive(error)) throw error;
    return refuse(empty(400));
  }
}
