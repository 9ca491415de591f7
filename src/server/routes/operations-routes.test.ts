import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type TestServer, testServer } from '../../../test/support/server.ts';

let test: TestServer;
beforeAll(async () => {
  test = await testServer({ idle: true });
});
afterAll(() => test.close());

it('/healthz reports that jobs are accepted', async () => {
  expect((await test.get('/healthz')).json()).toEqual({ status: 'ok' });
});

it('/metrics counts requests by route, method and status', async () => {
  await test.get('/api/features');
  const { headers, body } = await test.get('/metrics');
  expect(headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8');
  expect(body).toMatch(
    /darkroom_http_requests_total\{route="\/features",method="GET",status="200"\} \d/,
  );
  expect(body).toMatch(/^darkroom_ready 1$/m);
  expect(body).toMatch(/^darkroom_jobs_pending 0$/m);
});

describe('/openapi.json', () => {
  it('describes all routes', async () => {
    const { paths, openapi } = (await test.get('/openapi.json')).json();
    expect(openapi).toBe('3.1.0');
    for (const { path, method } of test.server.routes)
      expect(paths[path.replace('+', '')][method.toLowerCase()].summary, path).toBeTruthy();
  });

  it('has a different id for each operation', async () => {
    const { paths } = (await test.get('/openapi.json')).json();
    const ids = Object.values(paths).flatMap((path) =>
      Object.values(path as object).map(({ operationId }) => operationId),
    );
    expect(new Set(ids).size).toBe(ids.length);
  });
});
