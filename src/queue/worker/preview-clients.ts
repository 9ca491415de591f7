// Whether a client of any server receives the previews of a job. While the job runs, the servers
// are queried over the bus at regular intervals.
import type { HeldJob } from '../jobs/job-types.ts';
import type { WorkerTools } from './worker-tools.ts';

const QUERY_MS = 3000;
/** An answer counts for this time, so that one late answer does not interrupt the previews. */
const ANSWER_VALID_MS = 2.5 * QUERY_MS;

export interface PreviewClients {
  arePresent(): boolean;
  close(): void;
}

export function watchPreviewClients(
  job: HeldJob,
  { bus, hasPreviewClient, isAlone }: Pick<WorkerTools, 'bus' | 'hasPreviewClient' | 'isAlone'>,
): PreviewClients {
  const { promptId, clientId } = job;
  if (isAlone || clientId === undefined)
    return { arePresent: () => hasPreviewClient(job), close: () => undefined };
  // previews are sent until the first answers are due
  let answeredAt = performance.now();
  const unsubscribe = bus.subscribe((call) => {
    if (call.type === 'preview answer' && call.promptId === promptId)
      answeredAt = performance.now();
  });
  const query = (): void => void bus.send({ type: 'preview query', promptId, clientId });
  query();
  const timer = setInterval(query, QUERY_MS);
  return {
    arePresent: () => performance.now() - answeredAt < ANSWER_VALID_MS,
    close: () => {
      clearInterval(timer);
      unsubscribe();
    },
  };
}
