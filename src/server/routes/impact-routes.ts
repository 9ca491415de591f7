// Routes that the Impact Pack adds (modules/impact/impact_server.py): wildcards, what SEGS pickers choose from, and the pictures of Preview
// Bridge, whose id is here the name of the file itself (`sub/name.png [temp]`).
import { basename, dirname, posix } from 'node:path';
import { numberOf } from '../../formats/json.ts';
import { type FolderType, isFolderType, parseAnnotatedName } from '../../storage/folders.ts';
import { populateWildcards } from '../../text/wildcards.ts';
import { empty, json, refuse, text } from '../http/answers.ts';
import { disposition, isPlain, nameUnder, sendStored, under } from '../http/file-responses.ts';
import { type Call, integerQuery, objectBody, type Route } from '../http/route.ts';
import type { Parts } from '../services.ts';

const id = { id: { type: 'string', description: '`sub/name.png [temp]`' } } as const;

export const impactRoutes = ({ folders, storage, queue }: Parts): Route[] => {
  const present = async (
    type: FolderType,
    name: string,
  ): Promise<{ readonly type: FolderType; readonly name: string }> => {
    const path = name === '' ? undefined : under(folders[type], name);
    const found = path && (await storage.find(type, nameUnder(folders[type], path)));
    return found ? { type, name: found.name } : refuse(empty(400));
  };
  const fileOf = (call: Call) => {
    const { name, type = 'input' } = parseAnnotatedName(call.query('id') ?? '');
    return present(type, name);
  };
  const picker = pickers(queue);
  return [
    ...['prepare', 'release', 'detect'].map((what): Route => samRoute(what)),
    {
      method: 'GET',
      path: '/impact/segs/picker/count',
      summary: 'How many parts a SEGS picker has to choose from, since its node last ran.',
      query: { id: { type: 'string', description: 'Of the node.' } },
      answers: { 200: 'A number, as text.', 400: 'The node has not run.' },
      handle: (call) => {
        const parts = picker(call.query('id'));
        return parts ? text(String(parts.length)) : empty(400);
      },
    },
    {
      method: 'GET',
      path: '/impact/segs/picker/view',
      summary: 'One of these parts, dark outside of its mask.',
      query: {
        id: { type: 'string', description: 'Of the node.' },
        idx: { type: 'integer', description: 'From 0.' },
      },
      answers: { 200: 'A PNG picture.', 400: 'There is none.', 404: 'It was removed.' },
      handle: async (call) => {
        const id = call.query('id') ?? '';
        const index = integerQuery(call, 'idx') ?? refuse(empty(400));
        const part = picker(id)?.[index] ?? refuse(empty(400));
        return await sendStored(storage, part, {
          'content-disposition': disposition(`${id}${index}.png`),
        });
      },
    },
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
      body: {
        type: 'object',
        required: ['text'],
        properties: { text: { type: 'string' }, seed: { type: 'integer' } },
      },
      answers: { 200: { description: '`text`.', schema: { type: 'object' } }, 400: 'No text.' },
      handle: (call) => {
        const { text: given, seed } = objectBody(call);
        if (typeof given !== 'string') return empty(400);
        const chosen =
          typeof seed === 'bigint'
            ? seed
            : BigInt(Math.trunc(numberOf(seed) ?? Math.random() * 2 ** 32) || 0);
        try {
          return json({ text: populateWildcards(given, chosen, folders.wildcards()) });
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
      query: {
        node_id: { type: 'string' },
        filename: { type: 'string' },
        type: { type: 'string' },
        subfolder: { type: 'string' },
      },
      answers: { 200: 'The id, as text.', 400: 'No such picture.' },
      handle: async (call) => {
        const { name, type = call.query('type') ?? 'temp' } = parseAnnotatedName(
          call.query('filename') ?? '',
        );
        if (!isPlain(name) || !isFolderType(type)) return empty(400);
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
      answers: {
        200: { description: 'filename, type, subfolder.', schema: { type: 'object' } },
        400: 'No such picture.',
      },
      handle: async (call) => {
        const { type, name } = await fileOf(call);
        const subfolder = dirname(name);
        return json({
          filename: basename(name),
          type,
          subfolder: subfolder === '.' ? '' : subfolder,
        });
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

/** The masks of Segment Anything are there as nodes; at a click, outside of a workflow, they are not. */
const samRoute = (what: string): Route => ({
  method: 'POST',
  path: `/sam/${what}`,
  summary: 'The interactive SAM editor, which is not there.',
  answers: { 501: { description: 'What to use instead.', schema: { type: 'object' } } },
  handle: () =>
    json(
      {
        error: {
          type: 'not_implemented',
          message: 'the interactive SAM editor is not there',
          details:
            'Use SAMLoader with SAMDetectorCombined or SAMDetectorSegmented in the workflow, or draw the mask in the mask editor.',
        },
      },
      501,
    ),
});

const MOST_PICKERS = 100;

interface Part {
  readonly type: FolderType;
  readonly name: string;
}

/** What SEGS pickers have told since the server runs, by node; the oldest are forgotten. */
function pickers(queue: Parts['queue']): (node: string | undefined) => readonly Part[] | undefined {
  const known = new Map<string, readonly Part[]>();
  queue().then(
    ({ subscribe }) =>
      subscribe((event) => {
        if (event.type !== 'message' || event.event !== 'darkroom/segs-picker') return;
        const { node, images } = JSON.parse(event.text).data;
        known.delete(node);
        known.set(
          node,
          images.map(({ filename, subfolder, type }: Record<string, string>) => ({
            type,
            name: posix.join(subfolder, filename),
          })),
        );
        if (known.size > MOST_PICKERS) known.delete(known.keys().next().value!);
      }),
    () => undefined,
  );
  return (node) => known.get(node ?? '');
}
