// What breaks: processes that are killed, stopped or paused, a database that dies, a disk that is
// full, a store that fails.
import { setTimeout as sleep } from 'node:timers/promises';
import type { World } from './client.ts';
import type { Incident } from './job-book.ts';
import type { ManagedProcess } from './managed-process.ts';
import { childrenOf } from './proc.ts';

interface Disturbance {
  readonly name: string;
  readonly incident: Incident['kind'];
  /** Returns false when there was nothing to disturb. */
  run(world: World): Promise<boolean>;
}

const MB = 2 ** 20;

const between = (random: () => number, from: number, to: number): number =>
  from + random() * (to - from);

const anyProcess = ({ place, random }: World): ManagedProcess => {
  const all = [place.server, ...place.workers];
  return all[Math.floor(random() * all.length)];
};

const restart =
  (how: 'kill' | 'stop') =>
  async (world: World): Promise<boolean> => {
    const target = anyProcess(world);
    if (target.state() !== 'up') return false;
    await target[how]();
    await sleep(between(world.random, 0, 2000));
    await target.start();
    return true;
  };

/** Those that end processes of Darkroom. */
export const DEATHS: readonly Disturbance[] = [
  { name: 'SIGKILL of a server or worker', incident: 'death', run: restart('kill') },
  { name: 'SIGTERM of a server or worker', incident: 'death', run: restart('stop') },
  {
    name: 'SIGKILL of an engine',
    incident: 'death',
    run: async (world) => {
      const target = anyProcess(world);
      const engine = target.engine();
      if (engine === undefined) return false;
      world.log.event(`SIGKILL of its engine ${engine}`, target.name);
      process.kill(engine, 'SIGKILL');
      return true;
    },
  },
];

/** Those that processes of Darkroom survive. */
export const HARDSHIPS: readonly Disturbance[] = [
  {
    name: 'pause of a server or worker',
    incident: 'pause',
    run: async (world) => {
      const long = world.random() < 0.15;
      await anyProcess(world).pause(long ? 20_000 : between(world.random, 300, 6000));
      return true;
    },
  },
  {
    name: 'pause of an engine',
    incident: 'pause',
    run: async (world) => {
      const engine = anyProcess(world).engine();
      if (engine === undefined) return false;
      try {
        process.kill(engine, 'SIGSTOP');
        await sleep(between(world.random, 300, 6000));
        process.kill(engine, 'SIGCONT');
      } catch {
        // it ended meanwhile
      }
      return true;
    },
  },
  {
    name: 'full disk',
    incident: 'disk',
    run: async ({ place, random, log }) => {
      const free = random() < 0.5 ? 0 : random() * 40 * MB;
      log.event(`the disk is full but for ${Math.round(free / MB)} MB`);
      try {
        await place.disk.fill(free);
      } catch {
        // others filled it at the same time
      }
      await sleep(between(random, 2000, 10_000));
      place.disk.makeRoom();
      log.event('the disk has room');
      return true;
    },
  },
  {
    name: 'SIGQUIT of the database',
    incident: 'database',
    run: async ({ place, random, log }) => {
      if (!place.postgres?.pid()) return false;
      log.event('SIGQUIT', 'database');
      await place.postgres.crash(between(random, 0, 6000));
      log.event('is back', 'database');
      return true;
    },
  },
  {
    name: 'SIGKILL of a database process',
    incident: 'database',
    run: async ({ place, random, log }) => {
      const backends = childrenOf(place.postgres?.pid() ?? 0);
      if (backends.length === 0) return false;
      log.event('SIGKILL of one of its processes', 'database');
      process.kill(backends[Math.floor(random() * backends.length)], 'SIGKILL');
      await sleep(3000);
      return true;
    },
  },
  {
    name: 'failures of the store',
    incident: 'store',
    run: async ({ place, random }) => {
      if (!place.s3) return false;
      place.s3.failures.push(...([503, 'cut', 'cut after', 500] as const).slice(random() * 4));
      await sleep(2000);
      return true;
    },
  },
];

const ATTEMPTS = 8;

/** Runs one of the disturbances that apply here. */
export async function disturb(world: World, list: readonly Disturbance[]): Promise<void> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const one = list[Math.floor(world.random() * list.length)];
    const over = world.book.begin(one.incident);
    const happened = await one.run(world);
    over(happened);
    if (!happened) continue;
    world.statistics.count(one.name);
    return;
  }
}
