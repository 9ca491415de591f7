// docs/configuration.md lists every environment variable that the sources read.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const READ = /\b(?:env|environment)(?:\.|\[')([A-Z][A-Z0-9_]+)/g;
/** Variables that terminals set, which are read by destructuring. */
const DESTRUCTURED = /\(\{ ((?:[A-Z_]{4,}(?:, )?)+) \}\)/g;

function variables(): Set<string> {
  const files = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter(
    (name) => name.endsWith('.ts') && !name.endsWith('.test.ts'),
  );
  const texts = files.map((name) => readFileSync(join('src', name), 'utf8'));
  return new Set(
    texts.flatMap((text) => [
      ...[...text.matchAll(READ)].map(([, name]) => name),
      ...[...text.matchAll(DESTRUCTURED)].flatMap(([, names]) => names.split(', ')),
    ]),
  );
}

it('the page on configuration has every variable', () => {
  const page = readFileSync('docs/configuration.md', 'utf8');
  const found = [...variables()];
  expect(found).toContain('DARKROOM_MODELS');
  expect(found.filter((name) => !page.includes(`\`${name}\``))).toEqual([]);
});
