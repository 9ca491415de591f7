// /queue, /interrupt, /free, /jobs and /history.
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  savingGraph,
  slowGraph,
  type TestServer,
  testServer,
} from '../../../../test/support/server.ts';

let test: TestServer;
beforeAll(async () => {
  test = await testServer();
});
afterAll(() => test.close());

const queue = async () => (await test.get('/queue')).json();
const remaining = async () => (await test.get('/prompt')).json().exec_info.queue_remaining;

describe('one running and two waiting jobs', () => {
  let running: string;
  let waiting: string[];
  beforeAll(async () => {
    const add = async (value: string): Promise<string> => {
      const prompt = slowGraph(2000, 10, { value });
      return (await test.post('/prompt', { prompt, client_id: 'q' })).json().prompt_id;
    };
    running = await add('a');
    waiting = [await add('b'), await add('c')];
    await vi.waitFor(async () => expect((await queue()).queue_running).toHaveLength(1), {
      timeout: 60_000,
    });
  });

  it('are listed', async () => {
    const { queue_running, queue_pending } = await queue();
    expect(queue_running[0]).toEqual([
      expect.any(Number),
      running,
      expect.any(Object),
      { client_id: 'q' },
      ['2'],
    ]);
    expect(queue_pending.map(([, id]: [number, string]) => id)).toEqual(waiting);
    expect(await remaining()).toBe(3);
  });

  it('have a state and a position in the queue', async () => {
    expect((await test.get(`/jobs/${waiting[1]}`)).json()).toMatchObject({
      state: 'pending',
      before: 1,
      attempts: 0,
    });
    expect((await test.get('/jobs/unknown')).statusCode).toBe(404);
  });

  it('are removed only while they wait', async () => {
    const ids = [waiting[0], running, 'unknown'];
    expect((await test.post('/queue', { delete: ids })).statusCode).toBe(200);
    const { queue_running, queue_pending } = await queue();
    expect(queue_running).toHaveLength(1);
    expect(queue_pending.map(([, id]: [number, string]) => id)).toEqual([waiting[1]]);
  });

  it('are not interrupted while they wait', async () => {
    expect((await test.post('/interrupt', { prompt_id: waiting[1] })).statusCode).toBe(200);
    expect((await queue()).queue_running).toHaveLength(1);
  });

  it('end when the queue is cleared and the running one is interrupted', async () => {
    expect((await test.post('/queue', { clear: true })).body).toBe('');
    expect((await test.post('/interrupt')).statusCode).toBe(200);
    await expect.poll(remaining).toBe(0);
    expect((await test.get(`/jobs/${running}`)).json().state).toBe('interrupted');
    const entry = (await test.get(`/history/${running}`)).json()[running];
    expect(entry.status.status_str).toBe('error');
  });
});

it('/free releases models and results', async () => {
  const body = { unload_models: true, free_memory: true };
  expect((await test.post('/free', body)).statusCode).toBe(200);
});

describe('the history', () => {
  const ids: string[] = [];
  beforeAll(async () => {
    await test.post('/history', { clear: true });
  });
  const idsIn = async (query: string) => Object.keys((await test.get(`/history${query}`)).json());

  it('is empty when it was cleared', async () => {
    expect((await test.get('/history')).body).toBe('{}');
    expect((await test.get('/history/unknown')).body).toBe('{}');
  });

  it('has the ended jobs, oldest first', async () => {
    for (const value of [1, 2, 3]) {
      const response = await test.post('/prompt?wait=1', { prompt: savingGraph(value) });
      ids.push(response.json().prompt_id);
    }
    expect(await idsIn('')).toEqual(ids);
  });

  it('is read in pages', async () => {
    expect(await idsIn('?max_items=2')).toEqual(ids.slice(1));
    expect(await idsIn('?max_items=1&offset=1')).toEqual([ids[1]]);
    expect(await idsIn('?max_items=0')).toEqual([]);
    expect((await test.get('/history?max_items=x')).statusCode).toBe(500);
  });

  it('deletes single jobs', async () => {
    await test.post('/history', { delete: [ids[1]] });
    expect(await idsIn('')).toEqual([ids[0], ids[2]]);
  });
});
