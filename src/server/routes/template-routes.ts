// /templates: the package's examples as templates of ComfyUI's editor, each with a picture. A
// frontend that brings its own templates is left as it is.
import { join } from 'node:path';
import { empty, type RouteResponse } from '../http/responses.ts';
import type { Route, RouteRequest } from '../http/route.ts';
import { isFile } from '../http/safe-paths.ts';
import { staticFileResponse } from '../http/static-files.ts';
import type { ServerContext } from '../server-context.ts';
import { TEMPLATES } from '../templates.ts';
import { examplePicture } from './example-picture.ts';

export const templateRoutes = (context: ServerContext): Route[] => [
  {
    method: 'GET',
    path: '/templates/{file}',
    only: 'root',
    summary:
      'Templates of the editor: `index.json`, a workflow `NAME.json`, its picture `NAME-1.png`.',
    responses: {
      200: 'The file.',
      404: 'There is none, or the template cannot run here.',
    },
    handle: (request) => ownFile(context, request) ?? templateFile(context, request),
  },
];

/** A file of the frontend's own templates, if it has them. */
function ownFile({ webRoot }: ServerContext, request: RouteRequest): RouteResponse | undefined {
  if (webRoot === undefined || !isFile(join(webRoot, 'templates', 'index.json'))) return undefined;
  const path = `/templates/${encodeURIComponent(request.params['file'])}`;
  return staticFileResponse(webRoot, path, (name) => request.header(name));
}

function templateFile(
  { threads, storage }: ServerContext,
  request: RouteRequest,
): RouteResponse | Promise<RouteResponse> {
  const file = request.params['file'];
  const inputNames = storage.inputNames();
  if (file === 'index.json') return threads.run('templateIndex', { inputNames });
  const [, name, ending] = /^([a-z-]+?)(-1\.png|\.json)$/.exec(file) ?? [];
  if (!TEMPLATES.some((template) => template.name === name)) return empty(404);
  if (ending === '.json') return threads.run('template', { name, inputNames });
  return examplePicture(name, request);
}
