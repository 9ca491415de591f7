// /history: jobs that have ended, with what they made.

import { dumpsJson } from '../../formats/json.ts';
import type { HistoryEntry } from '../../queue/contract.ts';
import { toBool } from '../../workflow/validate/python-values.ts';
import { empty, jsonText } from '../http/answers.ts';
import { idsOf, integerQuery, isId, objectBody, type Route } from '../http/route.ts';
import type { Parts } from '../services.ts';
import { removal } from './queue-routes.ts';

const entries = {
  type: 'object',
  additionalProperties: {
    type: 'object',
    properties: {
      prompt: { type: 'array' },
      outputs: { type: 'object' },
      meta: { type: 'object' },
      status: { type: 'object' },
    },
  },
} as const;

export const historyRoutes = (parts: Parts): Route[] => [
  {
    method: 'GET',
    path: '/history',
    summary: 'Ended jobs by id, oldest first.',
    query: {
      max_items: { type: 'integer', description: 'How many; without an offset, the last ones.' },
      offset: { type: 'integer', description: 'Counts from the oldest.' },
    },
    answers: { 200: { description: 'The history.', schema: entries }, 500: 'A number is none.' },
    handle: async (call) => {
      const maxItems = integerQuery(call, 'max_items');
      const offset = integerQuery(call, 'offset') ?? -1;
      if (maxItems !== undefined && maxItems <= 0) return jsonText('{}');
      const found = await (await parts.queue()).history.list({
        maxItems,
        offset: offset < 0 ? undefined : offset,
      });
      return jsonText(objectText(found));
    },
  },
  {
    method: 'GET',
    path: '/history/{prompt_id}',
    summary: 'One ended job.',
    answers: {
      200: { description: '`{}` for a job that has not ended, or is unknown.', schema: entries },
    },
    handle: async ({ params }) => {
      const id = params['prompt_id'];
      const found = isId(id) ? await (await parts.queue()).history.get(id) : undefined;
      return jsonText(objectText(found ? [found] : []));
    },
  },
  {
    method: 'POST',
    path: '/history',
    summary: 'Forgets ended jobs: all, or some.',
    body: removal,
    answers: { 200: 'Done.' },
    handle: async (call) => {
      const body = objectBody(call);
      const { history } = await parts.queue();
      if (Object.hasOwn(body, 'clear') && toBool(body['clear'])) await history.clear();
      const ids = idsOf(body['delete']);
      if (ids.length > 0) await history.delete(ids);
      return empty();
    },
  },
];

const objectText = (found: readonly HistoryEntry[]): string =>
  `{${found.map(({ promptId, json }) => `${dumpsJson(promptId)}: ${json}`).join(', ')}}`;
