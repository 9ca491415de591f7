import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type TestServer, testServer } from '../../../../test/support/server.ts';

let test: TestServer;
beforeEach(async () => {
  test = await testServer({ noQueue: true });
});
afterEach(() => test.close());

const remove = (url: string) => test.server.app.inject({ method: 'DELETE', url });

/** workflows/a.json with 7 bytes, workflows/sub/b.json with 1. */
async function writeFiles(): Promise<void> {
  await test.post('/userdata/workflows%2Fa.json', '{"a":1}');
  await test.post('/userdata/workflows%2Fsub%2Fb.json', 'b');
}

describe('writing', () => {
  it('returns the path, or with full_info also the size', async () => {
    const path = await test.post('/userdata/workflows%2Fa.json', '{"a":1}');
    expect(path.json()).toBe('workflows/a.json');
    const info = await test.post('/userdata/workflows%2Fsub%2Fb.json?full_info=true', 'b');
    expect(info.json()).toMatchObject({ path: 'workflows/sub/b.json', size: 1 });
  });

  it('overwrites a file unless overwrite=false', async () => {
    await writeFiles();
    const response = await test.post('/userdata/workflows%2Fa.json?overwrite=false', 'x');
    expect(response.statusCode).toBe(409);
    expect((await test.get('/userdata/workflows%2Fa.json')).body).toBe('{"a":1}');
  });
});

describe('listing', () => {
  it('needs a folder that exists', async () => {
    expect((await test.get('/userdata?dir=workflows')).statusCode).toBe(404);
    expect((await test.get('/userdata')).statusCode).toBe(400);
  });

  it('returns the files of a folder', async () => {
    await writeFiles();
    expect((await test.get('/userdata?dir=workflows')).json()).toEqual(['a.json']);
  });

  it('splits the paths of all files below with recurse and split', async () => {
    await writeFiles();
    const response = await test.get('/api/userdata?dir=workflows&recurse=true&split=true');
    expect(response.json()).toEqual([
      ['a.json', 'a.json'],
      ['sub/b.json', 'sub', 'b.json'],
    ]);
  });

  it('returns sizes with full_info', async () => {
    await writeFiles();
    const [file] = (await test.get('/userdata?dir=workflows&full_info=true')).json();
    expect(file).toMatchObject({ path: 'a.json', size: 7 });
  });

  it('returns folders before files in /v2/userdata', async () => {
    await writeFiles();
    const entries = (await test.get('/v2/userdata?path=workflows')).json();
    expect(entries).toEqual([
      expect.objectContaining({ type: 'directory', path: 'workflows/sub' }),
      expect.objectContaining({ type: 'file', path: 'workflows/a.json' }),
      expect.objectContaining({ type: 'file', path: 'workflows/sub/b.json' }),
    ]);
  });
});

describe('moving and deleting', () => {
  it('moves a file', async () => {
    await writeFiles();
    const response = await test.post('/userdata/workflows%2Fa.json/move/c.json');
    expect(response.json()).toBe('c.json');
    expect((await test.get('/userdata/c.json')).body).toBe('{"a":1}');
  });

  it('does not move a file that does not exist', async () => {
    expect((await test.post('/userdata/none.json/move/d.json')).statusCode).toBe(404);
  });

  it('deletes a file once', async () => {
    await test.post('/userdata/c.json', 'c');
    expect((await remove('/userdata/c.json')).statusCode).toBe(204);
    expect((await remove('/userdata/c.json')).statusCode).toBe(404);
  });

  it('does not delete a folder', async () => {
    await writeFiles();
    expect((await remove('/userdata/workflows')).statusCode).toBe(400);
  });
});

describe('paths outside of the user’s folder', () => {
  it.each([
    '..%2Fescaped',
    '%2Fetc%2Fpasswd',
    '..%252Fescaped',
    'a%2F..%2F..%2Fb',
    '..%5Cescaped',
    'a%00b',
  ])('are refused: %s', async (name) => {
    expect((await test.get(`/userdata/${name}`)).statusCode).toBe(403);
    expect((await test.post(`/userdata/${name}`, 'x')).statusCode).toBe(403);
  });

  it('are refused when listing and as the target of a move', async () => {
    await writeFiles();
    expect((await test.get('/userdata?dir=..')).statusCode).toBe(403);
    expect((await test.get('/v2/userdata?path=..')).statusCode).toBe(400);
    const response = await test.post('/userdata/workflows%2Fsub%2Fb.json/move/..%2Fx');
    expect(response.statusCode).toBe(403);
  });
});
