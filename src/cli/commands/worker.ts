// darkroom worker: takes jobs of a server's queue, on this machine or another.
import { once } from 'node:events';
import { DarkroomError } from '../../errors.ts';
import type { QueueEvent } from '../../queue/contract.ts';
import type { Invocation } from '../command.ts';
import { darkroomOptions, FINISH_SECONDS, wholeNumber } from '../options.ts';
import { openServerFolders } from '../server-folders.ts';
import type { Terminal } from '../terminal.ts';

/** Runs the command; gives the exit code, or throws what is to be reported. */
export async function workerCommand({ values, terminal, nodes }: Invocation): Promise<number> {
  const { database } = values;
  if (database === undefined || !/^postgres(ql)?:\/\//.test(database))
    throw new DarkroomError('DR_BAD_USAGE', {
      message:
        database === undefined
          ? 'worker needs --database'
          : `a worker can't share the database ${database}`,
      hint: 'Give the address that the server has: --database postgres://user:password@host/name',
    });
  const options = darkroomOptions(values);
  const { folders, storage } = await openServerFolders(values);
  const { models, input, output, temp } = folders;
  const finishMs = 1000 * (wholeNumber(values, 'finish', 0, 86_400) ?? FINISH_SECONDS);
  // its database takes longer to load than all other commands
  const { openQueue } = await import('../../queue/queue.ts');
  const queue = await openQueue({
    database,
    retries: wholeNumber(values, 'retries', 0, 100),
    onProblem: (message, error) =>
      terminal.err(`${message}: ${error instanceof Error ? error.message : String(error)}\n`),
  });
  const worker = queue.startWorker({
    engine: {
      ...{ models, input, output, temp, storage: storage.location },
      device: options.device ?? 'auto',
      threads: options.threads,
      precision: options.precision,
      cacheWeights: options.cacheWeights,
      cache: options.cache,
      cacheSize: options.cacheSize,
      nodesModule: nodes?.module,
    },
  });
  if (!values.quiet) {
    terminal.err('waiting for jobs\n');
    queue.subscribe(teller(terminal, worker.currentJob));
  }
  const stop = new AbortController();
  const onSignal = (): void => stop.abort();
  for (const signal of SIGNALS) process.on(signal, onSignal);
  await once(stop.signal, 'abort');
  for (const signal of SIGNALS) process.off(signal, onSignal);
  if (worker.currentJob() !== undefined && finishMs > 0)
    terminal.err('stopping after this job; again to give it back at once\n');
  const hurry = (): void => void worker.close({ finishMs: 0 });
  for (const signal of SIGNALS) process.once(signal, hurry);
  await worker.close({ finishMs });
  await queue.close();
  return 0;
}

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/** Lines for the jobs that run here. */
function teller(
  terminal: Terminal,
  current: () => string | undefined,
): (event: QueueEvent) => void {
  const mine = new Set<string>();
  return (event) => {
    if (
      event.type === 'message' &&
      event.event === 'execution_start' &&
      event.promptId === current()
    ) {
      mine.add(event.promptId);
      terminal.err(`${event.promptId} runs\n`);
    }
    if (event.type === 'ended' && mine.delete(event.promptId))
      terminal.err(`${event.promptId} has ended: ${event.state}\n`);
  };
}
