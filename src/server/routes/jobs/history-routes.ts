// /history: jobs that have ended, with their outputs.
import { dumpsJson } from '../../../formats/dumps-json.ts';
import type { HistoryEntry } from '../../../queue/contract.ts';
import { toBool } from '../../../workflow/validate/python-values.ts';
import { empty, joined, jsonParts, jsonText } from '../../http/responses.ts';
import { idsOf, integerQuery, isId, objectBody, type Route } from '../../http/route.ts';
import type { ServerContext } from '../../server-context.ts';
import { removalBody } from './queue-routes.ts';

const entriesById = {
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

export const historyRoutes = ({ queue }: ServerContext): Route[] => [
  {
    method: 'GET',
    path: '/history',
    summary: 'Ended jobs by id, oldest first.',
    query: {
      max_items: {
        type: 'integer',
        description: 'The number of jobs; without an offset, the last ones.',
      },
      offset: { type: 'integer', description: 'The first job, counted from the oldest.' },
    },
    responses: {
      200: { description: 'The history.', schema: entriesById },
      500: 'A parameter is not a number.',
    },
    handle: async (request) => {
      const maxItems = integerQuery(request, 'max_items');
      const offset = integerQuery(request, 'offset') ?? -1;
      if (maxItems !== undefined && maxItems <= 0) return jsonText('{}');
      const { history } = await queue();
      const entries = await history.list({ maxItems, offset: offset < 0 ? undefined : offset });
      return jsonParts(entriesText(entries));
    },
  },
  {
    method: 'GET',
    path: '/history/{prompt_id}',
    summary: 'One ended job.',
    responses: {
      200: {
        description: '`{}` for a job that is unknown or has not ended.',
        schema: entriesById,
      },
    },
    handle: async ({ params }) => {
      const id = params['prompt_id'];
      const entry = isId(id) ? await (await queue()).history.get(id) : undefined;
      return jsonText(entry ? `{${entryText(entry)}}` : '{}');
    },
  },
  {
    method: 'POST',
    path: '/history',
    summary: 'Deletes all ended jobs from the history, or some.',
    body: removalBody,
    responses: { 200: 'Deleted.' },
    handle: async (request) => {
      const body = objectBody(request);
      const { history } = await queue();
      if (Object.hasOwn(body, 'clear') && toBool(body['clear'])) await history.clear();
      const ids = idsOf(body['delete']);
      if (ids.length > 0) await history.delete(ids);
      return empty();
    },
  },
];

const entryText = ({ promptId, json }: HistoryEntry): string => `${dumpsJson(promptId)}: ${json}`;

/** The JSON object of the entries, in parts. */
async function* entriesText(entries: AsyncIterable<HistoryEntry>): AsyncGenerator<string> {
  const texts = async function* () {
    for await (const entry of entries) yield entryText(entry);
  };
  yield '{';
  yield* joined(texts());
  yield '}';
}
