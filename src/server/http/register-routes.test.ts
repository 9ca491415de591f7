// Paths and methods that are not routes, and the files of a frontend.
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type TestServer, testServer } from '../../../test/support/server.ts';

describe('a server without a frontend', () => {
  let test: TestServer;
  beforeAll(async () => {
    test = await testServer({ noQueue: true });
  });
  afterAll(() => test.close());

  it('has the built-in page at /', async () => {
    expect((await test.get('/')).body).toContain('Darkroom');
  });

  it('responds with 404 to unknown paths', async () => {
    expect((await test.get('/nothing')).statusCode).toBe(404);
  });

  it('responds with 405 to other methods, and lists those that are allowed', async () => {
    const response = await test.server.app.inject({ method: 'DELETE', url: '/prompt' });
    expect(response.statusCode).toBe(405);
    expect((await test.post('/history/x', {})).headers.allow).toBe('GET');
  });

  it('refuses requests of /ws without an upgrade', async () => {
    expect((await test.get('/ws')).statusCode).toBe(400);
  });

  it.each([
    ['/extensions', '[]'],
    ['/i18n', '{}'],
    ['/global_subgraphs', '{}'],
    ['/workflow_templates', '{}'],
  ])('has nothing at %s', async (url, body) => {
    expect((await test.get(url)).body).toBe(body);
  });
});

describe('a server with a frontend', () => {
  const root = mkdtempSync(join(tmpdir(), 'darkroom-frontend-'));
  const webRoot = join(root, 'web');
  let test: TestServer;
  beforeAll(async () => {
    mkdirSync(join(webRoot, 'extensions', 'core'), { recursive: true });
    for (const name of ['index.html', 'app.js', 'a.png', 'extensions/core/x.js'])
      writeFileSync(join(webRoot, name), name);
    writeFileSync(join(root, 'secret.txt'), 'SECRET');
    symlinkSync(join(root, 'secret.txt'), join(root, 'link'));
    test = await testServer({ noQueue: true, webRoot });
  });
  afterAll(async () => {
    await test.close();
    rmSync(root, { recursive: true, force: true });
  });

  it('never caches the index', async () => {
    const { body, headers } = await test.get('/');
    expect(body).toBe('index.html');
    expect(headers).toMatchObject({ 'cache-control': 'no-cache', expires: '0' });
  });

  it('has scripts revalidated', async () => {
    expect((await test.get('/app.js')).headers).toMatchObject({
      'cache-control': 'no-cache',
      'content-type': 'application/javascript; charset=utf-8',
    });
  });

  it.each([
    ['/a.png', 'public, max-age=86400'],
    ['/none.png', 'public, max-age=3600'],
  ])('has %s cached: %s', async (url, caching) => {
    expect((await test.get(url)).headers['cache-control']).toBe(caching);
  });

  it('lists the scripts of extensions', async () => {
    const own = '/extensions/darkroom/default-workflow.js';
    expect((await test.get('/extensions')).json()).toEqual(['/extensions/core/x.js', own]);
    expect((await test.get(own)).body).toContain('registerExtension');
  });

  it.each(['/../secret.txt', '/%2e%2e/secret.txt', '/..%2fsecret.txt', '/%2e%2e%2fsecret.txt'])(
    'does not serve %s',
    async (url) => {
      expect((await test.get(url)).statusCode).toBe(404);
    },
  );
});
