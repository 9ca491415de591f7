// Every route family but those of prompt.test.ts, through app.inject; then the guards.
import {
  existsSync,
  mkdirSync,
  readFileSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type TestServer, testServer } from '../../test/support/server.ts';
import { readPictureTexts } from '../image/codec/picture-text.ts';
import { encodePng } from '../image/codec/png.ts';

let test: TestServer;
beforeAll(async () => {
  test = await testServer({ idle: true });
});
afterAll(() => test.close());

const get = (url: string, headers: Record<string, string> = {}) =>
  test.server.app.inject({ url, headers });
const post = (url: string, body: unknown = '', headers: Record<string, string> = {}) =>
  test.server.app.inject({
    method: 'POST',
    url,
    payload: typeof body === 'string' ? body : JSON.stringify(body),
    headers,
  });
const upload = (
  url: string,
  fields: Record<string, string>,
  file?: { name: string; bytes: Uint8Array },
) => {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  if (file) form.append('image', new Blob([Buffer.from(file.bytes)]), file.name);
  return test.server.app.inject({ method: 'POST', url, payload: form });
};
const picture = (alpha = 255, text: Record<string, string> = {}): Promise<Buffer> => {
  const bytes = new Uint8Array(8 * 4 * 4).map((_, i) => (i % 4 === 3 ? alpha : 40 * (i % 4) + 20));
  return encodePng({ width: 8, height: 4, channels: 4, bytes }, { text });
};

describe('/view', () => {
  beforeAll(async () => {
    mkdirSync(join(test.folders.output, 'sub'));
    writeFileSync(join(test.folders.output, 'a.png'), await picture(100));
    writeFileSync(join(test.folders.output, 'sub', 'b.png'), await picture());
    writeFileSync(join(test.folders.input, 'page.html'), '<script>alert(1)</script>');
    writeFileSync(join(test.folders.input, 'text.txt'), 'no picture');
    writeFileSync(join(test.root, 'secret.txt'), 'SECRET');
  });

  it('sends files of the three folders', async () => {
    const answer = await get('/view?filename=a.png');
    expect([
      answer.statusCode,
      answer.headers['content-type'],
      answer.headers['content-disposition'],
    ]).toEqual([200, 'image/png', 'filename="a.png"']);
    expect(answer.rawPayload.equals(readFileSync(join(test.folders.output, 'a.png')))).toBe(true);
    expect((await get('/api/view?filename=b.png&subfolder=sub&type=output')).statusCode).toBe(200);
    expect((await get('/view?filename=page.html&type=input')).headers['content-type']).toBe(
      'application/octet-stream',
    );
    expect(
      (await get(`/view?filename=${encodeURIComponent('page.html [input]')}`)).statusCode,
    ).toBe(200);
    expect(
      (
        await get('/view?filename=a.png', {
          'if-modified-since': answer.headers['last-modified'] as string,
        })
      ).statusCode,
    ).toBe(304);
    expect(
      (await test.server.app.inject({ method: 'HEAD', url: '/view?filename=a.png' })).statusCode,
    ).toBe(200);
  });

  it('sends previews and channels', async () => {
    const metaOf = async (query: string) => {
      const answer = await get(`/view?filename=a.png&${query}`);
      expect(answer.statusCode, query).toBe(200);
      return sharp(answer.rawPayload).metadata();
    };
    expect((await metaOf('preview=webp')).format).toBe('webp');
    expect(await metaOf('preview=jpeg;50')).toMatchObject({ format: 'jpeg', channels: 3 });
    expect(await metaOf('preview=jpeg&channel=a')).toMatchObject({ format: 'webp', channels: 4 });
    expect(await metaOf('channel=rgb')).toMatchObject({ format: 'png', channels: 3 });
    const alpha = await sharp((await get('/view?filename=a.png&channel=a')).rawPayload)
      .raw()
      .toBuffer();
    expect([...alpha.subarray(0, 4)]).toEqual([0, 0, 0, 100]);
  });

  it('sends nothing else', async () => {
    const statuses = [
      ['/view', 404],
      ['/view?filename=', 400],
      ['/view?filename=none.png', 404],
      ['/view?filename=../secret.txt', 400],
      ['/view?filename=/etc/passwd', 400],
      ['/view?filename=secret.txt&subfolder=..', 403],
      ['/view?filename=passwd&subfolder=/etc', 403],
      ['/view?filename=a.png&type=elsewhere', 400],
      ['/view?filename=a.png%00', 400],
      ['/view?filename=sub', 404],
      ['/view?filename=text.txt&type=input&preview=webp', 400],
    ] as const;
    for (const [url, status] of statuses) expect((await get(url)).statusCode, url).toBe(status);
    expect((await get('/view/validate?filename=text.txt&subfolder=')).statusCode).toBe(200);
    expect((await get('/view/validate?filename=none&subfolder=')).statusCode).toBe(400);
  });
});

