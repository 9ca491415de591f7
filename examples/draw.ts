// npm run examples: runs the workflows of this folder that need no other models than the package's
// and writes their images to docs/images, beside the first picture of the README and grids of
// settings.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDarkroom } from '../src/index.ts';
import { TEMPLATES } from '../src/server/templates.ts';

const here = import.meta.dirname;
const output = mkdtempSync(join(tmpdir(), 'darkroom-examples-'));
const darkroom = await openDarkroom({ input: join(here, 'input'), output });
try {
  // the models of the others are not part of the package
  for (const { name } of TEMPLATES.filter(({ models }) => models === undefined)) {
    const { images } = await darkroom.run(join(here, `${name}.json`));
    writeFileSync(join(here, '..', 'docs', 'images', `${name}.png`), images[0].toBuffer());
  }
} finally {
  await darkroom.close();
  rmSync(output, { recursive: true });
}

await import('./showcase.ts');
await import('./two-stage-grid.ts');
await import('./unsampling-grid.ts');
await import('./regional-grid.ts');
await import('./tile-upscale-grid.ts');
