import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { fileAnswer, startFileHost } from '../../test/support/file-host.ts';
import { openFolders } from '../storage/folders.ts';
import { fileHash, type ModelSource, refuseSource } from './model-source.ts';
import { planDownloads } from './plan.ts';
import { createWebClient } from './web-client.ts';

const source = (changes: Partial<ModelSource> = {}): ModelSource => ({
  ...{ name: 'm.safetensors', folder: 'checkpoints', url: 'https://example.com/m' },
  ...changes,
});

it.each([
  ['../m.safetensors', 'checkpoints'],
  ['a/../../m.safetensors', 'checkpoints'],
  ['..\\m.safetensors', 'checkpoints'],
  ['/etc/m.safetensors', 'checkpoints'],
  ['C:\\m.safetensors', 'checkpoints'],
  ['m.safetensors', '..'],
  ['m.safetensors', '../custom_nodes'],
  ['m.safetensors', ''],
  ['m.safetensors', '/etc'],
  ['', 'checkpoints'],
  ['.hidden.safetensors', 'checkpoints'],
  ['con.safetensors', 'checkpoints'],
  ['m\u0000.safetensors', 'checkpoints'],
  ['m\u202e.safetensors', 'checkpoints'],
  ['m.safetensors.', 'checkpoints'],
  [`${'m'.repeat(300)}.safetensors`, 'checkpoints'],
])('the name %j in the folder %j is refused', (name, folder) => {
  expect(refuseSource(source({ name, folder }))?.message).toContain('is no path inside');
});

it.each(['m.py', 'm.sh', 'm', 'm.safetensors.exe'])('%s is the name of no model', (name) => {
  expect(refuseSource(source({ name }))?.message).toContain('is not the name of a model file');
});

it.each(['file:///etc/passwd', 'ftp://example.com/m', 'javascript:1', 'm', ''])(
  'the address %j is refused',
  (url) => {
    expect(refuseSource(source({ url }))?.message).toContain('is not an https address');
  },
);

it('other names and addresses are not', () => {
  expect(refuseSource(source())).toBeUndefined();
  expect(refuseSource(source({ name: 'XL/Möbius v1.2 (a).safetensors' }))).toBeUndefined();
  expect(refuseSource(source({ name: 'XL\\m.pt', url: 'http://127.0.0.1:1/m' }))).toBeUndefined();
});

it('hashes that workflows state', () => {
  const digits = 'AB'.repeat(32);
  expect(fileHash(digits, 'SHA256')).toEqual({ type: 'sha256', value: digits.toLowerCase() });
  expect(fileHash(digits)).toEqual({ type: 'sha256', value: digits.toLowerCase() });
  expect(fileHash('ab'.repeat(16), 'md5')?.type).toBe('md5');
  for (const [value, type] of [
    [digits, 'BLAKE3'],
    ['abc', 'SHA256'],
    [7, 'SHA256'],
    [undefined, undefined],
  ])
    expect(fileHash(value, type)).toBeUndefined();
});

it('folders outside the models folders are not even listed', async () => {
  const listed: string[] = [];
  const modelFiles = (folder: string): string[] => {
    listed.push(folder);
    return ['m.safetensors'];
  };
  const { present, refused } = await planDownloads(
    ['..', 'a/../..', '/', '\\', 'vae'].map((folder) => source({ folder })),
    {
      folders: { modelFiles },
      root: 'models',
      client: createWebClient(),
      signal: new AbortController().signal,
    },
  );
  expect(listed).toEqual(['vae']);
  expect(present).toEqual(['vae/m.safetensors']);
  expect(refused).toHaveLength(2);
});

const root = mkdtempSync(join(tmpdir(), 'darkroom-plan-'));
afterAll(() => rmSync(root, { recursive: true }));

it('says what is missing, with size, licence and hash where the host tells them', async () => {
  const host = await startFileHost();
  mkdirSync(join(root, 'vae'), { recursive: true });
  writeFileSync(join(root, 'vae/there.safetensors'), 'x');
  const lfs = 'cd'.repeat(32);
  host.answer('/o/r/resolve/main/m.safetensors', (_, response) =>
    response
      .writeHead(302, { location: 'https://cdn.example/m', 'x-linked-etag': `"${lfs}"` })
      .end(),
  );
  host.answer('/m', fileAnswer(Buffer.alloc(1234)));
  host.answer('/api/models/o/r', (_, response) =>
    response.end(JSON.stringify({ cardData: { license: 'openrail' } })),
  );
  const url = 'https://huggingface.co/o/r/resolve/main/m.safetensors';
  const { missing, present, refused } = await planDownloads(
    [
      source({ url }),
      source({ url, hash: { type: 'sha256', value: 'ab' } }),
      source({ name: 'there.safetensors', folder: 'vae' }),
      source({ name: '../x.safetensors' }),
      source({ name: 'gone.safetensors', url: 'https://example.com/gone' }),
    ],
    {
      folders: openFolders({ models: [root] }),
      root,
      client: createWebClient({ fetch: host.fetch }),
      signal: new AbortController().signal,
    },
  );
  await host.close();
  expect(missing).toMatchObject([
    {
      path: 'checkpoints/m.safetensors',
      target: join(root, 'checkpoints/m.safetensors'),
      source: { hash: { value: 'ab' } },
      remote: { size: 1234, licence: 'openrail', hash: { type: 'sha256', value: lfs } },
      loaded: 0,
    },
    {
      path: 'checkpoints/gone.safetensors',
      remote: { licence: undefined, error: { code: 'DR_DOWNLOAD' } },
    },
  ]);
  expect(present).toEqual(['vae/there.safetensors']);
  expect(refused).toHaveLength(1);
});