describe('/upload', () => {
  it('keeps what is there, unless told, and takes an equal file as the same', async () => {
    const [one, two] = [
      { name: 'x.png', bytes: await picture(1) },
      { name: 'x.png', bytes: await picture(2) },
    ];
    const nameOf = async (file: typeof one, fields: Record<string, string> = {}) =>
      (await upload('/upload/image', fields, file)).json();
    expect(await nameOf(one)).toEqual({ name: 'x.png', subfolder: '', type: 'input' });
    expect((await nameOf(one)).name).toBe('x.png');
    expect((await nameOf(two)).name).toBe('x (1).png');
    expect((await nameOf(two)).name).toBe('x (1).png');
    expect((await nameOf(two, { overwrite: 'true' })).name).toBe('x.png');
    expect(readFileSync(join(test.folders.input, 'x.png')).equals(two.bytes)).toBe(true);
    expect(await nameOf(one, { subfolder: 'deep/er', type: 'temp' })).toEqual({
      name: 'x.png',
      subfolder: 'deep/er',
      type: 'temp',
    });
    expect(existsSync(join(test.folders.temp, 'deep', 'er', 'x.png'))).toBe(true);
  });

  it('stays in its folder', async () => {
    const file = { name: 'x.png', bytes: await picture() };
    expect((await upload('/upload/image', { subfolder: '../..' }, file)).statusCode).toBe(400);
    expect((await upload('/upload/image', { subfolder: '/tmp' }, file)).statusCode).toBe(400);
    expect((await upload('/upload/image', { type: 'models' }, file)).statusCode).toBe(400);
    expect((await upload('/upload/image', {})).statusCode).toBe(400);
    expect((await post('/upload/image', {})).statusCode).toBe(400);
    await upload('/upload/image', {}, { ...file, name: '../../escaped.png' });
    expect(existsSync(join(test.root, 'escaped.png'))).toBe(false);
  });

  it('puts a mask into a picture, whose texts stay', async () => {
    writeFileSync(
      join(test.folders.input, 'original.png'),
      await picture(255, { prompt: '{"1": 2}' }),
    );
    const mask = { name: 'mask.png', bytes: await picture(7) };
    const answer = await upload(
      '/upload/mask',
      { original_ref: JSON.stringify({ filename: 'original.png', type: 'input' }) },
      mask,
    );
    expect(answer.json()).toEqual({ name: 'mask.png', subfolder: '', type: 'input' });
    const made = readFileSync(join(test.folders.input, 'mask.png'));
    expect(readPictureTexts(made, 'mask.png')).toEqual({ prompt: '{"1": 2}' });
    expect([...(await sharp(made).raw().toBuffer()).subarray(0, 4)]).toEqual([20, 60, 100, 7]);
    const refused = (ref: unknown) =>
      upload('/upload/mask', { original_ref: JSON.stringify(ref) }, mask);
    for (const ref of [
      5,
      {},
      { filename: '../secret.txt' },
      { filename: 'none.png' },
      { filename: '/etc/passwd' },
    ])
      expect((await refused(ref)).statusCode).toBe(400);
    expect(
      (await refused({ filename: 'original.png', type: 'input', subfolder: '../..' })).statusCode,
    ).toBe(403);
  });

  it('has a limit', async () => {
    const small = await testServer({ closed: true, maxUploadBytes: 5000 });
    try {
      const form = new FormData();
      form.append('image', new Blob([Buffer.alloc(20_000)]), 'large.bin');
      expect(
        (await small.server.app.inject({ method: 'POST', url: '/upload/image', payload: form }))
          .statusCode,
      ).toBe(413);
      expect(
        (
          await small.server.app.inject({
            method: 'POST',
            url: '/prompt',
            payload: 'x'.repeat(6000),
          })
        ).statusCode,
      ).toBe(413);
      expect((await small.server.app.inject({ url: '/features' })).json().max_upload_size).toBe(
        5000,
      );
      expect(existsSync(join(small.folders.input, 'large.bin'))).toBe(false);
    } finally {
      await small.close();
    }
  });
});

