// npx tsx scripts/page-programs.ts FOLDER : writes the TypeScript programs of README and
// docs/library.md into a folder, with the workflow that they read, and prints the files' names.
// test/pages.test.ts and scripts/newcomer.sh run them.
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../', import.meta.url));
const PAGES = ['README.md', 'docs/library.md'];

/** A program of a page: the name of a file for it, and its text. */
export interface PageProgram {
  readonly name: string;
  readonly code: string;
}

/** The programs of the pages, in the order in which they stand there. */
export const pagePrograms = (): PageProgram[] =>
  PAGES.flatMap((page) => {
    const text = readFileSync(join(ROOT, page), 'utf8');
    const stem = basename(page, '.md').toLowerCase();
    return [...text.matchAll(/^```ts\n(.*?)^```/gms)].map(([, code], i) => ({
      name: `${stem}-${i + 1}.mts`,
      code,
    }));
  });

/** Writes the programs, and workflow.json, which the programs read. */
export function writePrograms(folder: string): string[] {
  mkdirSync(folder, { recursive: true });
  cpSync(join(ROOT, 'examples', 'text-to-image.json'), join(folder, 'workflow.json'));
  const programs = pagePrograms();
  for (const { name, code } of programs) writeFileSync(join(folder, name), code);
  return programs.map(({ name }) => name);
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  console.log(writePrograms(process.argv[2]).join('\n'));
