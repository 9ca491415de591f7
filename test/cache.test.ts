// --cache with the built-in nodes: another process produces the same images from the results of the
// first one.
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openDarkroom } from '../src/darkroom.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'darkroom-cache-'));
});
afterEach(() => rmSync(root, { recursive: true }));

/** Runs in a separate process; returns the nodes that ran and the bytes of the images. */
async function runOnce(
  set: Readonly<Record<string, unknown>>,
  cache?: string,
): Promise<{ ran: string[]; images: Buffer[] }> {
  const ran: string[] = [];
  const darkroom = await openDarkroom({
    input: 'examples/input',
    output: join(root, 'output'),
    temp: join(root, 'temp'),
    threads: 1,
    cache,
  });
  const result = await darkroom.run('examples/inpaint.json', {
    set: { steps: 3, ...set },
    onEvent: (event) => {
      if (event.type === 'node-started') ran.push(event.nodeType);
    },
  });
  await darkroom.close();
  return { ran, images: result.images.map((image) => image.toBuffer()) };
}

it('another process reuses the results, and another seed runs only the nodes that use it', async () => {
  const cache = join(root, 'cache');
  const first = await runOnce({}, cache);
  expect(first.ran).toContain('KSampler');
  expect(readdirSync(cache).length).toBeGreaterThan(1);
  const second = await runOnce({}, cache);
  expect(second.ran).toEqual(['SaveImage']);
  expect(second.images).toEqual(first.images);
  const changed = await runOnce({ seed: 12 }, cache);
  expect(changed.ran).toEqual(expect.arrayContaining(['KSampler', 'VAEDecode', 'SaveImage']));
  expect(changed.ran.length).toBeLessThan(first.ran.length);
  expect(changed.images).toEqual((await runOnce({ seed: 12 })).images);
});
