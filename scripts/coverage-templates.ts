// npm run coverage:templates -- [--runs RESULTS.json] : writes docs/templates.md, which says which
// of ComfyUI's official templates of pictures work; only names and figures are copied. Those with a
// result in the file are not run again. The templates are those that darkroom templates install has
// installed, or in the folder that DARKROOM_TEMPLATES names.
import { readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { officialTemplates, TEMPLATES } from '../src/cli/official-templates.ts';
import { rowOf, runRows } from './coverage/rows.ts';
import { keptRuns } from './coverage/small-runs.ts';
import { type TemplateRow, templatesPage } from './coverage/templates-page.ts';

const OUT = join(dirname(fileURLToPath(import.meta.url)), '..', 'docs', 'templates.md');

/** The version of the package that a template is from. */
const versionOf = (file: string): string =>
  readdirSync(join(dirname(file), '..', '..'))
    .find((name) => name.startsWith(`${TEMPLATES.content}-`))
    ?.match(/-([\d.]+)\.dist-info$/)?.[1] ?? '?';

const { values } = parseArgs({ options: { runs: { type: 'string' } } });
const all = officialTemplates();
if (!all?.[0]) throw new Error('no templates; install them with: darkroom templates install');
const rows: TemplateRow[] = all
  .filter(({ kind, isOpen }) => kind === 'image' && isOpen)
  .map(({ name, file, usage }) => {
    const row = rowOf(dirname(file), file);
    if (!row) throw new Error(`${name}.json contains no workflow`);
    return { ...row, name, uses: usage };
  });
const { done, keep } = keptRuns(values.runs);
await runRows(rows, done, ({ file, runs }) => {
  keep();
  console.log(`${file}: ${runs}`);
});
const closed = all.filter(({ isOpen }) => !isOpen).length;
writeFileSync(
  OUT,
  templatesPage(rows, { all: all.length, closed, version: versionOf(all[0].file) }),
);
