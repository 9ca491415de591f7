// /upload/image, /upload/mask: pictures into the input folder (or output, temp).
import { basename } from 'node:path';
import { isJsonObject, type JsonObject, parseJson } from '../../formats/json.ts';
import { isFolderType, parseAnnotatedName } from '../../storage/folders.ts';
import { empty, json, refuse } from '../http/answers.ts';
import { isPlain, nameUnder, under } from '../http/file-responses.ts';
import type { Form, Route, UploadedFile } from '../http/route.ts';
import type { Parts } from '../services.ts';

const saved = {
  type: 'object',
  properties: {
    name: { type: 'string' },
    subfolder: { type: 'string' },
    type: { enum: ['input', 'output', 'temp'] },
  },
} as const;
const answers = {
  200: { description: 'Saved under this name.', schema: saved },
  400: 'No file, no name, a path that leads elsewhere, or no picture.',
  403: 'The original lies elsewhere.',
  413: 'Too large.',
} as const;

export const uploadRoutes = (parts: Parts): Route[] => [
  {
    method: 'POST',
    path: '/upload/image',
    summary: 'Saves a file: parts `image`, `overwrite`, `type`, `subfolder`.',
    body: 'multipart',
    answers,
    handle: async (call) => json(await save(await call.form(), parts, ({ bytes }) => bytes)),
  },
  {
    method: 'POST',
    path: '/upload/mask',
    summary: 'Saves a picture (part `original_ref`) with the alpha of another (part `image`).',
    body: 'multipart',
    answers,
    handle: async (call) => {
      const form = await call.form();
      const { bytes } = form.files.get('image') ?? refuse(empty(400));
      const { withMask } = await import('../view-images.ts');
      const masked = (await withMask(await original(form, parts), bytes)) ?? refuse(empty(400));
      return json(await save(form, parts, () => masked));
    },
  },
];

async function save(
  form: Form,
  { folders, storage }: Parts,
  bytesOf: (file: UploadedFile) => Uint8Array,
) {
  const file = form.files.get('image') ?? refuse(empty(400));
  const type = form.fields.get('type') ?? 'input';
  const subfolder = form.fields.get('subfolder') ?? '';
  if (!isFolderType(type) || file.filename === '') return refuse(empty(400));
  const root = folders[type];
  const folder = under(root, subfolder) ?? refuse(empty(400));
  const path = under(folder, file.filename);
  if (!path || path === folder || Buffer.byteLength(basename(path)) > 200)
    return refuse(empty(400));
  const overwrite = ['true', '1'].includes(form.fields.get('overwrite') ?? '');
  const name = nameUnder(root, path);
  try {
    if (overwrite) {
      await storage.replace(type, name, bytesOf(file));
      return { name: file.filename, subfolder, type };
    }
    return { name: basename(await storage.add(type, name, bytesOf(file))), subfolder, type };
  } catch (error) {
    // a file where a folder should be, or the other way round; a name the file system does not take
    if (
      ['EEXIST', 'ENOTDIR', 'EISDIR', 'ENAMETOOLONG', 'EINVAL', 'ENOTEMPTY'].includes(
        (error as NodeJS.ErrnoException).code ?? '',
      )
    )
      return refuse(empty(400));
    throw error;
  }
}

/** The path of the file that `original_ref` names, or of a copy. */
async function original(form: Form, { folders, storage }: Parts): Promise<string> {
  const { filename, type: given, subfolder } = reference(form.fields.get('original_ref'));
  if (typeof filename !== 'string') return refuse(empty(400));
  const { name, type = typeof given === 'string' ? given : 'output' } =
    parseAnnotatedName(filename);
  if (!isPlain(name) || !isFolderType(type)) return refuse(empty(400));
  const folder =
    under(folders[type], typeof subfolder === 'string' ? subfolder : '') ?? refuse(empty(403));
  const path = under(folder, name) ?? refuse(empty(400));
  return (await storage.localPath(type, nameUnder(folders[type], path))) ?? refuse(empty(400));
}

function reference(text: string | undefined): JsonObject {
  try {
    const value = parseJson(text ?? '');
    return isJsonObject(value) ? value : refuse(empty(400));
  } catch {
    return refuse(empty(400));
  }
}
