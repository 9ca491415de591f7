// Routes that the Impact Pack adds (modules/impact/impact_server.py): wildcards, and the pictures of Preview Bridge, whose id is here the
// name of the file itself (`sub/name.png [temp]`).
import { basename, dirname } from 'node:path';
import { numberOf } from '../../formats/json.ts';
import { type FolderType, isFolderType, marked } from '../../storage/folders.ts';
import { populate } from '../../text/wildcards.ts';
import { empty, json, refuse, text } from '../answers.ts';
import { disposition, nameUnder, sendStored, under } from '../files.ts';
import { type Call, objectBody, type Route } from '../route.ts';
import type { Parts } from '../types.ts';

const id = { id: { type: 'string', description: '`sub/name.png [temp]`' } } as const;

export const impactRoutes = ({ folders, storage }: Parts): Route[] => {
  const present = async (type: FolderType, name: string): Promise<{ readonly type: FolderType; readonly name: string }> => {
    const path = name === '' ? undefined : under(folders[type], name);
    const found = path && (await storage.find(type, nameUnder(folders[type], path)));
    return found ? { type, name: found.name } : refuse(empty(400));
  };
  const fileOf = (call: Call) => {
    const { name, type = 'input' } = marked(call.query('id') ?? '');
    return present(type, name);
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
      handle: async (call) => {
        await fileOf(call);
        return empty();
      },
    },
    {
      method: 'GET',
      path: '/impact/set/pb_id_image',
      summary: 'The id of a picture for a Preview Bridge.',
      query: { node_id: { type: 'string' }, filename: { type: 'string' }, type: { type: 'string' }, subfolder: { type: 'string' } },
      answers: { 200: 'The id, as text.', 400: 'No such picture.' },
      handle: async (call) => {
        const { name, type = call.query('type') ?? 'temp' } = marked(call.query('filename') ?? '');
        if (name === '' || name.startsWith('/') || name.includes('..') || !isFolderType(type)) return empty(400);
        const subfolder = call.query('subfolder') ?? '';
        const whole = subfolder === '' ? name : `${subfolder}/${name}`;
        await present(type, whole);
        return text(`${whole} [${type}]`);
      },
    },
    {
      method: 'GET',
      path: '/impact/get/pb_id_image',
      summary: 'Where the picture of a Preview Bridge lies.',
      query: id,
      answers: { 200: { description: 'filename, type, subfolder.', schema: { type: 'object' } }, 400: 'No such picture.' },
      handle: async (call) => {
        const { type, name } = await fileOf(call);
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
      handle: async (call) => {
        const file = await fileOf(call);
        return await sendStored(
          storage,
          file,
          { 'content-disposition': disposition(basename(file.name)) },
          call.header('if-modified-since'),
        );
      },
    },
  ];
};