describe('models', () => {
  beforeAll(() => {
    const folder = join(test.folders.models[0], 'checkpoints');
    const header = Buffer.from(JSON.stringify({ __metadata__: { title: 'T' } }));
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(header.length));
    writeFileSync(join(folder, 'm.safetensors'), Buffer.concat([length, header]));
    writeFileSync(join(folder, 'broken.safetensors'), 'x');
  });

  it('are listed', async () => {
    expect((await get('/models')).json()).toContain('upscale_models');
    expect((await get('/models/checkpoints')).json()).toEqual([
      'broken.safetensors',
      'm.safetensors',
    ]);
    expect((await get('/models/clip')).json()).toEqual([]);
    expect((await get('/models/none')).statusCode).toBe(404);
    expect((await get('/embeddings')).json()).toEqual([]);
    const folders = (await get('/experiment/models')).json();
    expect(folders[0]).toEqual({
      name: 'checkpoints',
      folders: [join(test.folders.models[0], 'checkpoints')],
    });
    expect(folders.map(({ name }: { name: string }) => name)).not.toContain('configs');
    expect((await get('/experiment/models/checkpoints')).json()[1]).toEqual({
      ...{
        name: 'm.safetensors',
        pathIndex: 0,
        size: expect.any(Number),
        modified: expect.any(Number),
        created: expect.any(Number),
      },
    });
    expect((await get('/experiment/models/none')).statusCode).toBe(404);
    expect((await get('/internal/folder_paths')).json().vae).toEqual([
      join(test.folders.models[0], 'vae'),
    ]);
    expect((await get('/api/internal/folder_paths')).statusCode).toBe(404);
  });

  it('tell of themselves, and have a picture', async () => {
    expect((await get('/view_metadata/checkpoints?filename=m.safetensors')).json()).toEqual({
      title: 'T',
    });
    for (const url of [
      'checkpoints',
      'checkpoints?filename=broken.safetensors',
      'checkpoints?filename=m.ckpt',
      'none?filename=m.safetensors',
    ])
      expect((await get(`/view_metadata/${url}`)).statusCode, url).toBe(404);
    const preview = (name: string) => get(`/experiment/models/preview/checkpoints/0/${name}`);
    expect((await preview('m.safetensors')).statusCode).toBe(404);
    writeFileSync(join(test.folders.models[0], 'checkpoints', 'm.preview.png'), await picture());
    expect((await preview('m.safetensors')).headers['content-type']).toBe('image/webp');
    expect((await preview('..%2F..%2Foutput%2Fa.png')).statusCode).toBe(404);
  });
});

