// Routes that ComfyUI's frontend requests when it starts: extensions, translations, templates of
// packs, which Darkroom has none of.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { OWN_EXTENSION, ownExtensionResponse, ownExtensions } from '../http/page-files.ts';
import { json } from '../http/responses.ts';
import type { Route } from '../http/route.ts';
import { isFolder } from '../http/safe-paths.ts';
import type { ServerContext } from '../server-context.ts';

const object = { type: 'object' } as const;

export const frontendRoutes = ({ webRoot }: ServerContext): Route[] => [
  {
    method: 'GET',
    path: '/extensions',
    summary: 'Scripts of the frontend’s extensions.',
    responses: {
      200: { description: 'Paths.', schema: { type: 'array', items: { type: 'string' } } },
    },
    handle: () =>
      json(
        webRoot === undefined
          ? []
          : [...scriptsIn(join(webRoot, 'extensions'), '/extensions'), ...ownExtensions()],
      ),
  },
  {
    method: 'GET',
    path: OWN_EXTENSION,
    only: 'root',
    summary: 'Darkroom’s extension of the frontend: a default workflow for the embedded model.',
    responses: { 200: 'The script.' },
    handle: (request) => ownExtensionResponse((name) => request.header(name)),
  },
  {
    method: 'GET',
    path: '/workflow_templates',
    summary: 'Workflow templates by pack.',
    responses: { 200: { description: 'Empty.', schema: object } },
    handle: () => json({}),
  },
  {
    method: 'GET',
    path: '/global_subgraphs',
    summary: 'Subgraph blueprints by id; those of a user are files of /userdata.',
    responses: { 200: { description: 'Empty.', schema: object } },
    handle: () => json({}),
  },
  {
    method: 'GET',
    path: '/i18n',
    summary: 'Translations by language.',
    responses: { 200: { description: 'Empty.', schema: object } },
    handle: () => json({}),
  },
];

/** The URLs of all scripts in a folder that is served at `url`. */
function scriptsIn(folder: string, url: string): string[] {
  if (!isFolder(folder)) return [];
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const entryUrl = `${url}/${entry.name}`;
    if (entry.isDirectory()) return scriptsIn(join(folder, entry.name), entryUrl);
    return entry.name.endsWith('.js') ? [entryUrl] : [];
  });
}
