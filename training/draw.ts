// Draws the prompts of the score with Darkroom: npx tsx training/draw.ts FOLDER [MODELS], MODELS a
// models folder with the two checkpoints (the embedded ones by default). Base only and base with
// refiner, two seeds each, as FOLDER/base/000-1.png …
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openDarkroom } from '../src/index.ts';

const SEEDS = [1, 2];
const WAYS = { base: 'text-to-image.json', refined: 'base-and-refiner.json' };

const [folder, models] = process.argv.slice(2);
if (!folder) throw new Error('Which folder shall the pictures go to?');
const here = import.meta.dirname;
const prompts: { prompt: string }[] = JSON.parse(readFileSync(join(here, 'prompts.json'), 'utf8'));
const darkroom = await openDarkroom({
  models: models ? [models] : [],
  output: join(folder, 'output'),
});
try {
  for (const [way, workflow] of Object.entries(WAYS)) {
    mkdirSync(join(folder, way), { recursive: true });
    for (const seed of SEEDS)
      for (const [i, { prompt }] of prompts.entries()) {
        const file = join(folder, way, `${String(i).padStart(3, '0')}-${seed}.png`);
        if (existsSync(file)) continue;
        const { images } = await darkroom.run(join(here, '..', 'examples', workflow), {
          set: { prompt, seed },
        });
        writeFileSync(file, images[0].toBuffer());
      }
  }
} finally {
  await darkroom.close();
}
