import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type TestServer, testServer } from '../../../../test/support/server.ts';

let test: TestServer;
beforeAll(async () => {
  test = await testServer({ noQueue: true });
});
afterAll(() => test.close());

describe('/settings', () => {
  it('is empty at first', async () => {
    expect((await test.get('/settings')).json()).toEqual({});
  });

  it('stores values in order, large integers included', async () => {
    expect((await test.post('/settings', { a: 1, big: 2 })).body).toBe('');
    await test.post('/settings/big', '18446744073709551615');
    await test.post('/settings/Comfy.X', { deep: null });
    expect((await test.get('/settings')).body).toBe(
      '{"a": 1, "big": 18446744073709551615, "Comfy.X": {"deep": null}}',
    );
  });

  it('returns one setting, or null', async () => {
    await test.post('/settings', { a: 1 });
    expect((await test.get('/settings/a')).json()).toBe(1);
    expect((await test.get('/settings/none')).json()).toBe(null);
  });

  it('does not grow without limit', async () => {
    const value = JSON.stringify('x'.repeat(1_000_000));
    const statuses: number[] = [];
    for (const name of ['one', 'two', 'three'])
      statuses.push((await test.post(`/settings/${name}`, value)).statusCode);
    expect(statuses).toEqual([200, 200, 413]);
    expect((await test.get('/settings/one')).body).toBe(value);
  });

  it('refuses JSON that is not an object, and fails for other bodies', async () => {
    expect((await test.post('/settings', '[]')).statusCode).toBe(400);
    expect((await test.post('/settings/a', 'no')).statusCode).toBe(400);
  });
});
