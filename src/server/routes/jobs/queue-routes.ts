// /queue, /interrupt, /free: running and waiting jobs.
import { isJsonObject } from '../../../formats/json.ts';
import { parseJson } from '../../../formats/parse-json.ts';
import type { QueuedJob } from '../../../queue/contract.ts';
import { toBool } from '../../../workflow/validate/python-values.ts';
import { empty, joined, jsonParts } from '../../http/responses.ts';
import { idsOf, isId, objectBody, type Route } from '../../http/route.ts';
import type { ServerContext } from '../../server-context.ts';

const items = {
  type: 'array',
  items: {
    type: 'array',
    description: '[number, prompt_id, prompt, extra_data, outputs_to_execute]',
  },
} as const;
/** The body of POST /queue and POST /history. */
export const removalBody = {
  type: 'object',
  properties: { clear: { type: 'boolean' }, delete: { type: 'array', items: { type: 'string' } } },
} as const;

export const queueRoutes = (context: ServerContext): Route[] => [
  listRoute(context),
  removeRoute(context),
  interruptRoute(context),
  freeRoute(context),
];

const listRoute = ({ queue }: ServerContext): Route => ({
  method: 'GET',
  path: '/queue',
  summary: 'Running and waiting jobs.',
  responses: {
    200: {
      description: 'Both lists.',
      schema: { type: 'object', properties: { queue_running: items, queue_pending: items } },
    },
  },
  handle: async () => {
    return jsonParts(queueText(await (await queue()).list()));
  },
});

const removeRoute = ({ queue }: ServerContext): Route => ({
  method: 'POST',
  path: '/queue',
  summary: 'Removes all waiting jobs, or some.',
  body: removalBody,
  responses: { 200: 'Done. Unknown and running jobs are left alone.' },
  handle: async (request) => {
    const body = objectBody(request);
    const opened = await queue();
    if (Object.hasOwn(body, 'clear') && toBool(body['clear'])) await opened.clear();
    const ids = idsOf(body['delete']);
    if (ids.length > 0) await opened.remove(ids);
    return empty();
  },
});

const interruptRoute = ({ queue }: ServerContext): Route => ({
  method: 'POST',
  path: '/interrupt',
  summary: 'Stops the running job, or the job of an id if it is running.',
  body: { type: 'object', properties: { prompt_id: { type: 'string' } } },
  responses: { 200: 'Always.' },
  handle: async ({ bytes }) => {
    const id = promptIdIn(bytes);
    if (id === undefined || isId(id)) await (await queue()).interrupt(id);
    return empty();
  },
});

const freeRoute = ({ queue }: ServerContext): Route => ({
  method: 'POST',
  path: '/free',
  summary: 'Releases models and cached results after the running job.',
  body: {
    type: 'object',
    properties: { unload_models: { type: 'boolean' }, free_memory: { type: 'boolean' } },
  },
  responses: { 200: 'Always.' },
  handle: async (request) => {
    const body = objectBody(request);
    const isSet = (name: string): boolean => Object.hasOwn(body, name) && toBool(body[name]);
    if (isSet('unload_models') || isSet('free_memory')) await (await queue()).free();
    return empty();
  },
});

type Jobs = AsyncIterable<QueuedJob>;

/** The JSON object of the lists, in parts. */
async function* queueText(lists: { running: Jobs; pending: Jobs }): AsyncGenerator<string> {
  const texts = async function* (jobs: Jobs) {
    for await (const { json } of jobs) yield json;
  };
  yield '{"queue_running": [';
  yield* joined(texts(lists.running));
  yield '], "queue_pending": [';
  yield* joined(texts(lists.pending));
  yield ']}';
}

/** The `prompt_id` of a body; undefined for a body that has none or is not JSON. */
function promptIdIn(bytes: Uint8Array): string | undefined {
  try {
    const body = parseJson(Buffer.from(bytes).toString('utf8'));
    const id = isJsonObject(body) ? body['prompt_id'] : undefined;
    return typeof id === 'string' && id !== '' ? id : undefined;
  } catch {
    return undefined;
  }
}
