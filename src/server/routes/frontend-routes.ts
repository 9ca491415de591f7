// What ComfyUI's frontend asks for at its start: extensions, texts, templates. Nothing of it is Darkroom's.

import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { json } from '../http/answers.ts';
import { isFolder } from '../http/file-responses.ts';
import type { Route } from '../http/route.ts';
import type { Parts } from '../services.ts';

const object = { type: 'object' } as const;

export const frontendRoutes = ({ webRoot }: Parts): Route[] => [
  {
    method: 'GET',
    path: '/extensions',
    summary: 'Scripts of the frontend’s extensions.',
    answers: {
      200: { description: 'Paths.', schema: { type: 'array', items: { type: 'string' } } },
    },
    handle: () =>
      json(webRoot === undefined ? [] : scripts(join(webRoot, 'extensions'), '/extensions')),
  },
  {
    method: 'GET',
    path: '/workflow_templates',
    summary: 'Workflow templates by pack.',
    answers: { 200: { description: 'Empty.', schema: object } },
    handle: () => json({}),
  },
  {
    method: 'GET',
    path: '/i18n',
    summary: 'Translations by language.',
    answers: { 200: { description: 'Empty.', schema: object } },
    handle: () => json({}),
  },
];

const scripts = (folder: string, url: string): string[] =>
  !isFolder(folder)
    ? []
    : readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
        if (entry.isDirectory()) return scripts(join(folder, entry.name), `${url}/${entry.name}`);
        return entry.name.endsWith('.js') ? [`${url}/${entry.name}`] : [];
      });
