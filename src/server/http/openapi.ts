// The OpenAPI 3.1 document, made from the tables of routes.
import type { Route } from './route.ts';

const FAILURES = {
  description: 'Refused: no token (401), a page of another site (403), too large a body (413).',
} as const;

export function openApi(routes: readonly Route[], version: string): Record<string, unknown> {
  const paths: Record<string, Record<string, unknown>> = {};
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
        'ComfyUI’s server (v0.3.64) and what Darkroom adds. Every route but those of /internal is there under /api too.',
    },
    servers: [{ url: '/' }, { url: '/api' }],
    components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
    security: [{}, { token: [] }],
    paths,
  };
}

function operation({
  method,
  path,
  summary,
  query = {},
  body,
  answers,
}: Route): Record<string, unknown> {
  const names = [...path.matchAll(/\{([^}+]+)\+?\}/g)].map((match) => match[1]);
  const id = `${method.toLowerCase()}${path.replace(/[^A-Za-z0-9]+(.)?/g, (_, c: string | undefined) => (c ?? '').toUpperCase())}`;
  return {
    operationId: id,
    summary,
    parameters: [
      ...names.map((name) => ({ name, in: 'path', required: true, schema: { type: 'string' } })),
      ...Object.entries(query).map(([name, { description, ...schema }]) => ({
        name,
        in: 'query',
        description,
        schema,
      })),
    ],
    ...(body === undefined ? {} : { requestBody: { content: contentOf(body) } }),
    responses: {
      ...Object.fromEntries(
        Object.entries(answers).map(([status, answer]) => [
          status,
          typeof answer === 'string'
            ? { description: answer }
            : {
                description: answer.description,
                content: { 'application/json': { schema: answer.schema } },
              },
        ]),
      ),
      '4XX': FAILURES,
    },
  };
}

function contentOf(body: NonNullable<Route['body']>): Record<string, unknown> {
  if (body === 'raw')
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
