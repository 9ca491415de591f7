// Files that torch wrote (test/fixtures/torch/README.md has the Python lines), and files in the
// same formats that test/support/files builds.
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { dict, pickle } from '../../../test/support/files/pickle.ts';
import {
  asTorchFile,
  type TensorsToSave,
  torchFile,
} from '../../../test/support/files/torch-file.ts';
import { zipOf } from '../../../test/support/files/zip.ts';
import { fixtureModel } from '../../../test/support/golden.ts';
import { describeModelFile, openModelFile } from '../model-file.ts';
import { openSafetensors } from '../safetensors/safetensors.ts';

const folder = mkdtempSync(join(tmpdir(), 'torch-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const fixture = (name: string) =>
  fileURLToPath(new URL(`../../../test/fixtures/torch/${name}`, import.meta.url));
const put = (name: string, bytes: Uint8Array): string => {
  const file = join(folder, name);
  writeFileSync(file, bytes);
  return file;
};

describe('files of torch.save', () => {
  it.each(['zip_2', 'zip_3', 'zip_4', 'zip_5', 'legacy_2', 'legacy_3', 'legacy_4', 'legacy_5'])(
    'reads the tensors of %s.pt',
    async (name) => {
      const expected = await openSafetensors(fixture('expected.safetensors'));
      const opened = await openModelFile(fixture(`${name}.pt`));
      expect([...opened.tensors.keys()].sort()).toEqual([...expected.tensors.keys()].sort());
      for (const [key, { dtype, shape }] of expected.tensors) {
        expect(opened.tensors.get(key), key).toMatchObject({ dtype, shape });
        expect(await opened.readRaw(key), key).toEqual(await expected.readRaw(key));
        expect(await opened.read(key), key).toEqual(await expected.read(key));
      }
      // base[1:3]: a part of a shared storage, read in place
      expect(await opened.readRows('view', [1, 0])).toEqual(
        await expected.readRows('view', [1, 0]),
      );
      expect(await opened.readRows('transposed', [5])).toEqual(
        await expected.readRows('transposed', [5]),
      );
      const [base, view] = [opened.tensors.get('f32')!, opened.tensors.get('view')!];
      expect(view.offset - base.offset).toBe(24);
      expect([...opened.tensors].flatMap(([key, { bytes }]) => (bytes ? [key] : []))).toEqual([
        'column',
        'transposed',
        'last',
        'expanded',
      ]);
      await Promise.all([opened.close(), expected.close()]);
    },
  );

  it('reads 8-bit floats and unsigned integers, whose storages have no type', async () => {
    const file = await openModelFile(fixture('fp8.pt'));
    expect(await file.read('e4')).toEqual({ shape: [3], data: new Float32Array([1, -2, 448]) });
    expect(await file.read('e5')).toEqual({ shape: [2], data: new Float32Array([1, 0.5]) });
    expect(await file.read('u16')).toEqual({ shape: [2], data: new Float32Array([1, 65535]) });
    await file.close();
  });

  it.each(['lightning.ckpt', 'lightning_legacy.ckpt'])(
    'reads the weights under state_dict, and numbers as metadata: %s',
    async (name) => {
      const file = await openModelFile(fixture(name));
      expect([...file.tensors.keys()]).toEqual([
        'model.diffusion_model.out.2.weight',
        'model_ema.decay',
      ]);
      expect(file.metadata).toEqual({
        epoch: '3',
        global_step: '470000',
        'pytorch-lightning_version': '1.4.2',
      });
      expect((await file.read('model_ema.decay')).data[0]).toBe(Math.fround(0.9999));
      await file.close();
    },
  );

  it('reads the dictionary under the only key, as ComfyUI does', async () => {
    const tensor = { dtype: 'F32', shape: [1], bytes: new Uint8Array(4) } as const;
    const names = async (tensors: TensorsToSave, under?: string) => [
      ...(await describeModelFile(put('names.pth', torchFile(tensors, { under })))).tensors.keys(),
    ];
    expect(await names({ a: tensor }, 'params_ema')).toEqual(['a']);
    expect(await names({ a: tensor }, 'state_dict')).toEqual(['a']);
    expect(await names({ 'module.a': tensor, 'module.b': tensor })).toEqual([
      'module.a',
      'module.b',
    ]);
  });

  it.each([
    {},
    { sequential: true },
    { deflate: true },
    { transpose: true },
    { deflate: true, transpose: true },
  ])('reads a whole model: %o', async (form) => {
    const source = fixtureModel('tiny_srvgg_x2');
    const expected = await openSafetensors(source);
    const opened = await openModelFile(await asTorchFile(source, join(folder, 'model.pth'), form));
    expect([...opened.tensors.keys()].sort()).toEqual([...expected.tensors.keys()].sort());
    for (const key of expected.tensors.keys())
      expect(await opened.readRaw(key), key).toEqual(await expected.readRaw(key));
    await Promise.all([opened.close(), expected.close()]);
  });
});

describe('tensors that are not contiguous', () => {
  const cache = join(folder, 'cache');
  const open = async (file: string) => openModelFile(file, { cache, inMemory: 0 });

  it('are copied once into the cache, and again when the file or the cache changes', async () => {
    const file = put('views.pt', readFileSync(fixture('zip_2.pt')));
    const expected = await openSafetensors(fixture('expected.safetensors'));
    const check = async () => {
      const opened = await open(file);
      for (const key of expected.tensors.keys())
        expect(await opened.readRaw(key), key).toEqual(await expected.readRaw(key));
      await opened.close();
      return opened;
    };
    const opened = await check();
    const [name, ...others] = readdirSync(join(cache, 'torch'));
    expect(others).toEqual([]);
    const copy = join(cache, 'torch', name);
    expect([...opened.tensors].flatMap(([key, info]) => (info.file === copy ? [key] : []))).toEqual(
      ['column', 'transposed', 'last', 'expanded'],
    );

    const { ino } = statSync(copy);
    await check();
    expect(statSync(copy).ino).toBe(ino);

    writeFileSync(copy, readFileSync(copy).subarray(0, 100));
    await check();
    expect(statSync(copy).ino).not.toBe(ino);

    utimesSync(file, 1, 1);
    await check();
    expect(readdirSync(join(cache, 'torch')).length).toBe(2);
    await expected.close();
  });

  it('are refused with a hint when the cache is not writable', async () => {
    const blocked = put('blocked', Buffer.from('a file'));
    await expect(
      openModelFile(fixture('zip_2.pt'), { cache: blocked, inMemory: 0 }),
    ).rejects.toMatchObject({
      code: 'DR_OUTPUT_UNWRITABLE',
      hint: expect.stringContaining('DARKROOM_CACHE'),
    });
  });

  it('are described without writing to the cache', async () => {
    const { format, tensors } = await describeModelFile(fixture('legacy_2.pt'));
    expect(format).toBe('torch sequential');
    expect(tensors.get('last')).toMatchObject({ dtype: 'F32', shape: [2, 3, 2, 3] });
  });

  it('do not occur in .safetensors files, which are described too', async () => {
    expect(await describeModelFile(fixtureModel('tinyti'))).toMatchObject({
      format: 'safetensors',
    });
  });
});

describe('invalid files of torch', () => {
  it.each(['zip_2.pt', 'legacy_4.pt'])('are refused when truncated anywhere: %s', async (name) => {
    const bytes = readFileSync(fixture(name));
    for (let n = 0; n < bytes.length; n += 7)
      await expect(
        openModelFile(put('cut.pt', bytes.subarray(0, n))),
        `at ${n}`,
      ).rejects.toMatchObject({ code: 'DR_MODEL_INVALID' });
    await expect(openModelFile(put('cut.pt', bytes.subarray(0, -1)))).rejects.toMatchObject({
      hint: expect.stringContaining('cut off'),
    });
  });

  it('are refused when they come from a big-endian machine', async () => {
    const zip = zipOf([
      { name: 'a/data.pkl', data: pickle(dict()) },
      { name: 'a/byteorder', data: Buffer.from('big') },
    ]);
    const refused = {
      code: 'DR_MODEL_UNSUPPORTED',
      message: expect.stringContaining('big-endian'),
    };
    await expect(openModelFile(put('big.pt', zip))).rejects.toMatchObject(refused);
    const legacy = torchFile(
      { a: { dtype: 'F32', shape: [1], bytes: new Uint8Array(4) } },
      { sequential: true },
    );
    const at = legacy.indexOf('little_endian') + 'little_endian'.length;
    expect(legacy[at]).toBe(0x88);
    legacy[at] = 0x89;
    await expect(openModelFile(put('big.pt', legacy))).rejects.toMatchObject(refused);
  });
});
