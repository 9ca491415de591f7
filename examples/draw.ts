// npm run examples: runs every workflow of this folder and puts its picture into docs/images.
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDarkroom } from '../src/index.ts';

const here = import.meta.dirname;
const output = mkdtempSync(join(tmpdir(), 'darkroom-examples-'));
const room = await openDarkroom({ input: join(here, 'input'), output });
try {
  for (const file of readdirSync(here).filter((name) => name.endsWith('.json'))) {
    const { outputs } = await room.run(join(here, file));
    const [picture] = Object.values(outputs).flatMap(({ images }) => images);
    const path = join(here, '..', 'docs', 'images', file.replace('.json', '.png'));
    writeFileSync(path, picture.toBuffer());
    console.log(path);
  }
} finally {
  await room.close();
  rmSync(output, { recursive: true });
}
