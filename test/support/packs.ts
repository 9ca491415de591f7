// Packs for tests: folders that are written file by file.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';

/** Writes files into a new temporary folder, which the test removes; returns its path. */
export function packFolder(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'darkroom-packs-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  writeFiles(folder, files);
  return folder;
}

export function writeFiles(folder: string, files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
}

/** The main file of a pack with one node that returns a text. `run` is the body of its run(). */
export const textPack = (type: string, run: string, more = ''): string =>
  `import { defineNode, definePack, int, output, outputs } from 'darkroom-engine/pack';
${more}
const node = defineNode({
  type: '${type}',
  display: '${type}',
  category: 'test',
  inputs: { value: int({ default: 1 }) },
  outputs: [output('STRING')],
  run: async ({ value }, context): Promise<any> => { ${run} },
});
export default definePack({ title: 'Pack of ${type}', api: '1.0', nodes: [node] });
`;
