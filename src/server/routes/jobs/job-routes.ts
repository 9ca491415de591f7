// /jobs/{prompt_id}: the state of a job, also while it waits and after a restart. Darkroom's own.
import { parseJson } from '../../../formats/parse-json.ts';
import type { JobStatus } from '../../../queue/contract.ts';
import type { JobResponse } from '../../api-types.ts';
import { empty, json } from '../../http/responses.ts';
import { isId, type Route } from '../../http/route.ts';
import type { ServerContext } from '../../server-context.ts';

const job = {
  type: 'object',
  properties: {
    prompt_id: { type: 'string' },
    number: { type: 'number' },
    client_id: { type: ['string', 'null'] },
    state: { enum: ['pending', 'running', 'success', 'error', 'interrupted', 'removed'] },
    before: { type: 'integer', description: 'The number of jobs that run before it.' },
    attempts: { type: 'integer' },
    created_at: { type: 'string' },
    started_at: { type: ['string', 'null'] },
    ended_at: { type: ['string', 'null'] },
    error: { description: 'The error of a job that failed: code, message, hint, nodeId …' },
  },
} as const;

export const jobRoutes = ({ queue }: ServerContext): Route[] => [
  {
    method: 'GET',
    path: '/jobs/{prompt_id}',
    summary: 'The state of a job.',
    responses: {
      200: { description: 'The state.', schema: job },
      404: 'Unknown, or deleted from the history.',
    },
    handle: async ({ params }) => {
      const id = params['prompt_id'];
      const status = isId(id) ? await (await queue()).status(id) : undefined;
      return status ? json(jobResponse(status)) : empty(404);
    },
  },
];

const jobResponse = (status: JobStatus): JobResponse => ({
  prompt_id: status.promptId,
  number: status.number,
  client_id: status.clientId ?? null,
  state: status.state,
  before: status.jobsAhead,
  attempts: status.attempts,
  created_at: status.createdAt.toISOString(),
  started_at: status.startedAt?.toISOString() ?? null,
  ended_at: status.endedAt?.toISOString() ?? null,
  error: status.error === undefined ? null : parseJson(status.error),
});
