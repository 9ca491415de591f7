// Routes that the Impact Pack adds (modules/impact/impact_server.py): wildcards, and the pictures of Preview Bridge, whose id is here the
// name of the file itself (`sub/name.png [temp]`).
import { basename, dirname } from 'node:path';
import { numberOf } from '../../formats/json.ts';
import { populate } from '../../text/wildcards.ts';
import { type Answer, empty, json, refuse, text } from '../answers.ts';
import { disposition, type FolderType, isFile, isFolderType, marked, passiveType, sendFile, under } from '../files.ts';
import { type Call, objectBody, type Route } from '../route.ts';
import type { Parts } from '../types.ts';

const id = { id: { type: 'string', description: '`sub/name.png [temp]`' } } as const;

export const impactRoutes = ({ folders }: Parts): Route[] => {
  const fileOf = (call: Call): { readonly path: string; readonly type: FolderType; readonly name: string } => {
    const { name, type = 'input' } = marked(call.query('id') ?? '');
    const path = name === '' ? undefined : under(folders[type], name);
    return path && isFile(path) ? { path, type, name } : refuse(empty(400));
  };
  return [
    {
      method: 'GET',
      path: '/impact/wildcards/refresh',
      summary: 'Lists are read anew by themselves.',
      answers: { 200: 'Always.' },
      handle: () => empty(),
    },
    {
      method: 'GET',
      path: '/impact/wildcards/list',
      summary: 'Names of wildcards.',
      answers: { 200: { description: '`data`: `__name__` of each.', schema: { type: 'object' } } },
      handle: () => json({ data: [...folders.wildcards().keys()].map((name) => `__${name}__`) }),
    },
    {
      method: 'POST',
      path: '/impact/wildcards',
      summary: 'A text with its wildcards chosen.',
      body: { type: 'object', required: ['text'], properties: { text: { type: 'string' }, seed: { type: 'integer' } } },
      answers: { 200: { description: '`text`.', schema: { type: 'object' } }, 400: 'No text.' },
      handle: (call) => {
        const { text: given, seed } = objectBody(call);
        if (typeof given !== 'string') return empty(400);
        const chosen = typeof seed === 'bigint' ? seed : BigInt(Math.trunc(numberOf(seed) ?? Math.random() * 2 ** 32) || 0);
        try {
          return json({ text: populate(given, chosen, folders.wildcards()) });
        } catch {
          return empty(400);
        }
      },
    },
    {
      method: 'GET',
      path: '/impact/validate/pb_id_image',
      summary: 'Whether the picture of a Preview Bridge is there.',
      query: id,
      answers: { 200: 'It is.', 400: 'It is not.' },
      handle: (call) => {
        fileOf(call);
        return empty();
      },
    },
    {
      method: 'GET',
      path: '/impact/set/pb_id_image',
      summary: 'The id of a picture for a Preview Bridge.',
      query: { node_id: { type: 'string' }, filename: { type: 'string' }, type: { type: 'string' }, subfolder: { type: 'string' } },
      answers: { 200: 'The id, as text.', 400: 'No such picture.' },
      handle: (call) => {
        const { name, type = call.query('type') ?? 'temp' } = marked(call.query('filename') ?? '');
        if (name === '' || name.startsWith('/') || name.includes('..') || !isFolderType(type)) return empty(400);
        const subfolder = call.query('subfolder') ?? '';
        const whole = subfolder === '' ? name : `${subfolder}/${name}`;
        const path = under(folders[type], whole);
        return path && isFile(path) ? text(`${whole} [${type}]`) : empty(400);
      },
    },
    {
      method: 'GET',
      path: '/impact/get/pb_id_image',
      summary: 'Where the picture of a Preview Bridge lies.',
      query: id,
      answers: { 200: { description: 'filename, type, subfolder.', schema: { type: 'object' } }, 400: 'No such picture.' },
      handle: (call) => {
        const { type, name } = fileOf(call);
        const subfolder = dirname(name);
        return json({ filename: basename(name), type, subfolder: subfolder === '.' ? '' : subfolder });
      },
    },
    {
      method: 'GET',
      path: '/impact/view/pb_id_image',
      summary: 'The picture of a Preview Bridge.',
      query: id,
      answers: { 200: 'The file.', 304: 'As the client has it.', 400: 'No such picture.' },
      handle: (call): Answer => {
        const { path } = fileOf(call);
        return sendFile(path, { 'content-disposition': disposition(basename(path)) }, passiveType(path), call.header('if-modified-since'));
      },
    },
  ];
};
