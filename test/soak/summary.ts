// The table at the end.
import type { World } from './client.ts';
import { describe, type Footprint, growthOf } from './footprint.ts';
import type { JobRecord } from './job-book.ts';
import { type Probe, quantile } from './probe.ts';

type Rows = readonly (readonly [string, string])[];

const SHOWN_LIVES = 12;

export function summarise(world: World, probe: Probe, footprint: Footprint, cpu: number): string {
  const { book, statistics, place, log } = world;
  const jobs = [...book.archived.values(), ...book.jobs.values()].filter(
    ({ accepted }) => accepted,
  );
  const { times, excused } = probe;
  const answers = [...statistics.answers].map(([route, statuses]): readonly [string, string] => [
    route,
    [...statuses].map(([status, count]) => `${count} × ${status}`).join(', '),
  ]);
  const sections: readonly (readonly [string, Rows])[] = [
    ['Jobs', [...countBy(jobs, endOf), ...countBy(jobs, ({ plan }) => `kind: ${plan.kind}`)]],
    ['Disturbances', [...statistics.counts].map(([name, count]) => [name, String(count)])],
    ['Requests', answers.sort(([a], [b]) => a.localeCompare(b))],
    [
      '/system_stats while the server was up',
      [
        ['answers', `${times.length} (${excused} more while it was down or paused)`],
        ...([0.5, 0.99, 1] as const).map((share): readonly [string, string] => [
          share === 1 ? 'longest' : `${share * 100} %`,
          `${quantile(times, share).toFixed(0)} ms`,
        ]),
      ],
    ],
    ['Memory of the processes that lived longest, and open files', lives(footprint)],
    [
      'This run',
      [
        ['disk', place.diskKind],
        ['processor', `${cpu.toFixed(2)} cores on average`],
        ['violations', String(log.violations.length)],
      ],
    ],
  ];
  return sections.map(([title, rows]) => `${title}\n${table(rows)}`).join('\n\n');
}

const endOf = ({ end, deleted }: JobRecord): string =>
  end ?? (deleted ? 'deleted before its end was seen' : 'not ended');

function countBy(
  jobs: readonly JobRecord[],
  keyOf: (job: JobRecord) => string,
): (readonly [string, string])[] {
  const counts = new Map<string, number>();
  for (const job of jobs) counts.set(keyOf(job), (counts.get(keyOf(job)) ?? 0) + 1);
  return [...counts].map(([key, count]) => [key, String(count)]);
}

function lives({ lives: all }: Footprint): Rows {
  const longest = [...all.values()]
    .flatMap((life) => {
      const growth = growthOf(life);
      return growth ? [{ life, growth }] : [];
    })
    .sort((a, b) => b.growth.minutes - a.growth.minutes)
    .slice(0, SHOWN_LIVES);
  return longest.map(({ life, growth }) => [
    `${life.name} (${life.pid})`,
    describe(growth) + (life.files ? `; files ${life.files.first}, ${life.files.last}` : ''),
  ]);
}

const table = (rows: Rows): string =>
  rows.map(([name, value]) => `  ${name.padEnd(36)} ${value}`).join('\n');
