// /view: pictures of the input, output and temp folders, as they are or as previews; /view/validate of the Impact Pack.
import { basename } from 'node:path';
import sharp, { type Sharp } from 'sharp';
import { type Answer, empty, refuse } from '../answers.ts';
import { disposition, isFile, isFolderType, marked, passiveType, sendFile, under } from '../files.ts';
import type { Call, Route } from '../route.ts';
import type { Parts } from '../types.ts';

const MAX_PIXELS = 178_956_970;
const QUALITY = 90;

const place = {
  filename: { type: 'string', description: 'May end in ` [input]`, ` [output]` or ` [temp]`.' },
  type: { type: 'string', enum: ['input', 'output', 'temp'], default: 'output' },
  subfolder: { type: 'string' },
} as const;

export const viewRoutes = ({ folders }: Parts): Route[] => [
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
    handle: (call) => view(call, fileAsked(call, folders)),
  },
  {
    method: 'GET',
    path: '/view/validate',
    summary: 'Whether there is such a file; in the input folder unless the name tells.',
    query: place,
    answers: { 200: 'There is.', 400: 'There is none.' },
    handle: (call) => {
      const { name, type = 'input' } = marked(call.query('filename') ?? '');
      const folder = under(folders[type], call.query('subfolder') ?? '');
      const path = isPlain(name) && folder ? under(folder, name) : undefined;
      return empty(path && isFile(path) ? 200 : 400);
    },
  },
];

const isPlain = (name: string): boolean => name !== '' && !name.startsWith('/') && !name.includes('..') && !name.includes('\0');

/** The path that a query names, checked as ComfyUI checks it. */
function fileAsked(call: Call, folders: Parts['folders']): string {
  const given = call.query('filename') ?? refuse(empty(404));
  const { name, type = call.query('type') ?? 'output' } = marked(given);
  if (!isPlain(name) || !isFolderType(type)) return refuse(empty(400));
  const folder = under(folders[type], call.query('subfolder') ?? '') ?? refuse(empty(403));
  const path = under(folder, basename(name.replaceAll('\\', '/')));
  return path && isFile(path) ? path : refuse(empty(404));
}

async function view(call: Call, path: string): Promise<Answer> {
  const headers = { 'content-disposition': disposition(basename(path)) };
  const preview = call.query('preview');
  const channel = call.query('channel') ?? '';
  if (preview === undefined && channel !== 'rgb' && channel !== 'a')
    return sendFile(path, headers, passiveType(path), call.header('if-modified-since'));
  try {
    const made = preview === undefined ? await channelOf(path, channel) : await previewOf(path, preview, channel);
    return { status: 200, ...made, headers };
  } catch {
    return refuse(empty(400));
  }
}

interface Encoded {
  readonly body: Uint8Array;
  readonly type: string;
}

const open = (path: string): Sharp => sharp(path, { limitInputPixels: MAX_PIXELS });

async function previewOf(path: string, preview: string, channel: string): Promise<Encoded> {
  const parts = preview.split(';');
  const last = parts[parts.length - 1];
  const quality = /^\d+$/.test(last) ? Math.min(Math.max(Number(last), 1), 100) : QUALITY;
  if (parts[0] === 'jpeg' && !channel.includes('a'))
    return { body: await open(path).removeAlpha().jpeg({ quality }).toBuffer(), type: 'image/jpeg' };
  const picture = channel === 'rgb' ? open(path).removeAlpha() : open(path);
  return { body: await picture.webp({ quality }).toBuffer(), type: 'image/webp' };
}

async function channelOf(path: string, channel: string): Promise<Encoded> {
  if (channel === 'rgb') return { body: await open(path).removeAlpha().toColourspace('srgb').png().toBuffer(), type: 'image/png' };
  const { data, info } = await open(path).ensureAlpha().extractChannel('alpha').raw().toBuffer({ resolveWithObject: true });
  const { width, height } = info;
  const rgba = Buffer.alloc(width * height * 4);
  for (let i = 0; i < width * height; i++) rgba[i * 4 + 3] = data[i * info.channels];
  return {
    body: await sharp(rgba, { raw: { width, height, channels: 4 } })
      .png()
      .toBuffer(),
    type: 'image/png',
  };
}
