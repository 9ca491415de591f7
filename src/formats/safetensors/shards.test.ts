// Models in several files.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { describeModelFile, openModelFile, withModelFile } from '../model-file.ts';
import { writeSafetensors } from './safetensors-write.ts';

const root = mkdtempSync(join(tmpdir(), 'darkroom-shards-'));
afterAll(() => rmSync(root, { recursive: true }));

const NAME = 'diffusion_pytorch_model';
const part = (i: number, folder = root): string =>
  join(folder, `${NAME}-0000${i}-of-00003.safetensors`);

async function writeParts(folder: string, parts = [1, 2, 3]): Promise<void> {
  for (const i of parts)
    await writeSafetensors(part(i, folder), {
      [`layer${i}.weight`]: { dtype: 'F32', shape: [2], data: Float32Array.of(i, i + 0.5) },
    });
}

describe('a model in several files', () => {
  it('is opened by each of them, and by its index', async () => {
    await writeParts(root);
    const index = join(root, `${NAME}.safetensors.index.json`);
    const weight_map = Object.fromEntries(
      [1, 2, 3].map((i) => [`layer${i}.weight`, part(i).slice(root.length + 1)]),
    );
    writeFileSync(index, JSON.stringify({ metadata: { total_size: 24 }, weight_map }));
    for (const file of [part(1), part(3), index])
      await withModelFile(file, async ({ tensors, read }) => {
        expect([...tensors.keys()].sort()).toEqual([1, 2, 3].map((i) => `layer${i}.weight`));
        for (const i of [1, 2, 3])
          expect([...(await read(`layer${i}.weight`)).data]).toEqual([i, i + 0.5]);
      });
    expect((await describeModelFile(part(2))).tensors.size).toBe(3);
  });

  it('names a part that is missing', async () => {
    const folder = mkdtempSync(join(root, 'missing-'));
    await writeParts(folder, [1, 3]);
    await expect(openModelFile(part(3, folder))).rejects.toMatchObject({
      code: 'DR_FILE_MISSING',
      message:
        `${NAME}-00002-of-00003.safetensors is missing: ` +
        `${NAME}-00003-of-00003.safetensors belongs to a model in 3 files`,
      hint: `Put all parts of the model into ${folder}.`,
    });
  });

  it('names a tensor that two parts have', async () => {
    const folder = mkdtempSync(join(root, 'twice-'));
    await writeParts(folder);
    const tensors = { 'layer1.weight': { dtype: 'F32', shape: [1], data: Float32Array.of(0) } };
    await writeSafetensors(part(2, folder), tensors as Parameters<typeof writeSafetensors>[1]);
    await expect(openModelFile(part(1, folder))).rejects.toMatchObject({
      code: 'DR_MODEL_INVALID',
      message: expect.stringContaining('has a tensor of another part, layer1.weight'),
    });
  });

  it.each([
    ['{"weight_map": {"a": "../other.safetensors"}}', 'is not the name of a file beside it'],
    ['{"weight_map": {}}', 'it names 0 files'],
    ['{"layers": 3}', 'it has no weight_map'],
    ['{"weight_map": ', 'is no index of a model'],
  ])('refuses an index that is none: %s', async (text, message) => {
    const index = join(root, 'other.safetensors.index.json');
    writeFileSync(index, text);
    await expect(openModelFile(index)).rejects.toMatchObject({
      code: 'DR_MODEL_INVALID',
      message: expect.stringContaining(message),
    });
  });
});
