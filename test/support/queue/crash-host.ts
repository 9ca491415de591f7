// A process that crash tests kill: a queue with a worker, controlled by messages.
import type {
  AcceptedJob,
  EndState,
  HistoryEntry,
  JobStatus,
  NewJob,
} from '../../../src/queue/contract.ts';
import { openQueue } from '../../../src/queue/queue.ts';
import { listHistory, testEngine } from './queue.ts';

export type ToHost =
  | { readonly id: number; readonly ask: 'add'; readonly job: NewJob }
  | { readonly id: number; readonly ask: 'engine' | 'remaining' | 'history' | 'close' }
  | { readonly id: number; readonly ask: 'job'; readonly promptId: string };

export interface Answers {
  readonly add: AcceptedJob;
  readonly engine: number | undefined;
  readonly remaining: number;
  readonly history: readonly HistoryEntry[];
  readonly job: JobStatus | undefined;
  readonly close: undefined;
}

export type FromHost =
  | { readonly ready: true }
  | { readonly ended: string; readonly state: EndState }
  | { readonly id: number; readonly answer: unknown; readonly error?: string };

const [database, folder, leaseSeconds] = process.argv.slice(2);
const queue = await openQueue({
  database,
  leaseSeconds: Number(leaseSeconds),
  onProblem: (message, error) => console.error(message, error),
});
const worker = queue.startWorker({ engine: testEngine(folder) });
const send = (message: FromHost): void => {
  process.send!(message);
};
queue.subscribe((event) => {
  if (event.type === 'ended') send({ ended: event.promptId, state: event.state });
});

const answer = async (message: ToHost): Promise<unknown> => {
  switch (message.ask) {
    case 'add':
      return queue.add(message.job);
    case 'engine':
      return worker.enginePid();
    case 'remaining':
      return (await queue.counts()).remaining;
    case 'history':
      return listHistory(queue);
    case 'job':
      return queue.status(message.promptId);
    case 'close':
      return queue.close();
  }
};
process.on('message', (message: ToHost) => {
  answer(message).then(
    (result) => {
      send({ id: message.id, answer: result });
      if (message.ask === 'close') process.disconnect();
    },
    (error) => send({ id: message.id, answer: undefined, error: String(error) }),
  );
});
send({ ready: true });
