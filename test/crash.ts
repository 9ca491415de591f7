// npm run test:crash: 50 kills during a stream of 100 jobs, on the embedded database and on
// PostgreSQL with two workers. npm run test:crash -- [embedded|postgres] [kills] [jobs] [seed]
import { join } from 'node:path';
import { crash } from './support/queue/crash.ts';
import { startPostgres, whyNoPostgres } from './support/queue/postgres.ts';
import { temporaryFolder } from './support/queue/queue.ts';
import { seeded } from './support/seeded.ts';

const [only, kills = 50, jobs = 100, seed = 1] = process.argv
  .slice(2)
  .map((text, i) => (i === 0 ? text : Number(text))) as [string?, number?, number?, number?];
let failed = false;

const run = async (name: string, database: string, hosts: number): Promise<void> => {
  const started = performance.now();
  const report = await crash({
    database,
    hosts,
    jobs,
    kills,
    random: seeded(seed),
    log: (line) => console.log(`${name}: ${line}`),
  });
  failed ||= report.faults.length > 0;
  console.log(name, report, `${Math.round((performance.now() - started) / 1000)} s`);
};

if (only === undefined || only === 'embedded')
  await run('embedded', join(temporaryFolder('database'), 'queue'), 1);
if (only === undefined || only === 'postgres') {
  const why = whyNoPostgres();
  if (why) console.log(`left out: ${why}`);
  else {
    const server = await startPostgres();
    await run('postgres', await server.database(), 2);
    await server.stop();
  }
}
process.exitCode = failed ? 1 : 0;
