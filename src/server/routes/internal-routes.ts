// /internal: what only the frontend asks for (api_server/routes/internal). Not under /api.
import { isFolderType } from '../../storage/folders.ts';
import { empty, json } from '../http/answers.ts';
import type { LogEntry } from '../http/logs.ts';
import { objectBody, type Route } from '../http/route.ts';
import type { Parts } from '../services.ts';
import { MODEL_KINDS } from './model-routes.ts';

const SIZE = { cols: 120, rows: 40 } as const;

export const internalRoutes = ({ logs, folders, storage, sockets }: Parts): Route[] => {
  const subscribed = new Set<string>();
  logs.listen((entry: LogEntry) => {
    for (const clientId of subscribed)
      if (sockets.isConnected(clientId)) sockets.send(clientId, 'logs', { entries: [entry] });
      else subscribed.delete(clientId);
  });
  return [
    {
      method: 'GET',
      path: '/internal/logs',
      only: 'root',
      summary: 'The last lines of the log.',
      answers: { 200: { description: 'One text.', schema: { type: 'string' } } },
      handle: () =>
        json(
          logs
            .entries()
            .map(({ t, m }) => `${t} - ${m}`)
            .join(''),
        ),
    },
    {
      method: 'GET',
      path: '/internal/logs/raw',
      only: 'root',
      summary: 'The last entries of the log.',
      answers: { 200: { description: '`entries` and `size`.', schema: { type: 'object' } } },
      handle: () => json({ entries: logs.entries(), size: SIZE }),
    },
    {
      method: 'PATCH',
      path: '/internal/logs/subscribe',
      only: 'root',
      summary: 'The log, to a client’s socket.',
      body: {
        type: 'object',
        properties: { clientId: { type: 'string' }, enabled: { type: 'boolean' } },
      },
      answers: { 200: 'Done.', 400: 'No client.' },
      handle: (call) => {
        const { clientId, enabled } = objectBody(call);
        if (typeof clientId !== 'string') return empty(400);
        if (enabled !== true) subscribed.delete(clientId);
        else if (sockets.isConnected(clientId)) subscribed.add(clientId);
        return empty();
      },
    },
    {
      method: 'GET',
      path: '/internal/folder_paths',
      only: 'root',
      summary: 'Folders of the kinds of model files.',
      answers: { 200: { description: 'Paths by kind.', schema: { type: 'object' } } },
      handle: () =>
        json(Object.fromEntries(MODEL_KINDS.map((kind) => [kind, folders.modelFolders(kind)]))),
    },
    {
      method: 'GET',
      path: '/internal/files/{directory_type}',
      only: 'root',
      summary: 'Files of the input, output or temp folder, newest first.',
      answers: {
        200: { description: 'Names.', schema: { type: 'array', items: { type: 'string' } } },
        400: 'Another folder.',
      },
      handle: async ({ params }) => {
        const type = params['directory_type'];
        if (!isFolderType(type)) return json({ error: 'Invalid directory type' }, 400);
        const files = [...(await storage.list(type))].sort(
          (a, b) => b.modified.getTime() - a.modified.getTime(),
        );
        return json(files.map(({ name }) => name));
      },
    },
  ];
};
