// Which jobs' previews the clients of this process receive. Answers the queries of workers on other
// machines.
import type { Bus } from './bus.ts';

type JobPredicate = (job: { readonly clientId?: string }) => boolean;

export interface PreviewRequests {
  /** See `Queue.requestPreviews`. */
  add(includes: JobPredicate): void;
  /** Whether previews of a job are requested: of every job with a client before the first `add`. */
  readonly include: JobPredicate;
  close(): void;
}

export function createPreviewRequests(bus: Bus): PreviewRequests {
  const requests: JobPredicate[] = [];
  const include: JobPredicate = (job) =>
    requests.length === 0 ? job.clientId !== undefined : requests.some((includes) => includes(job));
  const unsubscribe = bus.subscribe((call) => {
    if (call.type === 'preview query' && requests.length > 0 && include(call))
      void bus.send({ type: 'preview answer', promptId: call.promptId });
  });
  return {
    add: (includes) => {
      requests.push(includes);
    },
    include,
    close: unsubscribe,
  };
}
