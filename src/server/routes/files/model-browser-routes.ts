// /darkroom/models: what the page's model browser shows. Darkroom's own.
import { isJsonObject, type Json } from '../../../formats/json.ts';
import type { ModelName } from '../../../models/inspect/model-listing.ts';
import { objectBody, type Route } from '../../http/route.ts';
import type { ServerContext } from '../../server-context.ts';

/** The maximum number of models of one request. */
const MAX_DESCRIBED = 64;

const modelSchema = {
  type: 'object',
  properties: { folder: { type: 'string' }, name: { type: 'string' } },
} as const;
const modelsSchema = {
  type: 'object',
  properties: { models: { type: 'array', items: modelSchema } },
} as const;

export const modelBrowserRoutes = ({ threads }: ServerContext): Route[] => [
  {
    method: 'GET',
    path: '/darkroom/models',
    only: 'root',
    summary: 'All model files with their sizes. Nothing is opened.',
    responses: { 200: { description: 'folder, name, size of each.', schema: modelsSchema } },
    handle: () => threads.run('listModels', undefined),
  },
  {
    method: 'POST',
    path: '/darkroom/models/describe',
    only: 'root',
    summary:
      'Reads the headers of model files: kind, architecture, the folder that a file belongs in, ' +
      `why it can't be used. Of at most ${MAX_DESCRIBED}, the first ones for which there is time.`,
    body: modelsSchema,
    responses: { 200: { description: 'The models, described.', schema: modelsSchema } },
    handle: (request) => {
      const { models } = objectBody(request);
      const requested = (Array.isArray(models) ? models.slice(0, MAX_DESCRIBED) : []).flatMap(
        modelName,
      );
      return threads.run('describeModels', { models: requested });
    },
  },
];

/** Empty for a value that names no model. */
function modelName(value: Json): ModelName[] {
  if (!isJsonObject(value)) return [];
  const { folder, name } = value;
  return typeof folder === 'string' && typeof name === 'string' ? [{ folder, name }] : [];
}
