// The built-in page without a browser: its files, what it may load, the workflows that it reads.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type TestServer, testServer } from '../../../test/support/server.ts';
import { frontendFolder, prepareUser } from '../http/frontend-files.ts';

describe('the built-in page', () => {
  let test: TestServer;
  beforeAll(async () => {
    test = await testServer({ builtIn: true, noQueue: true });
  });
  afterAll(() => test.close());
  const read = (content: string | Buffer, name = 'x.json') =>
    test.server.app.inject({
      method: 'POST',
      url: `/darkroom/read?name=${encodeURIComponent(name)}`,
      payload: content,
    });

  it.each(['/', '/darkroom'])('is at %s, and has only files of this server', async (url) => {
    const { headers, body } = await test.get(url);
    expect(headers['content-type']).toBe('text/html; charset=utf-8');
    expect(headers['content-security-policy']).toContain("default-src 'self'");
    for (const [, link] of body.matchAll(/(?:href|src)="([^"#]+)"/g))
      expect((await test.get(`/${link}`)).statusCode, link).toBe(200);
  });

  it('has all scripts that its scripts import', async () => {
    const seen = new Set<string>();
    const check = async (script: string): Promise<void> => {
      if (seen.has(script)) return;
      seen.add(script);
      const { statusCode, headers, body } = await test.get(`/darkroom/${script}`);
      expect(statusCode, script).toBe(200);
      expect(headers['content-type']).toBe('application/javascript; charset=utf-8');
      for (const [, imported] of body.matchAll(/from ["']\.\/([^"']+)["']/g)) await check(imported);
    };
    await check('page.js');
    expect(seen.size).toBeGreaterThan(5);
  });

  it.each([
    '/darkroom/nothing.js',
    '/darkroom/tsconfig.json',
    '/darkroom/page.ts',
    '/darkroom/..%2fpackage.json',
    '/darkroom/%00.js',
  ])('does not have %s', async (url) => {
    expect((await test.get(url)).statusCode).toBe(404);
  });

  it('reads a workflow', async () => {
    const response = await read(readFileSync('examples/text-to-image.json'));
    expect(response.statusCode).toBe(200);
    const { prompt, source, notes, form } = response.json();
    expect({ source, notes, missing: form.missing }).toEqual({
      source: 'API',
      notes: [],
      missing: [],
    });
    expect(prompt['5'].class_type).toBe('KSampler');
    expect(form.main[0]).toMatchObject({ id: '2', input: 'text', label: 'Prompt', kind: 'lines' });
    expect(response.body).toContain('"max": 18446744073709551615');
  });

  it('reports that a file contains no workflow, by its name without folders', async () => {
    const response = await read('[1]', '../../notes.json');
    expect(response.statusCode).toBe(422);
    expect(response.json().error.message).toContain('notes.json');
    expect(response.body).not.toContain('..');
    expect((await read('')).statusCode).toBe(422);
  });

  it('offers the examples that can run here', async () => {
    const names = (await test.get('/darkroom/examples')).json();
    expect(names).toContain('text-to-image');
    for (const name of names) {
      const { form } = (await test.get(`/darkroom/examples/${name}`)).json();
      expect(form.missing, name).toEqual([]);
    }
  });

  it.each(['nothing', '..%2fpackage'])('has no example %s', async (name) => {
    expect((await test.get(`/darkroom/examples/${name}`)).statusCode).toBe(404);
  });
});

describe('ComfyUI’s own frontend', () => {
  const root = mkdtempSync(join(tmpdir(), 'darkroom-frontend-'));
  const unpacked = join(root, 'unpacked');
  const user = join(root, 'user');
  let test: TestServer;
  beforeAll(async () => {
    mkdirSync(join(unpacked, 'comfyui_frontend_package', 'static'), { recursive: true });
    writeFileSync(
      join(unpacked, 'comfyui_frontend_package', 'static', 'index.html'),
      '<p>Frontend',
    );
    prepareUser(user);
    test = await testServer({ noQueue: true, webRoot: frontendFolder(unpacked), user });
  });
  afterAll(async () => {
    await test.close();
    rmSync(root, { recursive: true, force: true });
  });

  it('is not found in a folder without index.html', () => {
    mkdirSync(join(root, 'empty'));
    expect(() => frontendFolder(join(root, 'empty'))).toThrow(/no frontend/);
  });

  it('is refused when its files for a new user cannot be written', () => {
    const file = join(root, 'file');
    writeFileSync(file, '');
    expect(() => prepareUser(file)).toThrow(
      expect.objectContaining({ code: 'DR_OUTPUT_UNWRITABLE' }),
    );
  });

  it('is at /, the built-in page at /darkroom', async () => {
    expect((await test.get('/')).body).toBe('<p>Frontend');
    expect((await test.get('/darkroom')).body).toContain('<title>Darkroom');
  });

  it.each([
    '/user.css',
    '/templates/index.json',
    '/favicon.ico',
    '/api/userdata/user.css',
    '/api/userdata?dir=workflows',
  ])('finds %s, which its package does not have', async (url) => {
    expect((await test.get(url)).statusCode).toBe(200);
  });

  it('has the settings and styles of a new user, which are not overwritten', async () => {
    writeFileSync(join(user, 'default', 'user.css'), 'body {}');
    prepareUser(user);
    const { headers, body } = await test.get('/api/userdata/user.css');
    expect(headers['content-type']).toContain('text/css');
    expect(body).toBe('body {}');
    const settings = (await test.get('/api/settings')).json();
    expect(settings).toMatchObject({ 'Comfy.TutorialCompleted': true });
  });
});
