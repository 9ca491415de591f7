// Memory and open files of the processes, over their lives.
import { setTimeout as sleep } from 'node:timers/promises';
import type { World } from './client.ts';
import { openFiles, residentMegabytes } from './proc.ts';

interface Sample {
  readonly minutes: number;
  readonly megabytes: number;
}

export interface Life {
  readonly name: string;
  readonly pid: number;
  readonly samples: Sample[];
  /** Open files when everything was quiet, at the first time and the last. */
  files?: { readonly first: number; last: number };
}

export interface Growth {
  readonly minutes: number;
  readonly first: number;
  readonly last: number;
  /** Of the regression line over the last two thirds of the life. */
  readonly perHour: number;
  readonly total: number;
}

export interface Footprint {
  readonly lives: ReadonlyMap<number, Life>;
  readonly done: Promise<void>;
  /** Counts open files when everything is quiet, and compares them with the first count. */
  countFiles(): void;
  /** Checks the growth of all processes that lived long enough. */
  checkGrowth(): void;
}

const INTERVAL_MS = 5000;
/** Younger processes are still warming up. */
const LONG_LIFE_MINUTES = 8;
const MAX_GROWTH_MB = 64;
const MAX_GROWTH_SHARE = 0.25;
/** Connections of pools come and go. */
const FILES_TOLERANCE = 8;

/** The processes of Darkroom that run now. */
const processes = ({ place }: World): { name: string; pid: number }[] =>
  [place.server, ...place.workers].flatMap((one) => {
    const [pid, engine] = [one.pid(), one.engine()];
    return [
      ...(pid === undefined ? [] : [{ name: one.name, pid }]),
      ...(engine === undefined ? [] : [{ name: `engine of ${one.name}`, pid: engine }]),
    ];
  });

export function startFootprint(world: World): Footprint {
  const { log, stopped } = world;
  const started = performance.now();
  const lives = new Map<number, Life>();
  const lifeOf = (name: string, pid: number): Life => {
    const life = lives.get(pid) ?? { name, pid, samples: [] };
    lives.set(pid, life);
    return life;
  };
  const sample = (): void => {
    for (const { name, pid } of processes(world)) {
      const megabytes = residentMegabytes(pid);
      if (megabytes === undefined) continue;
      const minutes = (performance.now() - started) / 60_000;
      lifeOf(name, pid).samples.push({ minutes, megabytes });
    }
  };
  const run = async (): Promise<void> => {
    while (!stopped()) {
      sample();
      await sleep(INTERVAL_MS);
    }
  };
  return {
    lives,
    done: run(),
    countFiles: () => {
      for (const { name, pid } of processes(world)) {
        const files = openFiles(pid);
        const life = lifeOf(name, pid);
        life.files = { first: life.files?.first ?? files.length, last: files.length };
        log.event(`${files.length} open files`, name);
        if (files.length > life.files.first + FILES_TOLERANCE)
          log.violation(
            `${files.length} open files, ${life.files.first} before: ${summary(files)}`,
            name,
          );
        const deleted = files.filter((file) => file.endsWith('(deleted)'));
        if (deleted.length > FILES_TOLERANCE)
          log.violation(`holds deleted files: ${deleted.slice(0, 5).join(', ')}`, name);
      }
    },
    checkGrowth: () => {
      for (const life of lives.values()) {
        const growth = growthOf(life);
        if (!growth || growth.minutes < LONG_LIFE_MINUTES) continue;
        if (growth.total > Math.max(MAX_GROWTH_MB, MAX_GROWTH_SHARE * growth.first))
          log.violation(`grew by ${growth.total.toFixed(0)} MB: ${describe(growth)}`, life.name);
      }
    },
  };
}

/** Undefined for a life with too few samples. */
export function growthOf({ samples }: Life): Growth | undefined {
  const late = samples.slice(Math.floor(samples.length / 3));
  if (late.length < 3) return undefined;
  const mean = (values: readonly number[]): number =>
    values.reduce((sum, value) => sum + value, 0) / values.length;
  const [x, y] = [
    mean(late.map(({ minutes }) => minutes)),
    mean(late.map(({ megabytes }) => megabytes)),
  ];
  const spread = late.reduce((sum, { minutes }) => sum + (minutes - x) ** 2, 0);
  const slope =
    late.reduce((sum, one) => sum + (one.minutes - x) * (one.megabytes - y), 0) / spread;
  const lateMinutes = late.at(-1)!.minutes - late[0].minutes;
  return {
    minutes: samples.at(-1)!.minutes - samples[0].minutes,
    first: late[0].megabytes,
    last: late.at(-1)!.megabytes,
    perHour: slope * 60,
    total: slope * lateMinutes,
  };
}

export const describe = ({ minutes, first, last, perHour }: Growth): string =>
  `${minutes.toFixed(1)} min, ${first.toFixed(0)} to ${last.toFixed(0)} MB, ` +
  `${perHour >= 0 ? '+' : ''}${perHour.toFixed(0)} MB/h`;

/** The most frequent open files. */
function summary(files: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const file of files) counts.set(file, (counts.get(file) ?? 0) + 1);
  const sorted = [...counts].sort((a, b) => b[1] - a[1]).slice(0, 8);
  return sorted.map(([file, count]) => `${count} × ${file}`).join(', ');
}
