import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { allocate, copyOf, limitAllocations, requestMemory } from './allocate.ts';
import { clone, full, map, repeatToBatch, zeros } from './tensor.ts';

const MB = 2 ** 20;
const GB = 2 ** 30;
afterEach(() => limitAllocations(undefined));

/** The message of DR_OUT_OF_MEMORY. */
function refusal(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    expect(error).toMatchObject({ code: 'DR_OUT_OF_MEMORY' });
    return (error as Error).message;
  }
  return 'not refused';
}

it('allocates zeros without a limit', () => {
  expect(allocate(3)).toEqual(Float32Array.of(0, 0, 0));
});

describe('with a limit', () => {
  it('refuses what does not fit, before it is allocated', () => {
    limitAllocations(() => 100 * MB);
    expect(refusal(() => allocate(2 ** 40))).toContain('free');
    expect(refusal(() => zeros([64, 4, 2048, 2048]))).toBe(
      'a tensor of 4.3 GB and its use needs 8.6 GB of memory; 105 MB are free',
    );
    expect(refusal(() => full([1, 16384, 16384], 1))).toContain('1.1 GB');
    expect(allocate(MB)).toHaveLength(MB);
  });

  it('refuses copies, maps and repetitions', () => {
    const x = zeros([1, 8 * MB]);
    limitAllocations(() => 10 * MB);
    for (const work of [
      () => clone(x),
      () => copyOf(x.data),
      () => map(x, (v) => v),
      () => repeatToBatch(x, 1000),
    ])
      expect(refusal(work)).toMatch(/^a tensor .*are free/);
  });

  it('demands that a tensor of a gigabyte fits twice', () => {
    limitAllocations(() => 1.5 * GB);
    expect(refusal(() => allocate(GB / 4))).toContain('needs 2.1 GB');
    requestMemory(1.4 * GB, 'a file');
  });

  it('adds up small allocations', () => {
    let asked = 0;
    limitAllocations(() => {
      asked++;
      return 100 * MB;
    });
    for (let i = 0; i < 64; i++) allocate(MB / 4);
    expect(asked).toBe(4);
  });

  it('names what needs the memory', () => {
    limitAllocations(() => 0);
    expect(refusal(() => requestMemory(GB, 'the image a.png'))).toBe(
      'the image a.png needs 1.1 GB of memory; 0 kB are free',
    );
  });
});

// sizes that are not those of an input: constants, and copies of lists
const FIXED = /new Float32Array\((\)|[018]\)|buffer\)|[\w.]+\.buffer)/;

it('is what all layers allocate tensors with', () => {
  const source = fileURLToPath(new URL('..', import.meta.url));
  const found = ['tensor', 'random', 'image', 'sampling', 'segs', 'nodes', 'text'].flatMap(
    (layer) =>
      readdirSync(join(source, layer), { recursive: true, encoding: 'utf8' })
        .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
        .filter((name) => name !== 'allocate.ts')
        .flatMap((name) => {
          const lines = readFileSync(join(source, layer, name), 'utf8').split('\n');
          return lines
            .filter((line) => line.includes('new Float32Array(') && !FIXED.test(line))
            .map((line) => `${layer}/${name}: ${line.trim()}`);
        }),
  );
  expect(found).toEqual([]);
});
