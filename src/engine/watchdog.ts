// A thread of the engine process that kills the process once its parent has died. Network
// evaluation blocks the main thread for seconds, where it can't react to the end of its parent.
import { workerData } from 'node:worker_threads';

export interface WatchdogData {
  readonly pid: number;
  readonly parentPid: number;
}

const INTERVAL_MS = 500;

const { pid, parentPid } = workerData as WatchdogData;
setInterval(() => {
  if (process.ppid !== parentPid) process.kill(pid, 'SIGKILL');
}, INTERVAL_MS);
