// npm run coverage -- [--runs RESULTS.json] FOLDER… : reads every workflow file in the folders and
// writes docs/coverage.md, which says what of each works; with --runs, those whose nodes are all
// built in are run with small models, except those with a result in that file. The folders are
// checkouts of public repositories, OWNER/NAME; only names of files and node types are copied.
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { coveragePage } from './coverage/page.ts';
import { isComplete, type Row, rowOf, runRows } from './coverage/rows.ts';
import { keptRuns } from './coverage/small-runs.ts';
import { filesIn } from './coverage/workflow-files.ts';

const OUT = join(dirname(fileURLToPath(import.meta.url)), '..', 'docs', 'coverage.md');

const { values, positionals: folders } = parseArgs({
  options: { runs: { type: 'string' } },
  allowPositionals: true,
});
if (folders.length === 0)
  throw new Error('usage: npm run coverage -- [--runs RESULTS.json] FOLDER…');
const rows: Row[] = [];
const empty = new Map<string, number>();
for (const folder of folders)
  for (const path of filesIn(folder)) {
    const row = rowOf(folder, path);
    if (row) rows.push(row);
    else empty.set(folder, (empty.get(folder) ?? 0) + 1);
  }
const { runs } = values;
if (runs !== undefined) {
  const { done, keep } = keptRuns(runs);
  await runRows(rows, done, (row) => {
    keep();
    console.log(`${row.folder}/${row.file}: ${row.runs}`);
  });
}
writeFileSync(OUT, coveragePage(rows, empty));
console.log(
  `${rows.length} files with a workflow; ${rows.filter(isComplete).length} need no missing node`,
);
