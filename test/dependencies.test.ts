import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { currentPage, dependenciesPage } from '../scripts/dependencies.ts';

it('docs/dependencies.md is current: run npm run dependencies after changing package-lock.json', () => {
  const page = readFileSync(new URL('../docs/dependencies.md', import.meta.url), 'utf8');
  expect(page).toBe(currentPage());
});

it('all packages of the program declare a licence, and install scripts are described', () => {
  const page = currentPage();
  expect(page.split('## For development')[0]).not.toMatch(/not declared|not described yet/);
});

it('packages are listed with licence, install script and platform', () => {
  const page = dependenciesPage(
    JSON.stringify({
      packages: {
        '': { version: '1.0.0' },
        'node_modules/b': { version: '2.0.0', license: 'MIT', os: ['linux'], cpu: ['x64'] },
        'node_modules/b/node_modules/a': { version: '1.0.0', hasInstallScript: true },
        'node_modules/c': { version: '3.0.0', license: 'ISC', dev: true },
        'node_modules/d': { version: '4.0.0', license: 'BSD', dev: true, dependencies: { e: '1' } },
        'node_modules/e': { version: '5.0.0', license: 'BSD', dev: true },
      },
    }),
    ['b'],
    ['d'],
  );
  expect(page).toContain('| **b** | 2.0.0 | MIT |  | linux / x64 |');
  expect(page).toContain('| a | 1.0.0 | not declared | yes |  |');
  expect(page).toContain('- a 1.0.0 (program): not described yet.');
  expect(page).toContain('| ISC | 1 |');
  const compiledIn = page.split('## Compiled into the program')[1].split('## For')[0];
  expect(compiledIn).toMatch(/\| \*\*d\*\* .*\n\| e \| 5\.0\.0 /);
  expect(page.split('## For development')[1]).not.toContain('| BSD |');
});