describe('settings, users and their files', () => {
  it('are kept', async () => {
    expect((await get('/settings')).json()).toEqual({});
    expect((await post('/settings', { a: 1, big: 2 })).body).toBe('');
    await post('/settings/big', '18446744073709551615');
    await post('/settings/Comfy.X', { deep: null });
    expect((await get('/settings')).body).toBe(
      '{"a": 1, "big": 18446744073709551615, "Comfy.X": {"deep": null}}',
    );
    expect((await get('/settings/a')).json()).toBe(1);
    expect((await get('/settings/none')).json()).toBe(null);
    expect((await post('/settings', '[]')).statusCode).toBe(400);
    expect((await post('/settings/a', 'no')).statusCode).toBe(500);
    expect((await get('/users')).json()).toEqual({ storage: 'server', migrated: true });
  });

  it('are listed, written, moved, deleted', async () => {
    expect((await get('/userdata?dir=workflows')).statusCode).toBe(404);
    expect((await get('/userdata')).statusCode).toBe(400);
    expect((await post('/userdata/workflows%2Fa.json', '{"a":1}')).json()).toBe('workflows/a.json');
    expect(
      (await post('/userdata/workflows%2Fsub%2Fb.json?full_info=true', 'b')).json(),
    ).toMatchObject({
      path: 'workflows/sub/b.json',
      size: 1,
    });
    expect((await post('/userdata/workflows%2Fa.json?overwrite=false', 'x')).statusCode).toBe(409);
    expect((await get('/userdata/workflows%2Fa.json')).body).toBe('{"a":1}');
    expect((await get('/userdata?dir=workflows')).json()).toEqual(['a.json']);
    expect((await get('/api/userdata?dir=workflows&recurse=true&split=true')).json()).toEqual([
      ['a.json', 'a.json'],
      ['sub/b.json', 'sub', 'b.json'],
    ]);
    expect((await get('/userdata?dir=workflows&full_info=true')).json()[0]).toMatchObject({
      path: 'a.json',
      size: 7,
    });
    expect(
      (await get('/v2/userdata?path=workflows'))
        .json()
        .map((e: { path: string; type: string }) => `${e.type} ${e.path}`),
    ).toEqual([
      ...['directory workflows/sub', 'file workflows/a.json', 'file workflows/sub/b.json'],
    ]);
    expect((await post('/userdata/workflows%2Fa.json/move/c.json')).json()).toBe('c.json');
    expect((await post('/userdata/none.json/move/d.json')).statusCode).toBe(404);
    const remove = (url: string) => test.server.app.inject({ method: 'DELETE', url });
    expect((await remove('/userdata/c.json')).statusCode).toBe(204);
    expect((await remove('/userdata/c.json')).statusCode).toBe(404);
    expect((await remove('/userdata/workflows')).statusCode).toBe(400);
  });

  it('stay in their folder', async () => {
    for (const name of [
      '..%2Fescaped',
      '%2Fetc%2Fpasswd',
      '..%252Fescaped',
      'a%2F..%2F..%2Fb',
      '..%5Cescaped',
      'a%00b',
    ])
      for (const answer of [await get(`/userdata/${name}`), await post(`/userdata/${name}`, 'x')])
        expect(answer.statusCode, name).toBe(403);
    expect((await get('/userdata?dir=..')).statusCode).toBe(403);
    expect((await get('/v2/userdata?path=..')).statusCode).toBe(400);
    expect((await post('/userdata/workflows%2Fsub%2Fb.json/move/..%2Fx')).statusCode).toBe(403);
  });

  it('are several, where told', async () => {
    const many = await testServer({ closed: true, multiUser: true });
    try {
      const ask = (url: string, user?: string, body?: unknown) =>
        many.server.app.inject({
          ...{
            url,
            method: body === undefined ? 'GET' : 'POST',
            headers: user === undefined ? {} : { 'comfy-user': user },
          },
          ...(body === undefined ? {} : { payload: JSON.stringify(body) }),
        } as const);
      expect((await ask('/users')).json()).toEqual({ storage: 'server', users: {} });
      const id = (await ask('/users', undefined, { username: 'Ann E!' })).json();
      expect(id).toMatch(/^Ann-E-_[0-9a-f-]{36}$/);
      expect((await ask('/users', undefined, { username: 'Ann E!' })).json()).toEqual({
        error: 'Duplicate username.',
      });
      expect((await ask('/users')).json().users).toEqual({ [id]: 'Ann E!' });
      expect((await ask('/settings', id, { a: 1 })).statusCode).toBe(200);
      expect((await ask('/settings', id)).json()).toEqual({ a: 1 });
      expect((await ask('/settings', '../x')).statusCode).toBe(401);
      expect((await ask('/v2/userdata', 'nobody')).statusCode).toBe(403);
    } finally {
      await many.close();
    }
  });
});

