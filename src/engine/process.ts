// The entry of the engine process: receives jobs from its parent (client.ts), one at a time.
import { systemMemory } from '../runtime/memory.ts';
import { startThread } from '../start-module.ts';
import { limitAllocations } from '../tensor/allocate.ts';
import { createJobRunner, type JobRunner } from './job-runner.ts';
import { createMemoryLimit } from './memory-limit.ts';
import { createPackGuard, NODE_TIMEOUT_MS, refuseExit } from './pack-guard.ts';
import type { FromEngine, ToEngine } from './protocol.ts';
import type { WatchdogData } from './watchdog.ts';

limitAllocations(createMemoryLimit(systemMemory));

const guard = createPackGuard();
let runner: JobRunner | undefined;
let { exit } = process;

const send = (message: FromEngine): void => {
  if (process.connected) process.send!(message);
};

process.on('message', (message: ToEngine) => {
  if (message.kind === 'open') {
    const { settings } = message;
    guard.setLimit(settings.nodeTimeoutMs ?? NODE_TIMEOUT_MS);
    if (settings.packs?.length) exit = refuseExit();
    runner = createJobRunner(settings, send, guard);
  }
  if (message.kind === 'job') void runner!.run(message.job);
  else if (message.kind === 'previews') runner!.enablePreviews(message.enabled);
  else if (message.kind === 'cancel') runner!.cancel();
});
// Ctrl-C reaches the whole process group; the parent decides what it means
process.on('SIGINT', () => undefined);
process.on('disconnect', () => exit(0));

const { pid, ppid: parentPid } = process;
const { memory } = guard;
startThread('./watchdog', import.meta.url, {
  pid,
  parentPid,
  memory,
} satisfies WatchdogData).unref();
