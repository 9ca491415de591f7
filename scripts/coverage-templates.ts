// npm run coverage:templates -- FOLDER : writes docs/templates.md, which says which of ComfyUI's
// official templates work. FOLDER is where the package is unpacked (pip install --no-deps
// --target FOLDER comfyui-workflow-templates-json); only names and figures are copied.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rowOf, runRows } from './coverage/rows.ts';
import { openImageTemplates, type TemplateRow, templatesPage } from './coverage/templates-page.ts';

const OUT = join(dirname(fileURLToPath(import.meta.url)), '..', 'docs', 'templates.md');
const PACKAGE = 'comfyui_workflow_templates_json';

const [folder] = process.argv.slice(2);
if (folder === undefined) throw new Error('usage: npm run coverage:templates -- FOLDER');
const templates = join(folder, PACKAGE, 'templates');
const version = readdirSync(folder)
  .find((name) => name.startsWith(`${PACKAGE}-`))
  ?.match(/-([\d.]+)\.dist-info$/)?.[1];
const index = JSON.parse(readFileSync(join(templates, 'index.json'), 'utf8'));
const rows: TemplateRow[] = openImageTemplates(index).map(({ name, usage = 0 }) => {
  const row = rowOf(templates, join(templates, `${name}.json`));
  if (!row) throw new Error(`${name}.json contains no workflow`);
  return { ...row, name, uses: usage };
});
await runRows(rows, new Map(), ({ file, runs }) => console.log(`${file}: ${runs}`));
writeFileSync(OUT, templatesPage(rows, index, version ?? '?'));
