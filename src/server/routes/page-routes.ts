// The built-in page: its files, the reading and checking of workflows in any format, the workflow
// that it starts with, and the examples of the package. Darkroom's own.
import { basename } from 'node:path';
import type { ExamplesResponse } from '../api-types.ts';
import { pageFileResponse, pageResponse } from '../http/page-files.ts';
import { json } from '../http/responses.ts';
import type { Route } from '../http/route.ts';
import type { ServerContext } from '../server-context.ts';
import { galleryRoutes } from './gallery-routes.ts';

const MAX_NAME_LENGTH = 255;
/** How messages call a file without a name. */
const UNNAMED = 'the file';

const names = { type: 'array', items: { type: 'string' } } as const;
const workflow = {
  type: 'object',
  properties: {
    prompt: { type: 'object', description: 'The workflow in the API format.' },
    extra: { type: 'object', description: 'What came with it, for `extra_pnginfo`.' },
    source: { enum: ['API', 'UI', 'A1111'] },
    notes: { type: 'array', items: { type: 'string' }, description: 'What was guessed.' },
    form: {
      type: 'object',
      description: 'Its widgets: `main` first, then `groups` by node; `missing` files.',
    },
  },
} as const;

const objects = { type: 'array', items: { type: 'object' } } as const;
const report = {
  type: 'object',
  properties: {
    runnable: { type: 'boolean', description: 'Whether at least one output can run.' },
    types: { ...objects, description: 'Node types that are not built in.' },
    models: { ...objects, description: 'Missing model files: file, folder, near, url.' },
    problems: { ...objects, description: 'Other errors: message, hint, id, input.' },
    notes: names,
    leftOut: names,
    more: { type: 'integer', description: 'Entries that are not listed.' },
  },
} as const;

export const pageRoutes = (context: ServerContext): Route[] => [
  htmlRoute,
  readRoute(context),
  checkRoute(context),
  startRoute(context),
  ...exampleRoutes(context),
  ...galleryRoutes(context),
  fileRoute,
];

const htmlRoute: Route = {
  method: 'GET',
  path: '/darkroom',
  only: 'root',
  summary: 'The built-in page.',
  responses: { 200: 'HTML.' },
  handle: (request) => pageResponse((name) => request.header(name)),
};

const fileRoute: Route = {
  method: 'GET',
  path: '/darkroom/{file}',
  only: 'root',
  summary: 'Files of the built-in page.',
  responses: { 200: 'The file.', 404: 'There is none.' },
  handle: (request) => pageFileResponse(request.params['file'], (name) => request.header(name)),
};

const readRoute = ({ threads, storage }: ServerContext): Route => ({
  method: 'POST',
  path: '/darkroom/read',
  summary:
    'Reads a workflow file of any format, or an image that contains a workflow. Nothing is run ' +
    'or stored.',
  query: { name: { type: 'string', description: 'The file’s name, for messages.' } },
  body: 'raw',
  responses: {
    200: { description: 'The workflow and its form.', schema: workflow },
    413: { description: 'Too large, or too much to read.', schema: { type: 'object' } },
    422: { description: 'The file contains no workflow.', schema: { type: 'object' } },
  },
  handle: async (request) => {
    const name = basename((request.query('name') ?? UNNAMED).slice(0, MAX_NAME_LENGTH)) || UNNAMED;
    await storage.refreshInputNames();
    const inputNames = storage.inputNames();
    return threads.run('readWorkflow', { bytes: request.bytes, name, inputNames });
  },
});

const checkRoute = ({ threads, storage }: ServerContext): Route => ({
  method: 'POST',
  path: '/darkroom/check',
  summary:
    'Says what a workflow lacks here: node types, model files, values. Its body is that of ' +
    'POST /prompt; nothing is run or stored.',
  body: { type: 'object', required: ['prompt'] },
  largeBody: true,
  responses: {
    200: { description: 'What is missing, and what to do about it.', schema: report },
    400: { description: 'extra_data.comfyui is no known version.', schema: { type: 'object' } },
    413: { description: 'Too large, or too much to read.', schema: { type: 'object' } },
    422: { description: 'The prompt is no workflow.', schema: { type: 'object' } },
  },
  handle: async ({ bytes }) => {
    await storage.refreshInputNames();
    return threads.run('checkWorkflow', { bytes, inputNames: storage.inputNames() });
  },
});

const startRoute = ({ threads, storage }: ServerContext): Route => ({
  method: 'GET',
  path: '/darkroom/start',
  summary: 'Text to image on a model of this machine: the workflow that the page starts with.',
  query: {
    checkpoint: {
      type: 'string',
      description: 'A checkpoint. By default the first model that is suitable.',
    },
    diffusion_model: {
      type: 'string',
      description: 'A diffusion model without text encoders, in place of a checkpoint.',
    },
  },
  responses: {
    200: { description: 'The workflow and its form.', schema: workflow },
    404: 'There is no such model.',
  },
  handle: (request) =>
    threads.run('startWorkflow', {
      checkpoint: request.query('checkpoint'),
      diffusionModel: request.query('diffusion_model'),
      inputNames: storage.inputNames(),
    }),
});

const exampleRoutes = ({ threads, storage }: ServerContext): Route[] => [
  {
    method: 'GET',
    path: '/darkroom/examples',
    summary: 'Examples that can run with the files of this machine.',
    responses: { 200: { description: 'Names.', schema: names } },
    handle: async () => {
      const inputNames = storage.inputNames();
      return json<ExamplesResponse>(await threads.run('exampleNames', { inputNames }));
    },
  },
  {
    method: 'GET',
    path: '/darkroom/examples/{name}',
    summary: 'An example, read.',
    responses: {
      200: { description: 'The workflow and its form.', schema: workflow },
      404: 'There is no such example, or it cannot run here.',
    },
    handle: ({ params }) =>
      threads.run('example', { name: params['name'], inputNames: storage.inputNames() }),
  },
];
