// The built-in page: its files (web/), reading of a workflow in any form, and the examples that come with the package. Darkroom's own.
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DarkroomError } from '../../errors.ts';
import { empty, json } from '../http/answers.ts';
import { sendPage, sendPageFile } from '../http/page-files.ts';
import type { Route } from '../http/route.ts';
import type { ReadFile } from '../node-registry.ts';
import type { Parts } from '../services.ts';

const PACKAGE = fileURLToPath(new URL('../../../', import.meta.url));
const EXAMPLES = join(PACKAGE, 'examples');
const MAX_NAME = 255;

const object = { type: 'object' } as const;
const read = {
  type: 'object',
  properties: {
    prompt: { type: 'object', description: 'The workflow in the API format.' },
    extra: { type: 'object', description: 'What came with it, for `extra_pnginfo`.' },
    source: { enum: ['API', 'UI', 'A1111'] },
    notes: { type: 'array', items: { type: 'string' }, description: 'What had to be guessed.' },
    form: {
      type: 'object',
      description: 'Its widgets: `main` first, then `groups` by node; `missing` files.',
    },
  },
} as const;

export const pageRoutes = ({ desk, storage }: Parts): Route[] => {
  const fitting = async (name: string): Promise<ReadFile | undefined> => {
    const { read, canRun } = await desk();
    const file = read(readFileSync(join(EXAMPLES, name)), name);
    return canRun(file) ? file : undefined;
  };
  return [
    {
      method: 'GET',
      path: '/darkroom',
      only: 'root',
      summary: 'The built-in page.',
      answers: { 200: 'HTML.' },
      handle: (call) => sendPage(call.header('if-modified-since')),
    },
    {
      method: 'POST',
      path: '/darkroom/read',
      summary:
        'Reads a workflow file or a picture that holds one, in any form; nothing is run or kept.',
      query: { name: { type: 'string', description: 'What messages call the file.' } },
      body: 'raw',
      answers: {
        200: { description: 'The workflow and its form.', schema: read },
        422: { description: 'It holds none.', schema: object },
      },
      handle: async (call) => {
        const name = basename((call.query('name') ?? 'the file').slice(0, MAX_NAME)) || 'the file';
        try {
          await storage.refreshInputNames();
          return json((await desk()).read(call.bytes, name));
        } catch (error) {
          if (!(error instanceof DarkroomError)) throw error;
          return json(
            { error: { code: error.code, message: error.message, hint: error.hint ?? '' } },
            422,
          );
        }
      },
    },
    {
      method: 'GET',
      path: '/darkroom/examples',
      summary: 'Examples that run with the files that are there.',
      answers: {
        200: { description: 'Names.', schema: { type: 'array', items: { type: 'string' } } },
      },
      handle: async () => {
        const found = await Promise.all(
          exampleFiles().map(async (file) =>
            (await fitting(file)) ? [file.slice(0, -'.json'.length)] : [],
          ),
        );
        return json(found.flat());
      },
    },
    {
      method: 'GET',
      path: '/darkroom/examples/{name}',
      summary: 'An example, read.',
      answers: {
        200: { description: 'The workflow and its form.', schema: read },
        404: 'There is none, or it does not run here.',
      },
      handle: async ({ params }) => {
        const file = exampleFiles().find((f) => f === `${params['name']}.json`);
        const found = file && (await fitting(file));
        return found ? json(found) : empty(404);
      },
    },
    {
      method: 'GET',
      path: '/darkroom/{file}',
      only: 'root',
      summary: 'Files of the built-in page.',
      answers: { 200: 'The file.', 404: 'There is none.' },
      handle: (call) => {
        return sendPageFile(call.params['file'], call.header('if-modified-since'));
      },
    },
  ];
};

const exampleFiles = (): string[] => {
  try {
    return readdirSync(EXAMPLES).filter((file) => file.endsWith('.json'));
  } catch {
    return [];
  }
};
