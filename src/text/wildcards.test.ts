// Populated prompts, LoRA tags and prompts per segment against the original's. The fixture was
//   written by test/fixtures/wildcards.py:
// `python test/fixtures/wildcards.py ComfyUI-Impact-Pack/.git test/fixtures/wildcards.json.gz`
//   (numpy 2.4.6, Impact Pack 727295b).
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { DarkroomError } from '../errors.ts';
import { pythonRandom } from '../random/python-random.ts';
import { findLoraFile, parseLoraTags, removeLoraTags, splitAtBreak } from './lora-tags.ts';
import { parseSegmentPrompts } from './segment-prompts.ts';
import { populateWildcards } from './wildcards.ts';

interface Fixture {
  readonly lists: Readonly<Record<string, readonly string[]>>;
  readonly cases: readonly [
    text: string,
    seed: string,
    result: string | { readonly raises: string },
  ][];
  readonly loras: readonly [
    text: string,
    values: readonly [string, number, number, string | null, number | null, number | null][],
    rest: string,
  ][];
  readonly segments: readonly [
    text: string,
    seed: string,
    mode: string | null,
    labels: string[],
    got: [seed: string | null, text: string][],
  ][];
}

const file = join(import.meta.dirname, '..', '..', 'test', 'fixtures', 'wildcards.json.gz');
const fixture: Fixture = JSON.parse(gunzipSync(readFileSync(file)).toString('utf8'));
const lists = new Map(Object.entries(fixture.lists));

it('makes the original’s text of every prompt and seed', () => {
  expect(fixture.cases.length).toBe(576);
  const wrong: unknown[] = [];
  for (const [text, seed, result] of fixture.cases) {
    let got: unknown;
    try {
      got = populateWildcards(text, BigInt(seed), lists);
    } catch (error) {
      if (!(error instanceof DarkroomError)) throw error;
      got = { refused: error.message };
    }
    const refused = typeof got === 'object';
    if (typeof result === 'string' ? got !== result : !refused)
      wrong.push({ text, seed, result, got });
  }
  expect(wrong).toEqual([]);
});

it('reads LoRA tags as the original', () => {
  for (const [text, values, rest] of fixture.loras) {
    const tags = parseLoraTags(text).map((tag) => [
      tag.name,
      tag.modelStrength,
      tag.clipStrength,
      tag.blocks ?? null,
    ]);
    expect(tags, text).toEqual(values.map((value) => value.slice(0, 4)));
    expect(removeLoraTags(text), text).toBe(rest);
  }
  const files = ['styles/ink.safetensors', 'ink.pt', 'old.ckpt'];
  expect(findLoraFile('ink', files)).toBe('styles/ink.safetensors');
  expect(findLoraFile('ink.pt', files)).toBe('ink.pt');
  expect(findLoraFile('v1.5', files)).toBeUndefined();
  expect(splitAtBreak('a BREAK b BREAKBREAK c')).toEqual(['a', 'b', 'c']);
  expect(splitAtBreak(' BREAK ')).toEqual(['']);
});

it('gives each segment the original’s prompt', () => {
  for (const [text, seed, mode, labels, got] of fixture.segments) {
    const prompts = parseSegmentPrompts(text, pythonRandom(BigInt(seed)));
    expect(prompts.order ?? null, text).toBe(mode);
    const own = labels.map((label) => prompts.next(label));
    expect(
      own.map((prompt) => [prompt.seed === undefined ? null : String(prompt.seed), prompt.text]),
      `${text} ${seed}`,
    ).toEqual(got);
  }
  expect(parseSegmentPrompts('[CONCAT][ASC]a', pythonRandom(0))).toMatchObject({
    concat: true,
    order: 'ASC',
  });
});
