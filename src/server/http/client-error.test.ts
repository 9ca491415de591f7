import { afterAll, beforeAll, expect, it } from 'vitest';
import { savingGraph, type TestServer, testServer } from '../../../test/support/server.ts';
import { DarkroomError } from '../../errors.ts';
import { createLogs } from './logs.ts';

const lines: string[] = [];
let test: TestServer;
beforeAll(async () => {
  const logs = createLogs({ level: 'error', write: (line) => lines.push(line) });
  test = await testServer({ idle: true, logs });
  const fail = () =>
    Promise.reject(
      new DarkroomError('DR_DATABASE', {
        message: "the database postgres://me:s3cret@db/jobs can't be used: no",
        hint: 'db is away',
      }),
    );
  Object.assign(test.queue, { add: fail, counts: fail });
});
afterAll(() => test.close());

it.each(['GET', 'POST'])(
  'a client is not told where the database is: %s /prompt',
  async (method) => {
    const prompt = savingGraph(1);
    lines.length = 0;
    const response =
      method === 'GET' ? await test.get('/prompt') : await test.post('/prompt', { prompt });
    expect(response.statusCode).toBe(503);
    expect(response.body).toContain("the database of the queue can't be used");
    expect(response.body).not.toMatch(/s3cret|jobs|db is/);
    expect(lines.join()).toContain('postgres://me:…@db/jobs');
  },
);
