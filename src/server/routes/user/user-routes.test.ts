import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type TestServer, testServer } from '../../../../test/support/server.ts';

it('/users of a server with one user reports whether its folder exists', async () => {
  const test = await testServer({ noQueue: true });
  try {
    expect((await test.get('/users')).json()).toEqual({ storage: 'server', migrated: false });
    mkdirSync(join(test.root, 'user', 'default'), { recursive: true });
    expect((await test.get('/users')).json()).toEqual({ storage: 'server', migrated: true });
  } finally {
    await test.close();
  }
});

describe('a server with several users', () => {
  let test: TestServer;
  let ann: string;
  beforeAll(async () => {
    test = await testServer({ noQueue: true, multiUser: true });
  });
  afterAll(() => test.close());

  it('has none at first', async () => {
    expect((await test.get('/users')).json()).toEqual({ storage: 'server', users: {} });
  });

  it('adds users under ids', async () => {
    ann = (await test.post('/users', { username: 'Ann E!' })).json();
    expect(ann).toMatch(/^Ann-E-_[0-9a-f-]{36}$/);
    expect((await test.get('/users')).json().users).toEqual({ [ann]: 'Ann E!' });
  });

  it('refuses a name that exists', async () => {
    const response = await test.post('/users', { username: 'Ann E!' });
    expect(response.json()).toEqual({ error: 'Duplicate username.' });
  });

  it('stores settings per user', async () => {
    const headers = { 'comfy-user': ann };
    expect((await test.post('/settings', { a: 1 }, headers)).statusCode).toBe(200);
    expect((await test.get('/settings', headers)).json()).toEqual({ a: 1 });
  });

  it('refuses unknown users', async () => {
    expect((await test.get('/settings', { 'comfy-user': '../x' })).statusCode).toBe(401);
    expect((await test.get('/v2/userdata', { 'comfy-user': 'nobody' })).statusCode).toBe(403);
  });
});
