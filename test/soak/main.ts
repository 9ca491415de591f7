// npm run soak: clients, kills, full disks and hostile requests for some time, then the check
// that every accepted job ended once. Linux only.
import { existsSync } from 'node:fs';
import { setPriority } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { seeded } from '../support/seeded.ts';
import { createAudit } from './audit.ts';
import { runClient, uploadAll, type World } from './client.ts';
import { DEATHS, disturb, HARDSHIPS } from './disturbances.ts';
import { createEventLog } from './event-log.ts';
import { startFootprint } from './footprint.ts';
import { runHostileClient } from './hostile-client.ts';
import { createInstallation, type Installation } from './installation.ts';
import { createJobBook } from './job-book.ts';
import { readOptions, type SoakOptions, USAGE } from './options.ts';
import { startProbe } from './probe.ts';
import { processorSeconds } from './proc.ts';
import { checkQuiet } from './quiet.ts';
import { createStatistics } from './statistics.ts';
import { summarise } from './summary.ts';
import { startWebhookReceiver } from './webhook-receiver.ts';

const NICE = 10;
const CLIENTS = 4;
const HOSTILE_CLIENTS = 1;
const MINUTE_MS = 60_000;
const WARM_UP_MS = 15_000;
/** A cycle is a storm, in which processes die, and a longer part in which they live. */
const CYCLE_MS = 20 * MINUTE_MS;
const STORM_SHARE = 0.4;
/** The longest time between two disturbances of a kind. */
const MAX_CALM_MS = 20_000;

const options = parseOptions();
setPriority(0, NICE);
const log = createEventLog(options.log);
console.log(`soak: ${JSON.stringify(options)}`);
log.event(JSON.stringify(options));
const interrupted = watchInterrupt();
const book = createJobBook();
const place = await createInstallation(options, log, book);
process.on('exit', () => {
  for (const one of [place.server, ...place.workers]) one.abandon();
});
try {
  await soak(place, options);
} finally {
  await place.remove();
}
process.exit(log.violations.length > 0 ? 1 : 0);

function parseOptions(): SoakOptions {
  try {
    if (!existsSync('/proc/self/fd')) throw new Error('the soak needs Linux');
    return readOptions(process.argv.slice(2));
  } catch (error) {
    console.error(`${(error as Error).message}\n${USAGE}`);
    process.exit(2);
  }
}

/** The first Ctrl-C ends the run early, with its checks; the second ends it at once. */
function watchInterrupt(): { readonly now: boolean } {
  const state = { now: false };
  process.on('SIGINT', () => {
    if (state.now) process.exit(130);
    state.now = true;
    console.log('stopping: the last checks follow; press Ctrl-C again to end at once');
  });
  return state;
}

async function soak(place: Installation, { minutes, seed, kills }: SoakOptions): Promise<void> {
  const started = performance.now();
  const end = started + minutes * MINUTE_MS;
  const random = seeded(seed);
  const webhooks = await startWebhookReceiver(book, log);
  const state = { busy: false, stopped: false };
  const world: World = {
    ...{ place, book, log, webhooks, random },
    statistics: createStatistics(),
    busy: () => state.busy,
    stopped: () => state.stopped,
  };
  const processes = [place.server, ...place.workers];
  await Promise.all(processes.map((one) => one.start()));
  await uploadAll(world);
  const audit = createAudit(place, book, log);
  const footprint = startFootprint(world);
  const probe = startProbe(world);
  const clients = startClients(world);

  /** Runs the clients for some time, with disturbances; then waits until all is quiet. */
  const phase = async (ms: number, lists: readonly (typeof DEATHS)[]): Promise<void> => {
    const until = Math.min(end, performance.now() + ms);
    const goesOn = (): boolean => performance.now() < until && !interrupted.now;
    state.busy = true;
    const disturbing = lists.map(async (list) => {
      while (goesOn()) {
        await sleep(2000 + random() * MAX_CALM_MS);
        if (goesOn()) await disturb(world, list);
      }
    });
    while (goesOn()) {
      await audit.pass();
      await sleep(1000);
    }
    await Promise.all(disturbing);
    state.busy = false;
    await Promise.all(processes.map((one) => one.whenUp()));
    await checkQuiet(world, audit, footprint);
  };
  const progress = setInterval(() => printProgress(world, started), MINUTE_MS);

  await phase(WARM_UP_MS, []);
  const cycleMs = Math.min(CYCLE_MS, end - performance.now());
  while (performance.now() < end && !interrupted.now) {
    if (kills) {
      log.event('storm: processes are killed');
      await phase(cycleMs * STORM_SHARE, [DEATHS, HARDSHIPS]);
    }
    log.event('processes live on');
    await phase(cycleMs * (1 - STORM_SHARE), [HARDSHIPS]);
  }
  clearInterval(progress);
  footprint.checkGrowth();
  state.stopped = true;
  await Promise.all([...clients, probe.done, footprint.done]);
  await Promise.all(processes.map((one) => one.stop()));
  await webhooks.close();
  const seconds = (performance.now() - started) / 1000;
  console.log(summarise(world, probe, footprint, processorSeconds(process.pid) / seconds));
  console.log(`${log.violations.length} violations; the events are in ${options.log}`);
}

function startClients(world: World): Promise<void>[] {
  return [
    ...Array.from({ length: CLIENTS }, (_, i) => runClient(world, `client-${i}`)),
    ...Array.from({ length: HOSTILE_CLIENTS }, () => runHostileClient(world)),
  ];
}

function printProgress({ book, log }: World, started: number): void {
  const jobs = [...book.jobs.values(), ...book.archived.values()];
  const ended = jobs.filter(({ end }) => end !== undefined).length;
  const minutes = Math.round((performance.now() - started) / MINUTE_MS);
  console.log(
    `${minutes} min: ${jobs.length} jobs sent, ${ended} ended, ` +
      `${log.violations.length} violations`,
  );
}
