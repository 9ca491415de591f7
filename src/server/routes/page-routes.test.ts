// The built-in page through app.inject: where it is, what it may load, what it reads.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type TestServer, testServer } from '../../../test/support/server.ts';
import { frontendFolder, prepareUser } from '../http/frontend-files.ts';

let test: TestServer;
beforeAll(async () => {
  test = await testServer({ builtIn: true, idle: true });
});
afterAll(() => test.close());
const get = (url: string) => test.server.app.inject({ url });
const read = (payload: string | Buffer, name = 'x.json') =>
  test.server.app.inject({
    method: 'POST',
    url: `/darkroom/read?name=${encodeURIComponent(name)}`,
    payload,
  });

describe('the built-in page', () => {
  it('is at / and /darkroom, and loads nothing from elsewhere', async () => {
    for (const url of ['/', '/darkroom']) {
      const answer = await get(url);
      expect(answer.headers['content-type']).toBe('text/html; charset=utf-8');
      expect(answer.headers['content-security-policy']).toContain("default-src 'self'");
      for (const [, link] of answer.body.matchAll(/(?:href|src)="([^"#]+)"/g))
        expect((await get(`/${link}`)).statusCode).toBe(200);
    }
    for (const url of [
      '/darkroom/nothing.js',
      '/darkroom/tsconfig.json',
      '/darkroom/..%2fpackage.json',
      '/darkroom/%00.js',
    ])
      expect((await get(url)).statusCode).toBe(404);
  });

  it('reads a workflow, and says what a file is that is none', async () => {
    const answer = await read(readFileSync('examples/text-to-image.json'));
    const { prompt, source, notes, form } = answer.json();
    expect([answer.statusCode, source, notes, form.missing]).toEqual([200, 'API', [], []]);
    expect(prompt['5'].class_type).toBe('KSampler');
    expect(form.main[0]).toMatchObject({ id: '2', input: 'text', label: 'Prompt', kind: 'lines' });
    expect(answer.body).toContain('"max": 18446744073709551615');
    const bad = await read('[1]', '../../notes.json');
    expect([bad.statusCode, bad.json().error.message]).toEqual([
      422,
      expect.stringContaining('notes.json'),
    ]);
    expect(bad.body).not.toContain('..');
    expect((await read('')).statusCode).toBe(422);
  });

  it('offers the examples that run here', async () => {
    const names = (await get('/darkroom/examples')).json();
    expect(names).toContain('text-to-image');
    for (const name of names)
      expect((await get(`/darkroom/examples/${name}`)).json().form.missing).toEqual([]);
    for (const name of ['nothing', '..%2fpackage'])
      expect((await get(`/darkroom/examples/${name}`)).statusCode).toBe(404);
  });
});

describe('ComfyUI’s own frontend', () => {
  it('is at / in its place, with what its package lacks', async () => {
    const folder = join(test.root, 'unpacked');
    expect(() => frontendFolder(folder)).toThrow(/no frontend/);
    mkdirSync(join(folder, 'comfyui_frontend_package', 'static'), { recursive: true });
    writeFileSync(join(folder, 'comfyui_frontend_package', 'static', 'index.html'), '<p>Frontend');
    const user = join(test.root, 'frontend-user');
    prepareUser(user);
    writeFileSync(join(user, 'default', 'user.css'), 'body {}');
    prepareUser(user);
    const own = await testServer({ idle: true, webRoot: frontendFolder(folder), user });
    const at = (url: string) => own.server.app.inject({ url });
    expect((await at('/')).body).toBe('<p>Frontend');
    expect((await at('/darkroom')).body).toContain('<title>Darkroom');
    const answers = [
      '/user.css',
      '/templates/index.json',
      '/favicon.ico',
      '/api/userdata/user.css',
      '/api/userdata?dir=workflows',
    ];
    for (const url of answers) expect((await at(url)).statusCode).toBe(200);
    expect((await at('/api/userdata/user.css')).headers['content-type']).toContain('text/css');
    expect((await at('/api/userdata/user.css')).body).toBe('body {}');
    expect((await at('/api/settings')).json()).toMatchObject({ 'Comfy.TutorialCompleted': true });
    await own.close();
  });
});
