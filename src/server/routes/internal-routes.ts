// /internal: routes that only the frontend uses (api_server/routes/internal). They are not under
// /api.
import { isFolderType } from '../../storage/folder-paths.ts';
import { empty, json } from '../http/responses.ts';
import { objectBody, type Route } from '../http/route.ts';
import type { ServerContext } from '../server-context.ts';
import { MODEL_KINDS } from './files/comfy-model-kinds.ts';

/** The size of the frontend's terminal. */
const TERMINAL_SIZE = { cols: 120, rows: 40 } as const;

export const internalRoutes = (context: ServerContext): Route[] => [
  ...logRoutes(context),
  ...folderRoutes(context),
];

const logRoutes = ({ logs, clients }: ServerContext): Route[] => {
  const subscribers = new Set<string>();
  logs.subscribe((entry) => {
    for (const clientId of subscribers)
      if (clients.isConnected(clientId)) clients.send(clientId, 'logs', { entries: [entry] });
      else subscribers.delete(clientId);
  });
  return [
    {
      method: 'GET',
      path: '/internal/logs',
      only: 'root',
      summary: 'The last lines of the log.',
      responses: { 200: { description: 'All lines as one text.', schema: { type: 'string' } } },
      handle: () => {
        const lines = logs.entries().map(({ t, m }) => `${t} - ${m}`);
        return json(lines.join(''));
      },
    },
    {
      method: 'GET',
      path: '/internal/logs/raw',
      only: 'root',
      summary: 'The last entries of the log.',
      responses: { 200: { description: '`entries` and `size`.', schema: { type: 'object' } } },
      handle: () => json({ entries: logs.entries(), size: TERMINAL_SIZE }),
    },
    {
      method: 'PATCH',
      path: '/internal/logs/subscribe',
      only: 'root',
      summary: 'Starts or stops sending log entries to a client’s WebSocket.',
      body: {
        type: 'object',
        properties: { clientId: { type: 'string' }, enabled: { type: 'boolean' } },
      },
      responses: { 200: 'Done.', 400: 'No client given.' },
      handle: (request) => {
        const { clientId, enabled } = objectBody(request);
        if (typeof clientId !== 'string') return empty(400);
        if (enabled !== true) subscribers.delete(clientId);
        else if (clients.isConnected(clientId)) subscribers.add(clientId);
        return empty();
      },
    },
  ];
};

const folderRoutes = ({ folders, storage }: ServerContext): Route[] => [
  {
    method: 'GET',
    path: '/internal/folder_paths',
    only: 'root',
    summary: 'Folders of the kinds of model files.',
    responses: { 200: { description: 'Paths by kind.', schema: { type: 'object' } } },
    handle: () =>
      json(Object.fromEntries(MODEL_KINDS.map((kind) => [kind, folders.modelFolders(kind)]))),
  },
  {
    method: 'GET',
    path: '/internal/files/{directory_type}',
    only: 'root',
    summary: 'Files of the input, output or temp folder, newest first.',
    responses: {
      200: { description: 'Names.', schema: { type: 'array', items: { type: 'string' } } },
      400: 'Not one of these folders.',
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
