// Regional sampling and segment upscaling open every network once, however many sampler calls they
// make.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Darkroom, openDarkroom } from '../src/darkroom.ts';

let root: string;
let darkroom: Darkroom;
const loads: string[] = [];
let steps = 0;

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'darkroom-loads-'));
  darkroom = await openDarkroom({
    input: 'examples/input',
    output: join(root, 'output'),
    temp: join(root, 'temp'),
    threads: 1,
  });
});
afterAll(async () => {
  await darkroom.close();
  rmSync(root, { recursive: true });
});

it.each([
  ['three-regions', { '42.steps': 6 }],
  ['tile-upscale', { '5.steps': 2, '8.steps': 6, '8.rescale_factor': 2 }],
])('%s', async (name, set) => {
  steps = 0;
  await darkroom.run(`examples/${name}.json`, {
    set,
    onEvent: (event) => {
      if (event.type === 'loaded') loads.push(`${event.file} ${event.part}`);
      if (event.type === 'progress') steps++;
    },
  });
  expect(steps).toBeGreaterThan(15);
  expect(loads.filter((load) => load.endsWith(' unet'))).toHaveLength(1);
  expect(new Set(loads).size).toBe(loads.length);
});
