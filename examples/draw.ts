// npm run examples: runs the workflows of this folder that need no other models than the package's
// and writes their images to docs/images, beside a gallery of prompts and grids of settings.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { openDarkroom, type RunOptions } from '../src/index.ts';
import { TEMPLATES } from '../src/server/templates.ts';

const GALLERY = [
  'panda, flat style, green background',
  'fox, flat style, pink background',
  'ghost, flat style, black background',
  'sunflower, flat style, blue background',
  'red apple, noto style, blue background',
  'star, flat style, purple background',
];
const SIDE = 128;
const GAP = 8;

const here = import.meta.dirname;
const images = join(here, '..', 'docs', 'images');
const output = mkdtempSync(join(tmpdir(), 'darkroom-examples-'));
const darkroom = await openDarkroom({ input: join(here, 'input'), output });

async function draw(file: string, set?: RunOptions['set']): Promise<Buffer> {
  const { outputs } = await darkroom.run(join(here, file), { set });
  return Object.values(outputs)[0].images[0].toBuffer();
}

try {
  // the models of the others are not part of the package
  for (const { name } of TEMPLATES.filter(({ models }) => models === undefined))
    writeFileSync(join(images, `${name}.png`), await draw(`${name}.json`));

  const pictures: Buffer[] = [];
  for (const prompt of GALLERY)
    pictures.push(await draw('text-to-image.json', { 'Prompt.text': prompt }));
  const width = GALLERY.length * (SIDE + GAP) - GAP;
  await sharp({ create: { width, height: SIDE, channels: 4, background: 'transparent' } })
    .composite(pictures.map((input, i) => ({ input, left: i * (SIDE + GAP), top: 0 })))
    .png()
    .toFile(join(images, 'gallery.png'));
} finally {
  await darkroom.close();
  rmSync(output, { recursive: true });
}

await import('./two-stage-grid.ts');
await import('./unsampling-grid.ts');
await import('./regional-grid.ts');
