// The TypeScript programs of README and docs/library.md, each run as it stands in a folder that has
// the package and a workflow, on the embedded model. scripts/newcomer.sh runs them on an installed
// package, compiled with strict checks.
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';
import { pagePrograms, writePrograms } from '../scripts/page-programs.ts';
import { FROM_SOURCE } from './support/from-source.ts';

const SOURCE = fileURLToPath(new URL('../src/', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'darkroom-pages-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** The package as it is installed, but from source. */
function linkPackage(): void {
  const library = join(folder, 'node_modules', 'darkroom-engine');
  mkdirSync(library, { recursive: true });
  const modules = {
    index: 'index.ts',
    nodes: 'workflow/builder/nodes.generated.ts',
    server: 'server/embedded-server.ts',
  };
  for (const [name, path] of Object.entries(modules))
    writeFileSync(join(library, `${name}.ts`), `export * from '${join(SOURCE, path)}';`);
  const exports = { '.': './index.ts', './nodes': './nodes.ts', './server': './server.ts' };
  writeFileSync(
    join(library, 'package.json'),
    JSON.stringify({ name: 'darkroom-engine', type: 'module', exports }),
  );
}

describe('the programs of the pages', () => {
  linkPackage();
  writePrograms(folder);
  const programs = pagePrograms();

  it('are there', () => {
    expect(programs.filter(({ name }) => name.startsWith('readme')).length).toBeGreaterThan(0);
    expect(programs.length).toBeGreaterThanOrEqual(8);
  });

  it.each(programs)('run and print something: $name', async ({ name }) => {
    const args = [...FROM_SOURCE, name];
    const { stdout, stderr } = await promisify(execFile)(process.execPath, args, { cwd: folder });
    expect(stderr).toBe('');
    expect(stdout).not.toBe('');
    expect(stdout).not.toContain('undefined');
  });
});
