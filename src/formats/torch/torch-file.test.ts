// Files that torch itself wrote (test/fixtures/torch, with the Python lines), and files of the same
//   form laid out by hand.
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
    '%s.pt equals its tensors',
    async (name) => {
      const want = await openSafetensors(fixture('expected.safetensors'));
      const got = await openModelFile(fixture(`${name}.pt`));
      expect([...got.tensors.keys()].sort()).toEqual([...want.tensors.keys()].sort());
      for (const [key, { dtype, shape }] of want.tensors) {
        expect(got.tensors.get(key), key).toMatchObject({ dtype, shape });
        expect(await got.readRaw(key), key).toEqual(await want.readRaw(key));
        expect(await got.read(key), key).toEqual(await want.read(key));
      }
      // base[1:3]: a part of a shared storage, read in place
      expect(await got.readRows('view', [1, 0])).toEqual(await want.readRows('view', [1, 0]));
      expect(await got.readRows('transposed', [5])).toEqual(await want.readRows('transposed', [5]));
      const [base, view] = [got.tensors.get('f32')!, got.tensors.get('view')!];
      expect(view.offset - base.offset).toBe(24);
      expect([...got.tensors].flatMap(([key, { bytes }]) => (bytes ? [key] : []))).toEqual([
        'column',
        'transposed',
        'last',
        'expanded',
      ]);
      await Promise.all([got.close(), want.close()]);
    },
  );

  it('8-bit floats and unsigned integers, whose storages have no type', async () => {
    const file = await openModelFile(fixture('fp8.pt'));
    expect(await file.read('e4')).toEqual({ shape: [3], data: new Float32Array([1, -2, 448]) });
    expect(await file.read('e5')).toEqual({ shape: [2], data: new Float32Array([1, 0.5]) });
    expect(await file.read('u16')).toEqual({ shape: [2], data: new Float32Array([1, 65535]) });
    await file.close();
  });

  it.each(['lightning.ckpt', 'lightning_legacy.ckpt'])(
    '%s: the weights under state_dict, numbers as metadata',
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

  it('the only key is opened, several stay as prefixes, as ComfyUI does', async () => {
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
  ])('a whole model: %o', async (form) => {
    const source = fixtureModel('tiny_srvgg_x2');
    const want = await openSafetensors(source);
    const got = await openModelFile(await asTorchFile(source, join(folder, 'model.pth'), form));
    expect([...got.tensors.keys()].sort()).toEqual([...want.tensors.keys()].sort());
    for (const key of want.tensors.keys())
      expect(await got.readRaw(key), key).toEqual(await want.readRaw(key));
    await Promise.all([got.close(), want.close()]);
  });
});

describe('tensors that lie in no piece', () => {
  const cache = join(folder, 'cache');
  const open = async (file: string) => openModelFile(file, { cache, inMemory: 0 });

  it('are laid out once in the cache, and again when the file or the cache changes', async () => {
    const file = put('views.pt', readFileSync(fixture('zip_2.pt')));
    const want = await openSafetensors(fixture('expected.safetensors'));
    const check = async () => {
      const got = await open(file);
      for (const key of want.tensors.keys())
        expect(await got.readRaw(key), key).toEqual(await want.readRaw(key));
      await got.close();
      return got;
    };
    const got = await check();
    const [name, ...others] = readdirSync(join(cache, 'torch'));
    expect(others).toEqual([]);
    const laidOut = join(cache, 'torch', name);
    expect([...got.tensors].flatMap(([key, info]) => (info.file === laidOut ? [key] : []))).toEqual(
      ['column', 'transposed', 'last', 'expanded'],
    );

    const { ino } = statSync(laidOut);
    await check();
    expect(statSync(laidOut).ino).toBe(ino);

    writeFileSync(laidOut, readFileSync(laidOut).subarray(0, 100));
    await check();
    expect(statSync(laidOut).ino).not.toBe(ino);

    utimesSync(file, 1, 1);
    await check();
    expect(readdirSync(join(cache, 'torch')).length).toBe(2);
    await want.close();
  });

  it('a cache that cannot be written is named', async () => {
    const blocked = put('blocked', Buffer.from('a file'));
    await expect(
      openModelFile(fixture('zip_2.pt'), { cache: blocked, inMemory: 0 }),
    ).rejects.toMatchObject({
      code: 'DR_OUTPUT_UNWRITABLE',
      hint: expect.stringContaining('DARKROOM_CACHE'),
    });
  });

  it('describing a file writes nothing', async () => {
    const { format, tensors } = await describeModelFile(fixture('legacy_2.pt'));
    expect([format, tensors.get('last')]).toEqual([
      'torch sequential',
      expect.objectContaining({ dtype: 'F32', shape: [2, 3, 2, 3] }),
    ]);
    expect(await describeModelFile(fixtureModel('tinyti'))).toMatchObject({
      format: 'safetensors',
    });
  });
});

describe('broken files of torch', () => {
  it.each(['zip_2.pt', 'legacy_4.pt'])('%s cut off anywhere', async (name) => {
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

  it('from a big-endian machine', async () => {
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
