// Inputs that parsers once failed on: unexpected errors, stalls, too much memory.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { judge } from './judge.ts';
import { enlarge } from './mutate.ts';
import { PARSERS, type Parser } from './parsers.ts';

/** Tests share the processor, and run code for the first time. */
const PATIENCE = 5;
const KEPT = fileURLToPath(new URL('./findings', import.meta.url));
const parsers = existsSync(KEPT) ? (readdirSync(KEPT) as Parser[]) : [];

describe.each(parsers)('inputs that %s failed on', (name) => {
  const folder = join(KEPT, name);
  it.each(readdirSync(folder))('%s', async (file) => {
    const target = await PARSERS[name]();
    await target.prepare?.();
    expect(await judge(target, readFileSync(join(folder, file)), PATIENCE)).toBeUndefined();
  });
});

describe('the seeds of all parsers', () => {
  it.each(Object.keys(PARSERS) as Parser[])('%s handles its own', async (name) => {
    const target = await PARSERS[name]();
    await target.prepare?.();
    const seeds = await target.seeds();
    expect(seeds.length).toBeGreaterThan(0);
    for (const seed of seeds) {
      const input = Buffer.from(seed);
      expect(await judge(target, input, PATIENCE), input.toString('utf8', 0, 100)).toBeUndefined();
    }
  });
});

it('an input is enlarged by repeating a part of it', () => {
  const large = enlarge(Buffer.from('(a:1.1)'));
  expect(large.length).toBeGreaterThan(90_000);
  expect(new Set(large.toString())).toEqual(new Set('(a:1.1)'));
});
