// npm run bench: runs the benches that need only Darkroom itself, one after another (a few
// minutes). docs/benchmarks.md lists all of them.
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const BENCHES = ['start', 'first-picture', 'around-the-network', 'regional', 'server'];
const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;

for (const name of BENCHES) {
  console.log(`\n## ${name}\n`);
  const { status } = spawnSync(
    process.execPath,
    ['--import', tsx, join(import.meta.dirname, `${name}.ts`)],
    { stdio: 'inherit' },
  );
  if (status !== 0) process.exitCode = 1;
}
