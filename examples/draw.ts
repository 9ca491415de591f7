// npm run examples: runs the workflows of this folder that need no other models than the package's
// and writes their images to docs/images, beside the first picture of the README and grids of
// settings.
import { writeFileSync } from 'node:fs';
import { TEMPLATES } from '../src/server/templates.ts';
import { imagePath, withExamples } from './sheet.ts';

await withExamples(async (draw) => {
  // the models of the others are not part of the package
  for (const { name } of TEMPLATES.filter(({ models }) => models === undefined))
    writeFileSync(imagePath(`${name}.png`), await draw(`${name}.json`));
});

await import('./showcase.ts');
await import('./two-stage-grid.ts');
await import('./unsampling-grid.ts');
await import('./regional-grid.ts');
await import('./tile-upscale-grid.ts');
