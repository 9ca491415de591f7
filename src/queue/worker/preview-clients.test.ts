import { expect, it } from 'vitest';
import { type Call, openBus } from '../bus.ts';
import type { Database } from '../database/database.ts';
import type { HeldJob } from '../jobs/job-types.ts';
import { watchPreviewClients } from './preview-clients.ts';

const JOB = { promptId: 'p', clientId: 'me' } as HeldJob;

function watch(job: HeldJob, isAlone: boolean) {
  const bus = openBus({} as Database, () => undefined);
  const calls: Call[] = [];
  bus.subscribe((call) => calls.push(call));
  const hasPreviewClient = ({ clientId }: { clientId?: string }) => clientId === 'me';
  return { clients: watchPreviewClients(job, { bus, hasPreviewClient, isAlone }), calls };
}

it('a single process reads its own clients', () => {
  const { clients, calls } = watch(JOB, true);
  expect(clients.arePresent()).toBe(true);
  expect(calls).toEqual([]);
  expect(watch({ ...JOB, clientId: 'another' }, true).clients.arePresent()).toBe(false);
});

it('a job without a client has none', () => {
  const { clients, calls } = watch({ ...JOB, clientId: undefined }, false);
  expect(clients.arePresent()).toBe(false);
  expect(calls).toEqual([]);
});

it('other processes are queried, and previews are sent until their answers are due', () => {
  const { clients, calls } = watch(JOB, false);
  expect(calls).toEqual([{ type: 'preview query', promptId: 'p', clientId: 'me' }]);
  expect(clients.arePresent()).toBe(true);
  clients.close();
});
