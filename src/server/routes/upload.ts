// /upload/image, /upload/mask: pictures into the input folder (or output, temp).
import { readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import sharp from 'sharp';
import { isJsonObject, type JsonObject, parseJson } from '../../formats/json.ts';
import { readPictureText } from '../../image/picture-text.ts';
import { encodePng } from '../../image/png.ts';
import { empty, json, refuse } from '../answers.ts';
import { addFile, isFile, isFolderType, marked, replaceFile, under } from '../files.ts';
import type { Form, Route, UploadedFile } from '../route.ts';
import type { Parts } from '../types.ts';

const MAX_PIXELS = 178_956_970;

const saved = {
  type: 'object',
  properties: { name: { type: 'string' }, subfolder: { type: 'string' }, type: { enum: ['input', 'output', 'temp'] } },
} as const;
const answers = {
  200: { description: 'Saved under this name.', schema: saved },
  400: 'No file, no name, a path that leads elsewhere, or no picture.',
  403: 'The original lies elsewhere.',
  413: 'Too large.',
} as const;

export const uploadRoutes = ({ folders }: Parts): Route[] => [
  {
    method: 'POST',
    path: '/upload/image',
    summary: 'Saves a file: parts `image`, `overwrite`, `type`, `subfolder`.',
    body: 'multipart',
    answers,
    handle: async (call) => json(save(await call.form(), folders, ({ bytes }) => bytes)),
  },
  {
    method: 'POST',
    path: '/upload/mask',
    summary: 'Saves a picture (part `original_ref`) with the alpha of another (part `image`).',
    body: 'multipart',
    answers,
    handle: async (call) => {
      const form = await call.form();
      const masked = await withMask(original(form, folders), form.files.get('image') ?? refuse(empty(400)));
      return json(save(form, folders, () => masked));
    },
  },
];

function save(form: Form, folders: Parts['folders'], bytesOf: (file: UploadedFile) => Uint8Array) {
  const file = form.files.get('image') ?? refuse(empty(400));
  const type = form.fields.get('type') ?? 'input';
  const subfolder = form.fields.get('subfolder') ?? '';
  if (!isFolderType(type) || file.filename === '') return refuse(empty(400));
  const root = folders[type];
  const folder = under(root, subfolder) ?? refuse(empty(400));
  const path = under(folder, file.filename);
  if (!path || path === folder || Buffer.byteLength(basename(path)) > 200) return refuse(empty(400));
  const overwrite = ['true', '1'].includes(form.fields.get('overwrite') ?? '');
  try {
    if (overwrite) {
      replaceFile(path, bytesOf(file));
      return { name: file.filename, subfolder, type };
    }
    return { name: addFile(dirname(path), basename(path), bytesOf(file)), subfolder, type };
  } catch (error) {
    // a file where a folder should be, or the other way round; a name the file system does not take
    if (['EEXIST', 'ENOTDIR', 'EISDIR', 'ENAMETOOLONG', 'EINVAL', 'ENOTEMPTY'].includes((error as NodeJS.ErrnoException).code ?? ''))
      return refuse(empty(400));
    throw error;
  }
}

/** The file that `original_ref` names. */
function original(form: Form, folders: Parts['folders']): string {
  const { filename, type: given, subfolder } = reference(form.fields.get('original_ref'));
  if (typeof filename !== 'string') return refuse(empty(400));
  const { name, type = typeof given === 'string' ? given : 'output' } = marked(filename);
  if (name === '' || name.startsWith('/') || name.includes('..') || name.includes('\0') || !isFolderType(type)) return refuse(empty(400));
  const folder = under(folders[type], typeof subfolder === 'string' ? subfolder : '') ?? refuse(empty(403));
  const path = join(folder, name);
  return isFile(path) ? path : refuse(empty(400));
}

function reference(text: string | undefined): JsonObject {
  try {
    const value = parseJson(text ?? '');
    return isJsonObject(value) ? value : refuse(empty(400));
  } catch {
    return refuse(empty(400));
  }
}

/** The original as RGBA with the other's alpha, and its texts. */
async function withMask(path: string, { bytes }: UploadedFile): Promise<Uint8Array> {
  try {
    const file = await readFile(path);
    const options = { limitInputPixels: MAX_PIXELS, ignoreIcc: true };
    const [picture, mask] = await Promise.all(
      [file, bytes].map((source) => sharp(source, options).toColourspace('srgb').ensureAlpha().raw().toBuffer({ resolveWithObject: true })),
    );
    const { width, height, channels } = picture.info;
    if (mask.info.width !== width || mask.info.height !== height || channels !== 4 || mask.info.channels !== 4) return refuse(empty(400));
    for (let i = 3; i < picture.data.length; i += 4) picture.data[i] = mask.data[i];
    return await encodePng({ width, height, channels: 4, bytes: picture.data }, { text: textOf(file, path), level: 4 });
  } catch {
    return refuse(empty(400));
  }
}

/** A picture whose texts can't be read goes on without. */
function textOf(file: Uint8Array, path: string): Record<string, string> {
  try {
    return readPictureText(file, path);
  } catch {
    return {};
  }
}
