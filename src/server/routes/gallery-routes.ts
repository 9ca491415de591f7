// The gallery of the built-in page: the examples that can run here, with titles and pictures.
// Darkroom's own.
import type { GalleryResponse } from '../api-types.ts';
import { json } from '../http/responses.ts';
import type { Route } from '../http/route.ts';
import type { ServerContext } from '../server-context.ts';
import { TEMPLATES } from '../templates.ts';
import { examplePicture, hasPicture } from './example-picture.ts';

const examples = {
  type: 'array',
  items: {
    type: 'object',
    properties: {
      name: { type: 'string', description: 'For `/darkroom/examples/{name}`.' },
      title: { type: 'string' },
      description: { type: 'string' },
      models: {
        type: 'array',
        items: { type: 'string' },
        description: 'Absent for the models that Darkroom includes.',
      },
      picture: { type: 'boolean', description: 'Whether `/darkroom/gallery/{name}` has one.' },
    },
  },
} as const;

export const galleryRoutes = ({ threads, storage }: ServerContext): Route[] => [
  {
    method: 'GET',
    path: '/darkroom/gallery',
    summary: 'Examples that can run with the files of this machine, and what they show.',
    responses: { 200: { description: 'The examples.', schema: examples } },
    handle: async () => {
      const inputNames = storage.inputNames();
      const names = await threads.run('exampleNames', { inputNames });
      const runnable = TEMPLATES.filter(({ name }) => names.includes(name));
      return json<GalleryResponse>(
        runnable.map(({ name, title, description, models }) => ({
          ...{ name, title, description, models, picture: hasPicture(name) },
        })),
      );
    },
  },
  {
    method: 'GET',
    path: '/darkroom/gallery/{name}',
    summary: 'The picture of an example, as PNG.',
    responses: { 200: 'The picture.', 404: 'There is none.' },
    handle: (request) => examplePicture(request.params['name'], request),
  },
];
