// /view: pictures of the input, output and temp folders, as they are or as previews; /view/validate of the Impact Pack.
import { basename } from 'node:path';
import { type FolderType, isFolderType, parseAnnotatedName } from '../../storage/folders.ts';
import { type Answer, empty, refuse } from '../http/answers.ts';
import { disposition, isPlain, nameUnder, sendStored, under } from '../http/file-responses.ts';
import type { Call, Route } from '../http/route.ts';
import type { Parts } from '../services.ts';

const place = {
  filename: { type: 'string', description: 'May end in ` [input]`, ` [output]` or ` [temp]`.' },
  type: { type: 'string', enum: ['input', 'output', 'temp'], default: 'output' },
  subfolder: { type: 'string' },
} as const;

export const viewRoutes = ({ folders, storage }: Parts): Route[] => [
  {
    method: 'GET',
    path: '/view',
    summary: 'A file of a folder.',
    query: {
      ...place,
      preview: { type: 'string', description: '`webp` or `jpeg`, with `;QUALITY`: encoded anew.' },
      channel: { type: 'string', enum: ['rgba', 'rgb', 'a'] },
    },
    answers: {
      200: 'The file.',
      304: 'As the client has it.',
      400: 'A bad name, or no picture.',
      403: 'Outside of the folder.',
      404: 'Not there.',
    },
    handle: (call) => view(call, fileAsked(call, folders), storage),
  },
  {
    method: 'GET',
    path: '/view/validate',
    summary: 'Whether there is such a file; in the input folder unless the name tells.',
    query: place,
    answers: { 200: 'There is.', 400: 'There is none.' },
    handle: async (call) => {
      const { name, type = 'input' } = parseAnnotatedName(call.query('filename') ?? '');
      const folder = under(folders[type], call.query('subfolder') ?? '');
      const path = isPlain(name) && folder ? under(folder, name) : undefined;
      return empty(path && (await storage.find(type, nameUnder(folders[type], path))) ? 200 : 400);
    },
  },
];

interface Asked {
  readonly type: FolderType;
  /** Relative to its folder. */
  readonly name: string;
}

/** The file that a query names, checked as ComfyUI checks it. */
function fileAsked(call: Call, folders: Parts['folders']): Asked {
  const given = call.query('filename') ?? refuse(empty(404));
  const { name, type = call.query('type') ?? 'output' } = parseAnnotatedName(given);
  if (!isPlain(name) || !isFolderType(type)) return refuse(empty(400));
  const folder = under(folders[type], call.query('subfolder') ?? '') ?? refuse(empty(403));
  const path = under(folder, basename(name.replaceAll('\\', '/'))) ?? refuse(empty(404));
  return { type, name: nameUnder(folders[type], path) };
}

async function view(call: Call, asked: Asked, storage: Parts['storage']): Promise<Answer> {
  const headers = { 'content-disposition': disposition(basename(asked.name)) };
  const preview = call.query('preview');
  const channel = call.query('channel') ?? '';
  if (preview === undefined && channel !== 'rgb' && channel !== 'a')
    return await sendStored(storage, asked, headers, call.header('if-modified-since'));
  const path = (await storage.localPath(asked.type, asked.name)) ?? refuse(empty(404));
  const { channelOf, previewOf } = await import('../view-images.ts');
  try {
    const made =
      preview === undefined
        ? await channelOf(path, channel)
        : await previewOf(path, preview, channel);
    return { status: 200, ...made, headers };
  } catch {
    return refuse(empty(400));
  }
}
