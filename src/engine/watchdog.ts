// A thread of the engine process that kills the process once its parent has died. Network
// evaluation blocks the main thread for seconds, where it can't react to the end of its parent. It
// also ends the process when code of a pack gives no sign of life for too long (pack-guard.ts).
import { writeSync } from 'node:fs';
import { workerData } from 'node:worker_threads';
import { SIGNS, TIMEOUT_MARK } from './pack-guard.ts';

export interface WatchdogData {
  readonly pid: number;
  readonly parentPid: number;
  /** The numbers of SIGNS; none where no packs run. */
  readonly memory?: SharedArrayBuffer;
}

const INTERVAL_MS = 500;

const { pid, parentPid, memory } = workerData as WatchdogData;
const signs = memory && new Int32Array(memory);
let lastCount = -1;
let since = 0;

/** Whether code of a pack runs that has given no sign of life for the time that it may. */
function isStuck(shared: Int32Array): boolean {
  const count = Atomics.load(shared, SIGNS.count);
  const now = performance.now();
  if (count !== lastCount) since = now;
  lastCount = count;
  const isRunning = Atomics.load(shared, SIGNS.isRunning) === 1;
  return isRunning && now - since > Atomics.load(shared, SIGNS.limitMs);
}

setInterval(() => {
  if (process.ppid !== parentPid) process.kill(pid, 'SIGKILL');
  if (!signs || !isStuck(signs)) return;
  writeSync(2, `\n${TIMEOUT_MARK}\n`);
  process.kill(pid, 'SIGKILL');
}, INTERVAL_MS);
