// Cached sessions return bit-identical results, and are saved again when they are damaged or when
// their sources have changed.
import {
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
import { openSafetensors } from '../formats/safetensors/safetensors.ts';
import { writeSafetensors } from '../formats/safetensors/safetensors-write.ts';
import { conv, type Net } from '../models/layers/blocks.ts';
import { weightsOf } from '../models/weights/tensors.ts';
import { createGraph } from '../onnx/builder.ts';
import { fingerprint } from '../storage/cache/fingerprint.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { PLACE } from '../writer-identity.ts';
import { createSessionCache, type SessionCache } from './session-cache.ts';

const root = mkdtempSync(join(tmpdir(), 'darkroom-sessions-'));
afterAll(() => rmSync(root, { recursive: true }));

const numbers = (n: number, seed: number): Float32Array =>
  Float32Array.from({ length: n }, (_, i) => Math.sin(seed + 0.37 * i));
const x: Tensor = { shape: [1, 32, 8, 8], data: numbers(32 * 64, 1) };

async function modelFile(name: string, seed: number): Promise<string> {
  const file = join(root, name);
  await writeSafetensors(file, {
    'a.weight': { dtype: 'F16', shape: [32, 32, 3, 3], data: numbers(32 * 32 * 9, seed) },
    'a.bias': { dtype: 'F16', shape: [32], data: numbers(32, seed) },
  });
  return file;
}

async function evaluated(sessions: SessionCache, file: string): Promise<number[]> {
  const { tensors, close } = await openSafetensors(file);
  await close();
  const g = createGraph();
  const net: Net = { g, w: weightsOf(file, tensors, '') };
  g.output('out', conv(net, g.input('x', ['B', 32, 'H', 'W']), 'a'), ['B', 32, 'H', 'W']);
  const options = { name: 'test', folder: g.folder(), threads: 1, providers: ['cpu'] };
  const session = await sessions.open(g.serialize(), g.files(), g.weightBytes(), options);
  const { out } = await session.run({ x }, ['out']);
  await session.close();
  return [...out.data];
}

const plain: SessionCache = createSessionCache({
  folder: join(root, 'never'),
  minimumBytes: Number.POSITIVE_INFINITY,
});

describe('cached sessions', () => {
  it('return bit-identical results, the first time and later', async () => {
    const folder = join(root, 'same', 'sessions');
    const file = await modelFile('same.safetensors', 1);
    const expected = await evaluated(plain, file);
    const notes: string[] = [];
    for (let i = 0; i < 2; i++)
      expect(
        await evaluated(createSessionCache({ folder, onNote: (text) => notes.push(text) }), file),
      ).toEqual(expected);
    expect(notes).toEqual([expect.stringContaining('storing weights')]);
    expect(readdirSync(folder)).toHaveLength(1);
    expect(readdirSync(join(root))).not.toContain('never');
  });

  it('are saved anew when the model file changes, even if its size and time do not', async () => {
    const folder = join(root, 'other', 'sessions');
    const file = await modelFile('other.safetensors', 1);
    const { atime, mtime } = statSync(file);
    const before = await evaluated(createSessionCache({ folder }), file);
    await modelFile('other.safetensors', 2);
    utimesSync(file, atime, mtime);
    const after = await evaluated(createSessionCache({ folder }), file);
    expect(after).not.toEqual(before);
    expect(after).toEqual(await evaluated(plain, file));
  });

  it('are saved again when one of their files is damaged or missing', async () => {
    const folder = join(root, 'damaged', 'sessions');
    const file = await modelFile('damaged.safetensors', 1);
    const expected = await evaluated(createSessionCache({ folder }), file);
    const sessionFolder = join(folder, readdirSync(folder)[0]);
    const damages: (() => void)[] = [
      () => truncateSync(join(sessionFolder, 'weights.bin'), 100),
      () => {
        const bytes = readFileSync(join(sessionFolder, 'weights.bin'));
        bytes[5000] ^= 1;
        writeFileSync(join(sessionFolder, 'weights.bin'), bytes);
      },
      () => writeFileSync(join(sessionFolder, 'model.onnx'), 'nonsense'),
      () => rmSync(join(sessionFolder, 'weights.bin')),
      () => rmSync(join(sessionFolder, 'about.json')),
    ];
    for (const damage of damages) {
      damage();
      const notes: string[] = [];
      expect(
        await evaluated(createSessionCache({ folder, onNote: (text) => notes.push(text) }), file),
      ).toEqual(expected);
      expect(notes[0]).toContain('damaged');
    }
  });

  it('are not saved again where a saved session cannot be opened', async () => {
    const folder = join(root, 'useless', 'sessions');
    const file = await modelFile('useless.safetensors', 1);
    const expected = await evaluated(createSessionCache({ folder }), file);
    const sessionFolder = join(folder, readdirSync(folder)[0]);
    writeFileSync(join(sessionFolder, 'model.onnx'), 'nonsense');
    writeFileSync(
      join(sessionFolder, 'about.json'),
      JSON.stringify({
        source: file,
        fingerprints: { 'model.onnx': fingerprint(join(sessionFolder, 'model.onnx')) },
      }),
    );
    const notes: string[] = [];
    for (let i = 0; i < 2; i++)
      expect(
        await evaluated(createSessionCache({ folder, onNote: (text) => notes.push(text) }), file),
      ).toEqual(expected);
    expect(notes).toEqual([expect.stringContaining('cannot be stored')]);
    expect(readdirSync(sessionFolder)).toEqual(['about.json']);
  });

  it('are not used where nothing can be written, which a note says', async () => {
    const file = await modelFile('nowhere.safetensors', 1);
    const notes: string[] = [];
    const expected = await evaluated(plain, file);
    expect(
      await evaluated(
        createSessionCache({ folder: join(file, 'sessions'), onNote: (text) => notes.push(text) }),
        file,
      ),
    ).toEqual(expected);
    expect(notes.at(-1)).toContain('cannot be stored');
  });

  it('remove what dead processes have left when another is saved', async () => {
    const { processes } = PLACE;
    const folder = join(root, 'left', 'sessions', `.tmp-${processes}-999999999-1-x`);
    await evaluated(
      createSessionCache({ folder: join(folder, '..') }),
      await modelFile('left.safetensors', 1),
    );
    writeFileSync(folder, '');
    await evaluated(
      createSessionCache({ folder: join(folder, '..') }),
      await modelFile('left.safetensors', 3),
    );
    expect(readdirSync(join(folder, '..')).filter((name) => name.startsWith('.tmp'))).toEqual([]);
  });
});
