import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type TestServer, testServer } from '../../../../test/support/server.ts';

let test: TestServer;
beforeAll(async () => {
  test = await testServer({ noQueue: true });
});
afterAll(() => test.close());

describe('wildcards', () => {
  it('are replaced in a text', async () => {
    const response = await test.post('/impact/wildcards', { text: '{a|a}', seed: 1 });
    expect(response.json()).toEqual({ text: 'a' });
  });

  it('are listed, and need no refresh', async () => {
    expect((await test.get('/impact/wildcards/list')).json()).toEqual({ data: expect.any(Array) });
    const { data } = (await test.get('/impact/wildcards/list')).json();
    expect((await test.get('/impact/wildcards/list/loaded')).json()).toEqual({
      data,
      on_demand_mode: false,
      total_available: data.length,
    });
    expect((await test.get('/impact/wildcards/refresh')).statusCode).toBe(200);
  });
});

it.each(['prepare', 'release', 'detect'])(
  '/sam/%s responds with an alternative to the SAM editor',
  async (action) => {
    const response = await test.post(`/sam/${action}`, {});
    expect(response.statusCode).toBe(501);
    expect(response.json().error.details).toContain('SAMDetectorCombined');
  },
);
