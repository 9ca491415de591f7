// darkroom worker: runs jobs of a server's queue, on the same machine or another.

import { maskError, maskUrl } from '../../mask-secrets.ts';
import type { QueueEvent } from '../../queue/contract.ts';
import { badUsage } from '../bad-usage.ts';
import type { Invocation } from '../command.ts';
import { deferred } from '../deferred.ts';
import { packsOf } from '../node-packs.ts';
import { FINISH_SECONDS, wholeNumber } from '../options.ts';
import { openServerFolders, workerEngine } from '../server-folders.ts';
import { onStopSignals } from '../stop-signals.ts';
import type { Terminal } from '../terminal.ts';

const SECONDS_PER_DAY = 86_400;

/** Works until it is stopped by a signal. Throws DR_BAD_USAGE, DR_DATABASE. */
export async function workerCommand({ values, terminal, nodes }: Invocation): Promise<number> {
  const { database } = values;
  if (database === undefined || !/^postgres(ql)?:\/\//i.test(database))
    throw badUsage(
      database === undefined
        ? 'worker needs --database'
        : `a worker can't use the database ${maskUrl(database)}, which only one process can open`,
      "Give the server's database: --database postgres://user:password@host/name",
    );
  const { sources, problems } = packsOf(values);
  for (const { message } of problems) terminal.err(`${message}\n`);
  const engine = workerEngine(values, await openServerFolders(values));
  const finishMs = 1000 * (wholeNumber(values, 'finish', 0, SECONDS_PER_DAY) ?? FINISH_SECONDS);
  // the database takes longer to load than everything else
  const { openQueue } = await import('../../queue/queue.ts');
  const queue = await openQueue({
    database,
    retries: wholeNumber(values, 'retries', 0, 100),
    callsWebhooks: false,
    onProblem: (message, error) => terminal.err(`${message}: ${maskError(error).message}\n`),
  });
  const worker = queue.startWorker({
    engine: { ...engine, nodesModule: nodes?.module, packs: sources },
  });
  if (!values.quiet) {
    terminal.err('waiting for jobs\n');
    queue.subscribe(jobLines(terminal, worker.currentJob));
  }
  const stop = deferred<void>();
  const release = onStopSignals((count) => {
    if (count === 1) stop.resolve();
    else void worker.close({ finishMs: 0 });
  });
  await stop.promise;
  if (worker.currentJob() !== undefined && finishMs > 0)
    terminal.err('stopping after this job; press Ctrl-C again to return it to the queue now\n');
  await worker.close({ finishMs });
  await queue.close();
  release();
  return 0;
}

/** Prints the start and the end of the jobs that run here. */
function jobLines(
  terminal: Terminal,
  currentJob: () => string | undefined,
): (event: QueueEvent) => void {
  const started = new Set<string>();
  return (event) => {
    if (
      event.type === 'message' &&
      event.event === 'execution_start' &&
      event.promptId === currentJob()
    ) {
      started.add(event.promptId);
      terminal.err(`${event.promptId} started\n`);
    }
    if (event.type === 'ended' && started.delete(event.promptId))
      terminal.err(`${event.promptId} ended: ${event.state}\n`);
  };
}
