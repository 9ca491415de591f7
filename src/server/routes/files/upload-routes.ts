// /upload/image, /upload/mask: save images in the input folder (or output, temp).
import { basename } from 'node:path';
import { isJsonObject, type JsonObject } from '../../../formats/json.ts';
import { parseJson } from '../../../formats/parse-json.ts';
import { isFolderType, parseAnnotatedName } from '../../../storage/folder-paths.ts';
import type { UploadResponse } from '../../api-types.ts';
import { empty, json, refuse } from '../../http/responses.ts';
import type { Form, Route } from '../../http/route.ts';
import { isPlainName, relativeName, resolveInside } from '../../http/safe-paths.ts';
import type { ServerContext } from '../../server-context.ts';

const saved = {
  type: 'object',
  properties: {
    name: { type: 'string' },
    subfolder: { type: 'string' },
    type: { enum: ['input', 'output', 'temp'] },
  },
} as const;
const responses = {
  200: { description: 'Saved under this name.', schema: saved },
  400: 'The file or its name is missing, the path is outside of the folder, or it is not an image.',
  403: 'The original is outside of its folder.',
  413: 'The file is too large.',
} as const;

export const uploadRoutes = (context: ServerContext): Route[] => [
  {
    method: 'POST',
    path: '/upload/image',
    summary: 'Saves a file: parts `image`, `overwrite`, `type`, `subfolder`.',
    body: 'multipart',
    responses,
    handle: async (request) => {
      const form = await request.form();
      return json(await save(form, context));
    },
  },
  {
    method: 'POST',
    path: '/upload/mask',
    summary:
      'Saves an image (part `original_ref`) with the alpha of another (part `image`). Darkroom’s ' +
      'own: with a part `upright` that is `true`, the image is turned as its EXIF says.',
    body: 'multipart',
    responses,
    handle: async (request) => {
      const form = await request.form();
      const mask = form.files.get('image') ?? refuse(empty(400));
      const { withMask } = await import('../../http/view-images.ts');
      const path = await originalPath(form, context);
      const isUpright = form.fields.get('upright') === 'true';
      const masked =
        (await withMask({ path, mask: mask.path, isUpright }, context.threads)) ??
        refuse(empty(400));
      return json(await save(form, context, masked));
    },
  },
];

const MAX_NAME_BYTES = 200;
/**
 * A file in place of a folder or a folder in place of a file, or a name that the file system does
 * not accept.
 */
const INVALID_PATH: ReadonlySet<string | undefined> = new Set([
  'EEXIST',
  'ENOTDIR',
  'EISDIR',
  'ENAMETOOLONG',
  'EINVAL',
  'ENOTEMPTY',
]);

/** Saves the form's file, or other content in its place. */
async function save(
  form: Form,
  { folders, storage }: ServerContext,
  content?: Uint8Array,
): Promise<UploadResponse> {
  const file = form.files.get('image') ?? refuse(empty(400));
  const type = form.fields.get('type') ?? 'input';
  const subfolder = form.fields.get('subfolder') ?? '';
  if (!isFolderType(type) || file.filename === '') return refuse(empty(400));
  const root = folders[type];
  const folder = resolveInside(root, subfolder) ?? refuse(empty(400));
  const path = resolveInside(folder, file.filename);
  if (!path || path === folder) return refuse(empty(400));
  if (Buffer.byteLength(basename(path)) > MAX_NAME_BYTES) return refuse(empty(400));
  const overwrite = ['true', '1'].includes(form.fields.get('overwrite') ?? '');
  const name = relativeName(root, path);
  try {
    if (!overwrite) {
      const added = await storage.add(type, name, content ?? file);
      return { name: basename(added), subfolder, type };
    }
    await storage.replace(type, name, content ?? file);
    return { name: file.filename, subfolder, type };
  } catch (error) {
    if (INVALID_PATH.has((error as NodeJS.ErrnoException).code)) return refuse(empty(400));
    throw error;
  }
}

/** The path of the file that `original_ref` names, or of a local copy. */
async function originalPath(form: Form, { folders, storage }: ServerContext): Promise<string> {
  const reference = parseReference(form.fields.get('original_ref'));
  const { filename, type: folderType, subfolder } = reference;
  if (typeof filename !== 'string') return refuse(empty(400));
  const { name, type = typeof folderType === 'string' ? folderType : 'output' } =
    parseAnnotatedName(filename);
  if (!isPlainName(name) || !isFolderType(type)) return refuse(empty(400));
  const root = folders[type];
  const folder =
    resolveInside(root, typeof subfolder === 'string' ? subfolder : '') ?? refuse(empty(403));
  const path = resolveInside(folder, name) ?? refuse(empty(400));
  return (await storage.localPath(type, relativeName(root, path))) ?? refuse(empty(400));
}

function parseReference(text: string | undefined): JsonObject {
  try {
    const value = parseJson(text ?? '');
    return isJsonObject(value) ? value : refuse(empty(400));
  } catch {
    return refuse(empty(400));
  }
}