describe('what the server tells of itself', () => {
  it('is there', async () => {
    const stats = (await get('/system_stats')).json();
    expect(stats.system).toMatchObject({ os: 'posix', comfyui_version: '0.3.64' });
    expect(stats.devices.length).toBe(1);
    expect((await get('/features')).json()).toEqual({
      supports_preview_metadata: true,
      max_upload_size: 104857600,
    });
    for (const [url, body] of [
      ['/extensions', '[]'],
      ['/i18n', '{}'],
      ['/workflow_templates', '{}'],
      ['/object_info/none', '{}'],
    ])
      expect((await get(url)).body).toBe(body);
    expect((await get('/healthz')).json()).toEqual({ status: 'ok' });
    expect((await get('/metrics')).body).toMatch(
      /darkroom_http_requests_total\{route="\/system_stats",method="GET",status="200"\} \d/,
    );
    expect(typeof (await get('/internal/logs')).json()).toBe('string');
    expect((await get('/internal/logs/raw')).json().entries.length).toBeGreaterThan(0);
    writeFileSync(join(test.folders.temp, 'old.png'), '');
    utimesSync(join(test.folders.temp, 'old.png'), 1, 1);
    writeFileSync(join(test.folders.temp, 'new.png'), '');
    expect((await get('/internal/files/temp')).json()).toEqual(['new.png', 'old.png']);
    expect((await get('/internal/files/models')).json()).toEqual({
      error: 'Invalid directory type',
    });
    expect((await get('/')).body).toContain('Darkroom');
  });

  it('describes all its routes', async () => {
    const { paths, openapi } = (await get('/openapi.json')).json();
    expect(openapi).toBe('3.1.0');
    for (const { path, method } of test.server.routes)
      expect(paths[path.replace('+', '')][method.toLowerCase()].summary, path).toBeTruthy();
    const ids = Object.values(paths).flatMap((path) =>
      Object.values(path as object).map(({ operationId }) => operationId),
    );
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('knows ComfyUI’s shape of a node', async () => {
    expect((await get('/object_info/TestValues')).json()['TestValues']).toEqual({
      input: {
        required: {
          int: ['INT', { default: 0, min: 1, max: 10 }],
          float: ['FLOAT', { default: 0, min: 0, max: 10 }],
          text: ['STRING'],
          flag: ['BOOLEAN', { default: false }],
          choice: [['euler', "it's"]],
        },
        optional: {
          model: [['broken.safetensors', 'm.safetensors']],
          image: [expect.any(Array), { image_upload: true }],
          socket: ['MODEL'],
        },
      },
      input_order: {
        required: ['int', 'float', 'text', 'flag', 'choice'],
        optional: ['model', 'image', 'socket'],
      },
      ...{
        output: ['STRING'],
        output_is_list: [false],
        output_name: ['STRING'],
        name: 'TestValues',
        display_name: 'Values',
      },
      ...{ description: '', python_module: 'nodes', category: 'test', output_node: false },
    });
    expect(Object.keys((await get('/object_info')).json())).toContain('TestSave');
  });

  it('knows wildcards, and the pictures of a Preview Bridge', async () => {
    mkdirSync(join(test.folders.models[0], '..', 'wildcards'), { recursive: true });
    expect((await post('/impact/wildcards', { text: '{a|a}', seed: 1 })).json()).toEqual({
      text: 'a',
    });
    expect((await get('/impact/wildcards/list')).json()).toEqual({ data: expect.any(Array) });
    expect((await get('/impact/wildcards/refresh')).statusCode).toBe(200);
    const id = (
      await get('/impact/set/pb_id_image?node_id=1&filename=a.png&type=output&subfolder=')
    ).body;
    expect(id).toBe('a.png [output]');
    const ask = (what: string, name: string) =>
      get(`/impact/${what}/pb_id_image?id=${encodeURIComponent(name)}`);
    expect((await ask('validate', id)).statusCode).toBe(200);
    expect((await ask('get', id)).json()).toEqual({
      filename: 'a.png',
      type: 'output',
      subfolder: '',
    });
    expect((await ask('view', id)).headers['content-type']).toBe('image/png');
    expect((await ask('view', '../secret.txt [output]')).statusCode).toBe(400);
  });

  it('answers wrong paths and methods as ComfyUI', async () => {
    expect((await get('/nothing')).statusCode).toBe(404);
    expect((await test.server.app.inject({ method: 'DELETE', url: '/prompt' })).statusCode).toBe(
      405,
    );
    expect((await post('/history/x', {})).headers.allow).toBe('GET');
    expect((await get('/ws')).statusCode).toBe(400);
  });
});

describe('the guards', () => {
  const status = async (
    server: TestServer,
    url: string,
    headers: Record<string, string>,
    method: 'GET' | 'OPTIONS' = 'GET',
  ) => (await server.server.app.inject({ url, method, headers })).statusCode;

  it('refuse pages of other sites and other names', async () => {
    const ask = (headers: Record<string, string>) => status(test, '/features', headers);
    expect(await ask({ host: 'localhost:8188', origin: 'http://localhost:8188' })).toBe(200);
    expect(await ask({ host: '127.0.0.1:8188', origin: 'http://127.0.0.1' })).toBe(200);
    expect(await ask({ host: 'localhost:8188', origin: 'http://localhost:3000' })).toBe(403);
    expect(await ask({ host: 'localhost:8188', origin: 'https://evil.example' })).toBe(403);
    expect(await ask({ host: 'localhost:8188', origin: 'null' })).toBe(403);
    expect(await ask({ host: 'evil.example', origin: 'http://evil.example' })).toBe(403);
    expect(await ask({ host: '[::1]:8188' })).toBe(200);
    expect(await status(test, '/features', {}, 'OPTIONS')).toBe(200);
  });

  it('allow the origin that was told', async () => {
    const open = await testServer({
      closed: true,
      corsOrigin: 'https://app.example',
      hosts: ['studio.example'],
    });
    try {
      const answer = await open.server.app.inject({
        url: '/features',
        headers: { host: 'studio.example', origin: 'https://app.example' },
      });
      expect(answer.statusCode).toBe(200);
      expect(answer.headers['access-control-allow-origin']).toBe('https://app.example');
      expect(await status(open, '/features', { origin: 'https://app.example' }, 'OPTIONS')).toBe(
        200,
      );
    } finally {
      await open.close();
    }
  });

  it('want the token, as header, query or cookie', async () => {
    const guarded = await testServer({ closed: true, token: 'sésame' });
    try {
      expect(await status(guarded, '/features', {})).toBe(401);
      expect(await status(guarded, '/api/view?filename=x', {})).toBe(401);
      expect(await status(guarded, '/', {})).toBe(401);
      expect(await status(guarded, '/healthz', {})).toBe(503);
      expect(await status(guarded, '/features', { authorization: 'Bearer wrong' })).toBe(401);
      expect(await status(guarded, '/features', { authorization: 'Bearer sésame' })).toBe(200);
      expect(
        await status(guarded, '/features', {
          authorization: 'Bearer sésame',
          host: 'anything.example',
        }),
      ).toBe(200);
      const page = await guarded.server.app.inject({
        url: `/?token=${encodeURIComponent('sésame')}`,
      });
      expect(page.statusCode).toBe(200);
      const cookie = (page.headers['set-cookie'] as string).split(';')[0];
      expect(await status(guarded, '/features', { cookie })).toBe(200);
    } finally {
      await guarded.close();
    }
  });
});

describe('a frontend', () => {
  it('is served with ComfyUI’s caching, and nothing beside it', async () => {
    const webRoot = join(test.root, 'web');
    mkdirSync(join(webRoot, 'extensions', 'core'), { recursive: true });
    for (const name of ['index.html', 'app.js', 'a.png', 'extensions/core/x.js'])
      writeFileSync(join(webRoot, name), name);
    symlinkSync(join(test.root, 'secret.txt'), join(test.root, 'link'));
    const web = await testServer({ closed: true, webRoot });
    try {
      const ask = (url: string) => web.server.app.inject({ url });
      const index = await ask('/');
      expect([index.body, index.headers['cache-control'], index.headers.expires]).toEqual([
        'index.html',
        'no-cache',
        '0',
      ]);
      expect((await ask('/app.js')).headers).toMatchObject({
        'cache-control': 'no-cache',
        'content-type': 'application/javascript; charset=utf-8',
      });
      expect((await ask('/a.png')).headers['cache-control']).toBe('public, max-age=86400');
      expect((await ask('/none.png')).headers['cache-control']).toBe('public, max-age=3600');
      expect((await ask('/extensions')).json()).toEqual(['/extensions/core/x.js']);
      for (const url of [
        '/../secret.txt',
        '/%2e%2e/secret.txt',
        '/..%2fsecret.txt',
        '/%2e%2e%2fsecret.txt',
      ])
        expect((await ask(url)).statusCode, url).toBe(404);
    } finally {
      await web.close();
    }
  });
});
