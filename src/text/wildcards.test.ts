// Populated prompts, LoRA tags and prompts per segment against the Impact Pack's. The fixture was
// written by test/fixtures/wildcards.py:
// `python test/fixtures/wildcards.py ComfyUI-Impact-Pack/modules/impact/wildcards.py
// test/fixtures/wildcards.json.gz` (numpy 2.4.6, Impact Pack 8.28).
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { DarkroomError } from '../errors.ts';
import { pythonRandom } from '../random/python-random.ts';
import { parseLoraTags, removeLoraTags } from './lora-tags.ts';
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
    values: readonly [
      name: string,
      model: number,
      clip: number,
      blocks: string | null,
      a: number | null,
      b: number | null,
      loader: string | null,
    ][],
    rest: string,
  ][];
  readonly segments: readonly [
    text: string,
    seed: string,
    mode: string | null,
    labels: string[],
    prompts: [seed: string | null, text: string][],
  ][];
}

const file = join(import.meta.dirname, '..', '..', 'test', 'fixtures', 'wildcards.json.gz');
const fixture: Fixture = JSON.parse(gunzipSync(readFileSync(file)).toString('utf8'));
const lists = new Map(Object.entries(fixture.lists));

it('populates every prompt and seed with the original’s text', () => {
  expect(fixture.cases.length).toBe(664);
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

it('parses and removes LoRA tags as the original does', () => {
  for (const [text, values, rest] of fixture.loras) {
    const tags = parseLoraTags(text).map((tag) => [
      tag.name,
      tag.modelStrength,
      tag.clipStrength,
      tag.blocks ?? null,
      tag.loader ?? null,
    ]);
    expect(tags, text).toEqual(values.map((value) => [...value.slice(0, 4), value[6]]));
    expect(removeLoraTags(text), text).toBe(rest);
  }
});

it('assigns the original’s prompt and seed to each segment', () => {
  for (const [text, seed, mode, labels, expected] of fixture.segments) {
    const prompts = parseSegmentPrompts(text, pythonRandom(BigInt(seed)));
    expect(prompts.order ?? null, text).toBe(mode);
    const assigned = labels.map((label) => prompts.next(label));
    expect(
      assigned.map((prompt) => [
        prompt.seed === undefined ? null : String(prompt.seed),
        prompt.text,
      ]),
      `${text} ${seed}`,
    ).toEqual(expected);
  }
});

it('parses [CONCAT] before the order of the segments', () => {
  expect(parseSegmentPrompts('[CONCAT][ASC]a', pythonRandom(0))).toMatchObject({
    concat: true,
    order: 'ASC',
  });
});
