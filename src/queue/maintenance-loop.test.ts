import { expect, it } from 'vitest';
import { startMaintenance } from './maintenance-loop.ts';

function start(maintain: () => Promise<boolean>) {
  const log: string[] = [];
  const maintenance = startMaintenance({
    jobs: { maintain, time: async () => 0 },
    bus: { send: async ({ type }) => void log.push(`call: ${type}`) },
    leaseSeconds: 1000,
    historyLimit: 10,
    held: new Set(),
    onProblem: (message) => log.push(`problem: ${message}`),
    announceCounts: async () => void log.push('counts'),
  });
  return { log, maintenance };
}

it('wakes the workers when jobs have become due', async () => {
  const { log, maintenance } = start(async () => true);
  await maintenance.close();
  expect(log).toEqual(['call: wake', 'counts']);
});

it('announces nothing otherwise', async () => {
  const { log, maintenance } = start(async () => false);
  await maintenance.close();
  expect(log).toEqual([]);
});

it('reports a failure and goes on', async () => {
  const { log, maintenance } = start(() => Promise.reject(new Error('no database')));
  await maintenance.close();
  expect(log).toEqual(['problem: the maintenance of the queue failed']);
});
