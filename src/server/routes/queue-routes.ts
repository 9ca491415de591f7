// /queue, /interrupt, /free: what runs and waits.
import { isJsonObject, parseJson } from '../../formats/json.ts';
import type { QueuedJob } from '../../queue/contract.ts';
import { toBool } from '../../workflow/validate/python-values.ts';
import { empty, jsonText } from '../http/answers.ts';
import { idsOf, isId, objectBody, type Route } from '../http/route.ts';
import type { Parts } from '../services.ts';

const items = {
  type: 'array',
  items: {
    type: 'array',
    description: '[number, prompt_id, prompt, extra_data, outputs_to_execute]',
  },
} as const;
export const removal = {
  type: 'object',
  properties: { clear: { type: 'boolean' }, delete: { type: 'array', items: { type: 'string' } } },
} as const;

export const queueRoutes = (parts: Parts): Route[] => [
  {
    method: 'GET',
    path: '/queue',
    summary: 'Jobs that run and wait.',
    answers: {
      200: {
        description: 'Both lists.',
        schema: { type: 'object', properties: { queue_running: items, queue_pending: items } },
      },
    },
    handle: async () => {
      const { running, pending } = await (await parts.queue()).list();
      return jsonText(`{"queue_running": ${listOf(running)}, "queue_pending": ${listOf(pending)}}`);
    },
  },
  {
    method: 'POST',
    path: '/queue',
    summary: 'Takes waiting jobs out: all, or some.',
    body: removal,
    answers: { 200: 'Done; unknown and running ones are left alone.' },
    handle: async (call) => {
      const body = objectBody(call);
      const queue = await parts.queue();
      if (Object.hasOwn(body, 'clear') && toBool(body['clear'])) await queue.clear();
      const ids = idsOf(body['delete']);
      if (ids.length > 0) await queue.remove(ids);
      return empty();
    },
  },
  {
    method: 'POST',
    path: '/interrupt',
    summary: 'Stops the running job, or the one of an id if it is running.',
    body: { type: 'object', properties: { prompt_id: { type: 'string' } } },
    answers: { 200: 'Always.' },
    handle: async ({ bytes }) => {
      const id = promptIdIn(bytes);
      if (id === undefined || isId(id)) await (await parts.queue()).interrupt(id);
      return empty();
    },
  },
  {
    method: 'POST',
    path: '/free',
    summary: 'Forgets networks and results after the running job.',
    body: {
      type: 'object',
      properties: { unload_models: { type: 'boolean' }, free_memory: { type: 'boolean' } },
    },
    answers: { 200: 'Always.' },
    handle: async (call) => {
      const body = objectBody(call);
      const wanted = ['unload_models', 'free_memory'].some(
        (name) => Object.hasOwn(body, name) && toBool(body[name]),
      );
      if (wanted) await (await parts.queue()).free();
      return empty();
    },
  },
];

const listOf = (jobs: readonly QueuedJob[]): string =>
  `[${jobs.map(({ json }) => json).join(', ')}]`;

/** A body that is no JSON names nothing. */
function promptIdIn(bytes: Uint8Array): string | undefined {
  try {
    const body = parseJson(Buffer.from(bytes).toString('utf8'));
    const id = isJsonObject(body) ? body['prompt_id'] : undefined;
    return typeof id === 'string' && id !== '' ? id : undefined;
  } catch {
    return undefined;
  }
}
