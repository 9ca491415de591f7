// The entry of the engine process: receives jobs from its parent (client.ts), one at a time.
import { systemMemory } from '../runtime/memory.ts';
import { startThread } from '../start-module.ts';
import { limitAllocations } from '../tensor/allocate.ts';
import { createJobRunner, type JobRunner } from './job-runner.ts';
import { createMemoryLimit } from './memory-limit.ts';
import type { FromEngine, ToEngine } from './protocol.ts';
import type { WatchdogData } from './watchdog.ts';

limitAllocations(createMemoryLimit(systemMemory));

let runner: JobRunner | undefined;

const send = (message: FromEngine): void => {
  if (process.connected) process.send!(message);
};

process.on('message', (message: ToEngine) => {
  if (message.kind === 'open') runner = createJobRunner(message.settings, send);
  else if (message.kind === 'job') void runner!.run(message.job);
  else if (message.kind === 'previews') runner!.enablePreviews(message.enabled);
  else runner!.cancel();
});
// Ctrl-C reaches the whole process group; the parent decides what it means
process.on('SIGINT', () => undefined);
process.on('disconnect', () => process.exit(0));

const { pid, ppid: parentPid } = process;
startThread('./watchdog', import.meta.url, { pid, parentPid } satisfies WatchdogData).unref();
