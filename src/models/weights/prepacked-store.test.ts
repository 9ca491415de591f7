// Prepacked weights are stored once, found again, computed again when damaged or when the model
// file has changed, and left out when they cannot be stored.
import {
  copyFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { openSafetensors } from '../../formats/safetensors/safetensors.ts';
import { writeSafetensors } from '../../formats/safetensors/safetensors-write.ts';
import { createGraph } from '../../onnx/builder.ts';
import { openSession } from '../../runtime/session.ts';
import { createPrepackedStore } from './prepacked-store.ts';
import type { Recipe } from './recipe.ts';
import { type Weights, weightsOf } from './tensors.ts';

const root = mkdtempSync(join(tmpdir(), 'darkroom-prepacked-'));
afterAll(() => rmSync(root, { recursive: true }));

let computed = 0;

/** Twice the sum of two tensors, and the signs of the first. */
const DOUBLE: Recipe = {
  name: 'double',
  version: 1,
  outputs: ([shape]) => [
    { name: 'twice', type: 'f32', dims: shape },
    { name: 'sign', type: 'i8', dims: shape },
  ],
  compute: ([a, b]) => {
    computed += 1;
    return [
      new Uint8Array(a.data.map((x, i) => 2 * (x + b.data[i])).buffer),
      new Uint8Array(Int8Array.from(a.data, Math.sign).buffer),
    ];
  },
};

async function modelFile(name: string, first: readonly number[]): Promise<string> {
  const file = join(root, name);
  const put = (values: readonly number[]) => ({
    dtype: 'F16' as const,
    shape: [values.length],
    data: Float32Array.from(values),
  });
  await writeSafetensors(file, {
    'net.a': put(first),
    'net.b': put([10, 20, 30]),
    'net.c': put([1, 2, 3]),
  });
  return file;
}

async function openWeights(file: string): Promise<Weights> {
  const { tensors, close } = await openSafetensors(file);
  await close();
  return weightsOf(file, tensors, 'net.');
}

/** Returns what a graph computes from them; undefined where there are none. */
async function evaluated(
  weights: Weights,
  names: readonly string[] = ['a', 'b'],
): Promise<number[] | undefined> {
  const g = createGraph();
  const values = weights.prepacked?.(g, names, DOUBLE);
  if (!values) return undefined;
  const [twice, sign] = values;
  g.output(
    'out',
    g.op('Add', [g.input('x', [1]), g.op('Mul', [twice, g.op('Cast', [sign], { to: 1 })])]),
    [3],
  );
  const session = await openSession(g.serialize(), {
    name: 'test',
    folder: g.folder(),
    threads: 1,
    providers: ['cpu'],
  });
  const { out } = await session.run({ x: { shape: [1], data: Float32Array.of(0.5) } }, ['out']);
  await session.close();
  return [...out.data];
}

const build = (weights: Weights): unknown => weights.prepacked?.(createGraph(), ['a', 'b'], DOUBLE);
const FIRST = [22.5, -35.5, 66.5];

describe('prepacked weights', () => {
  it('are computed once and found by another store', async () => {
    const folder = join(root, 'once', 'derived');
    const notes: string[] = [];
    const file = await modelFile('once.safetensors', [1, -2, 3]);
    computed = 0;
    for (let i = 0; i < 2; i++) {
      const weights = await createPrepackedStore({
        folder,
        onNote: (text) => notes.push(text),
      }).ready(await openWeights(file), build);
      expect(await evaluated(weights)).toEqual(FIRST);
      expect(await evaluated(weights, ['a', 'c'])).toBeUndefined();
    }
    expect(computed).toBe(1);
    expect(notes).toEqual([expect.stringContaining('preparing weights once')]);
    const copy = join(root, 'copy.safetensors');
    copyFileSync(file, copy);
    expect(
      await evaluated(await createPrepackedStore({ folder }).ready(await openWeights(copy), build)),
    ).toEqual(FIRST);
    expect(computed).toBe(1);
  });

  it('are added to, not computed again, when a graph requests more', async () => {
    const folder = join(root, 'more', 'derived');
    const file = await modelFile('more.safetensors', [1, -2, 3]);
    await createPrepackedStore({ folder }).ready(await openWeights(file), build);
    computed = 0;
    const both = (weights: Weights): void => {
      build(weights);
      weights.prepacked?.(createGraph(), ['a', 'c'], DOUBLE);
    };
    const weights = await createPrepackedStore({ folder }).ready(await openWeights(file), both);
    expect(computed).toBe(1);
    expect(await evaluated(weights)).toEqual(FIRST);
    expect(await evaluated(weights, ['a', 'c'])).toEqual([4.5, 0.5, 12.5]);
  });

  it('read a tensor once for all requests that use parts of it, and hold no other', async () => {
    const file = await modelFile('parts.safetensors', [1, -2, 3]);
    const weights = await openWeights(file);
    const reads: string[] = [];
    const counted: Weights = {
      ...weights,
      open: async () => {
        const opened = await weights.open();
        const read = (name: string) => {
          reads.push(name);
          return opened.read(name);
        };
        return { ...opened, tensors: opened.tensors, read };
      },
    };
    const part = (index: number): Recipe => ({
      name: `part ${index}`,
      version: 1,
      outputs: () => [{ name: 'part', type: 'f32', dims: [1] }],
      compute: ([{ data }]) => [new Uint8Array(data.slice(index, index + 1).buffer)],
    });
    const request = (over: Weights): void => {
      for (const index of [0, 1, 2])
        for (const name of ['a', 'b', 'c']) over.prepacked?.(createGraph(), [name], part(index));
    };
    await createPrepackedStore({ folder: join(root, 'parts', 'derived') }).ready(counted, request);
    expect(reads).toEqual(['net.a', 'net.b', 'net.c']);
  });

  it('are computed anew when the model file changes, even at the same size and time', async () => {
    const folder = join(root, 'replaced', 'derived');
    const file = await modelFile('replaced.safetensors', [1, -2, 3]);
    const { atime, mtime } = statSync(file);
    await createPrepackedStore({ folder }).ready(await openWeights(file), build);
    await modelFile('replaced.safetensors', [1, -2, 4]);
    utimesSync(file, atime, mtime);
    expect(
      await evaluated(await createPrepackedStore({ folder }).ready(await openWeights(file), build)),
    ).toEqual([22.5, -35.5, 68.5]);
  });

  it('are computed again when their file is truncated, changed or garbage', async () => {
    const folder = join(root, 'damaged', 'derived');
    const file = await modelFile('damaged.safetensors', [1, -2, 3]);
    const storedFile = async (): Promise<string> => {
      const [modelFolder] = readdirSync(folder);
      return join(
        folder,
        modelFolder,
        readdirSync(join(folder, modelFolder)).find((name) => name.endsWith('.safetensors'))!,
      );
    };
    await createPrepackedStore({ folder }).ready(await openWeights(file), build);
    const damages: ((path: string) => void)[] = [
      (path) => truncateSync(path, statSync(path).size - 4),
      (path) => {
        const bytes = readFileSync(path);
        bytes[bytes.length - 70] ^= 1;
        writeFileSync(path, bytes);
      },
      (path) => writeFileSync(path, 'nonsense'),
      (path) => rmSync(path),
      (path) => writeFileSync(path.replace('.safetensors', '.json'), '{'),
    ];
    for (const damage of damages) {
      damage(await storedFile());
      const notes: string[] = [];
      const weights = await createPrepackedStore({
        folder,
        onNote: (text) => notes.push(text),
      }).ready(await openWeights(file), build);
      expect(await evaluated(weights)).toEqual(FIRST);
      expect(notes[0]).toContain('damaged');
    }
  });

  it('are not used where nothing can be written, which a note says', async () => {
    const file = await modelFile('nowhere.safetensors', [1, -2, 3]);
    const notes: string[] = [];
    const weights = await createPrepackedStore({
      folder: join(file, 'derived'),
      onNote: (text) => notes.push(text),
    }).ready(await openWeights(file), build);
    expect(await evaluated(weights)).toBeUndefined();
    expect(notes).toEqual([expect.stringContaining('cannot be stored')]);
  });

  it('are not stored below a size', async () => {
    const folder = join(root, 'small', 'derived');
    const file = await modelFile('small.safetensors', [1, -2, 3]);
    expect(
      await evaluated(
        await createPrepackedStore({ folder, minimumBytes: 1000 }).ready(
          await openWeights(file),
          build,
        ),
      ),
    ).toBeUndefined();
  });

  it('are computed only for the selected recipes', async () => {
    const folder = join(root, 'some', 'derived');
    const file = await modelFile('some.safetensors', [1, -2, 3]);
    const evaluatedWith = async (recipes: (name: string) => boolean) =>
      evaluated(
        await createPrepackedStore({ folder, recipes }).ready(await openWeights(file), build),
      );
    expect(await evaluatedWith((name) => name !== 'double')).toBeUndefined();
    expect(await evaluatedWith((name) => name === 'double')).toEqual(FIRST);
  });

  it('are the same when two stores compute them at once', async () => {
    const folder = join(root, 'two', 'derived');
    const file = await modelFile('two.safetensors', [1, -2, 3]);
    const weights = await openWeights(file);
    const both = await Promise.all(
      [createPrepackedStore({ folder }), createPrepackedStore({ folder })].map((store) =>
        store.ready(weights, build),
      ),
    );
    for (const one of both) expect(await evaluated(one)).toEqual(FIRST);
  });
});
