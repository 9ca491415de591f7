import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { startThread } from '../start-module.ts';
import type { WatchdogData } from './watchdog.ts';

const startWatchdog = (data: WatchdogData) => startThread('./watchdog', import.meta.url, data);

it('kills the process once the parent is another one', async () => {
  const guarded = spawn(process.execPath, ['-e', 'setInterval(() => 0, 1000)']);
  const current = startWatchdog({ pid: guarded.pid!, parentPid: process.ppid });
  await sleep(1200);
  expect(guarded.exitCode).toBe(null);
  expect(guarded.signalCode).toBe(null);
  await current.terminate();

  const former = startWatchdog({ pid: guarded.pid!, parentPid: process.ppid + 1 });
  expect(await once(guarded, 'exit')).toEqual([null, 'SIGKILL']);
  await former.terminate();
});
