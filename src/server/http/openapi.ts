// The OpenAPI 3.1 document, built from the tables of routes.
import type { Route } from './route.ts';

type Document = Record<string, unknown>;

const REFUSALS = {
  description:
    'Refused: no valid token (401), a page of another origin (403), too large a body (413).',
} as const;

/** `version` is Darkroom's. */
export function openApi(routes: readonly Route[], version: string): Document {
  const paths: Record<string, Document> = {};
  for (const route of routes) {
    const path = route.path.replace(/\+\}/g, '}');
    paths[path] ??= {};
    paths[path][route.method.toLowerCase()] = operation(route);
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Darkroom',
      version,
      description:
        'The HTTP API of ComfyUI (v0.3.64), with the additions of Darkroom. All routes ' +
        'except those of /internal are also available under /api.',
    },
    servers: [{ url: '/' }, { url: '/api' }],
    components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
    security: [{}, { token: [] }],
    paths,
  };
}

function operation(route: Route): Document {
  const { summary, body } = route;
  return {
    operationId: operationId(route),
    summary,
    parameters: [...pathParameters(route), ...queryParameters(route)],
    ...(body === undefined ? {} : { requestBody: { content: bodyContent(body) } }),
    responses: { ...responsesOf(route), '4XX': REFUSALS },
  };
}

/** `getHistoryPromptId` for `GET /history/{prompt_id}`. */
function operationId({ method, path }: Route): string {
  const words = path.replace(/[^A-Za-z0-9]+(.)?/g, (_, next: string | undefined) =>
    (next ?? '').toUpperCase(),
  );
  return method.toLowerCase() + words;
}

const pathParameters = ({ path }: Route): Document[] =>
  [...path.matchAll(/\{([^{}+]+)\+?\}/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }));

const queryParameters = ({ query = {} }: Route): Document[] =>
  Object.entries(query).map(([name, { description, ...schema }]) => ({
    name,
    in: 'query',
    description,
    schema,
  }));

const responsesOf = ({ responses }: Route): Document =>
  Object.fromEntries(
    Object.entries(responses).map(([status, response]) => [
      status,
      typeof response === 'string'
        ? { description: response }
        : {
            description: response.description,
            content: { 'application/json': { schema: response.schema } },
          },
    ]),
  );

function bodyContent(body: NonNullable<Route['body']>): Document {
  if (body === 'raw' || body === 'stream')
    return { 'application/octet-stream': { schema: { type: 'string', format: 'binary' } } };
  if (body !== 'multipart') return { 'application/json': { schema: body } };
  const properties = {
    image: { type: 'string', format: 'binary' },
    overwrite: { type: 'string' },
    type: { type: 'string', enum: ['input', 'output', 'temp'] },
    subfolder: { type: 'string' },
    original_ref: { type: 'string' },
  };
  return { 'multipart/form-data': { schema: { type: 'object', required: ['image'], properties } } };
}
