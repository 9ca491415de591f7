// /prompt, /queue, /history, /interrupt, /free, /jobs through app.inject.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { node, saving, slow, type TestServer, testServer } from '../../../test/support/server.ts';

const save = (value: unknown) => node('TestSave', { value, filename_prefix: 'test' });
const SOON = { timeout: 30_000 };
let test: TestServer;
beforeAll(async () => {
  test = await testServer();
});
afterAll(() => test.close());

const get = (url: string) => test.server.app.inject({ url });
const post = (url: string, body?: unknown, headers: Record<string, string> = {}) =>
  test.server.app.inject({
    method: 'POST',
    url,
    payload: typeof body === 'string' ? body : JSON.stringify(body),
    headers,
  });

describe('a prompt', () => {
  it('is accepted, run and found in the history, under / and /api', async () => {
    for (const prefix of ['', '/api']) {
      const answer = await post(`${prefix}/prompt`, {
        prompt: saving(prefix.length),
        client_id: 'me',
        prompt_id: `first${prefix.length}`,
      });
      expect(answer.statusCode).toBe(200);
      expect(answer.headers['content-type']).toContain('application/json');
      expect(answer.json()).toEqual({
        prompt_id: `first${prefix.length}`,
        number: expect.any(Number),
        node_errors: {},
      });
      await test.queue.waitForEnd(`first${prefix.length}`);
      const { [`first${prefix.length}`]: entry } = (
        await get(`${prefix}/history/first${prefix.length}`)
      ).json();
      expect(entry.status).toMatchObject({ status_str: 'success', completed: true });
      expect(entry.status.messages.map(([type]: [string]) => type)).toEqual([
        'execution_start',
        'execution_cached',
        'execution_success',
      ]);
      expect(entry.outputs['2'].images[0]).toEqual({
        filename: expect.stringMatching(/^test_\d{5}_\.txt$/),
        subfolder: '',
        type: 'output',
      });
      expect(entry.prompt[1]).toBe(`first${prefix.length}`);
      expect(entry.prompt[4]).toEqual(['2']);
    }
    expect((await get('/prompt')).json()).toEqual({ exec_info: { queue_remaining: 0 } });
  });

  it('waits for the outputs when asked to', async () => {
    const answer = await post('/prompt?wait=1', { prompt: saving(3) });
    expect(answer.statusCode).toBe(200);
    expect(answer.json()).toMatchObject({
      state: 'success',
      outputs: { '2': { images: [{ type: 'output' }] } },
      error: null,
    });
    const failed = await post('/prompt?wait=1', {
      prompt: { '1': node('TestFail', { how: 'known' }), '2': save(['1', 0]) },
    });
    expect(failed.statusCode).toBe(422);
    expect(failed.json()).toMatchObject({
      state: 'error',
      error: { code: 'DR_SHAPE_MISMATCH', hint: 'Use equal shapes.', nodeId: '1' },
    });
    const late = await post('/prompt?wait=1&timeout=0.05', {
      prompt: slow(40, 10, { value: 'late' }),
    });
    expect(late.statusCode).toBe(202);
    await test.queue.waitForEnd(late.json().prompt_id);
  });

  it('keeps seeds beyond 2^53, and 8.0', async () => {
    const text =
      '{"prompt": {"1": {"class_type": "TestNumber", "inputs": {"value": 1, "seed": 18446744073709551615}},';
    const answer = await post(
      '/prompt?wait=1',
      `${text} "2": {"class_type": "TestSave", "inputs": {"value": ["1", 1], "filename_prefix": "seed"}}}, "number": 8.5}`,
    );
    expect(answer.json().number).toBe(8.5);
    const history = (await get(`/history/${answer.json().prompt_id}`)).body;
    expect(history).toContain('"seed": 18446744073709551615');
    expect((await get('/object_info/TestNumber')).body).toContain('"max": 18446744073709551615');
  });

  it('is refused with ComfyUI’s errors', async () => {
    const errorOf = async (body: unknown) => {
      const answer = await post('/prompt', body);
      expect(answer.statusCode).toBe(400);
      return answer.json();
    };
    expect(await errorOf({})).toEqual({
      error: {
        type: 'no_prompt',
        message: 'No prompt provided',
        details: 'No prompt provided',
        extra_info: {},
      },
      node_errors: {},
    });
    expect((await errorOf({ prompt: { '1': node('Nothing') } })).error).toMatchObject({
      type: 'invalid_prompt',
      details: "Node ID '#1'",
    });
    expect((await errorOf({ prompt: { '1': node('TestNumber', { value: 1 }) } })).error.type).toBe(
      'prompt_no_outputs',
    );
    expect((await errorOf({ prompt: 5 })).error.type).toBe('invalid_prompt');
    expect((await errorOf({ prompt: saving(1), number: 'x' })).error.type).toBe('invalid_prompt');
    const bad = await errorOf({ prompt: saving(1000) });
    expect(bad.error.type).toBe('prompt_outputs_failed_validation');
    expect(bad.node_errors['1']).toMatchObject({
      class_type: 'TestNumber',
      dependent_outputs: ['2'],
      errors: [{ type: 'value_bigger_than_max' }],
    });
  });

  it('runs what can run', async () => {
    const answer = await post('/prompt?wait=1', {
      prompt: { ...saving(1), '3': node('TestSave', {}) },
    });
    expect(answer.statusCode).toBe(200);
    expect(answer.json().node_errors['3'].errors[0].type).toBe('required_input_missing');
    expect(Object.keys(answer.json().outputs)).toEqual(['2']);
    const some = await post('/prompt?wait=1', {
      prompt: { ...saving(1), '3': save(['1', 0]) },
      partial_execution_targets: ['3'],
    });
    expect(Object.keys(some.json().outputs)).toEqual(['3']);
  });

  it('is added once for one key', async () => {
    const first = (
      await post('/prompt', { prompt: saving(4) }, { 'idempotency-key': 'k1' })
    ).json();
    const again = (
      await post('/prompt', { prompt: saving(4) }, { 'idempotency-key': 'k1' })
    ).json();
    const third = (
      await post('/prompt', { prompt: saving(4), extra_data: { idempotency_key: 'k1' } })
    ).json();
    expect([again.prompt_id, third.prompt_id]).toEqual([first.prompt_id, first.prompt_id]);
    await test.queue.waitForEnd(first.prompt_id);
  });

  it('keeps secrets out of the history', async () => {
    const extra_data = {
      api_key_comfy_org: 'SECRET',
      auth_token_comfy_org: 'SECRET',
      extra_pnginfo: { workflow: { id: 'w' } },
      other: 1,
    };
    const { prompt_id } = (
      await post('/prompt?wait=1', { prompt: saving(5), extra_data, client_id: 'c' })
    ).json();
    const history = (await get(`/history/${prompt_id}`)).body;
    expect(history).not.toContain('SECRET');
    expect(JSON.parse(history)[prompt_id].prompt[3]).toEqual({
      other: 1,
      extra_pnginfo: { workflow: { id: 'w' } },
      client_id: 'c',
    });
  });

  it('with a webhook that can’t be called is refused', async () => {
    const answer = await post('/prompt', {
      prompt: saving(1),
      extra_data: { webhook: 'file:///etc/passwd' },
    });
    expect(answer.statusCode).toBe(400);
    expect(answer.json().error.type).toBe('invalid_webhook');
  });

  it('that is not JSON fails as in ComfyUI', async () => {
    for (const url of ['/prompt', '/queue', '/history', '/free'])
      expect((await post(url, 'no')).statusCode, url).toBe(500);
    expect((await post('/interrupt', 'no')).statusCode).toBe(200);
  });
});

describe('the queue', () => {
  it('is listed, thinned out and interrupted', async () => {
    const add = async (value: string) =>
      (await post('/prompt', { prompt: slow(2000, 10, { value }), client_id: 'q' })).json()
        .prompt_id as string;
    const ids = [await add('a'), await add('b'), await add('c')];
    await expect.poll(async () => (await get('/queue')).json().queue_running.length, SOON).toBe(1);
    const { queue_running, queue_pending } = (await get('/queue')).json();
    expect(queue_running[0]).toEqual([
      expect.any(Number),
      ids[0],
      expect.any(Object),
      { client_id: 'q' },
      ['2'],
    ]);
    expect(queue_pending.map((item: unknown[]) => item[1])).toEqual([ids[1], ids[2]]);
    expect((await get('/prompt')).json().exec_info.queue_remaining).toBe(3);
    expect((await get(`/jobs/${ids[2]}`)).json()).toMatchObject({
      state: 'pending',
      before: 1,
      attempts: 0,
    });
    expect((await post('/queue', { delete: [ids[1], ids[0], 'unknown'] })).statusCode).toBe(200);
    expect((await post('/interrupt', { prompt_id: ids[2] })).statusCode).toBe(200);
    expect((await get('/queue')).json().queue_running.length).toBe(1);
    expect((await post('/queue', { clear: true })).body).toBe('');
    expect((await post('/interrupt')).statusCode).toBe(200);
    await expect
      .poll(async () => (await get('/prompt')).json().exec_info.queue_remaining, SOON)
      .toBe(0);
    expect((await get(`/jobs/${ids[0]}`)).json().state).toBe('interrupted');
    expect((await get('/jobs/unknown')).statusCode).toBe(404);
    expect((await get(`/history/${ids[0]}`)).json()[ids[0]].status.status_str).toBe('error');
    expect((await post('/free', { unload_models: true, free_memory: true })).statusCode).toBe(200);
  });

  it('has a history that is paged and forgotten', async () => {
    await post('/history', { clear: true });
    expect((await get('/history')).body).toBe('{}');
    const ids: string[] = [];
    for (const value of [1, 2, 3])
      ids.push((await post('/prompt?wait=1', { prompt: saving(value) })).json().prompt_id);
    const keys = async (query: string) => Object.keys((await get(`/history${query}`)).json());
    expect(await keys('')).toEqual(ids);
    expect(await keys('?max_items=2')).toEqual(ids.slice(1));
    expect(await keys('?max_items=1&offset=1')).toEqual([ids[1]]);
    expect(await keys('?max_items=0')).toEqual([]);
    expect((await get('/history?max_items=x')).statusCode).toBe(500);
    await post('/history', { delete: [ids[1]] });
    expect(await keys('')).toEqual([ids[0], ids[2]]);
    expect((await get('/history/unknown')).body).toBe('{}');
  });
});

it('a full queue answers 429', async () => {
  const full = await testServer({ queueOptions: { limit: 1 }, idle: true });
  try {
    const add = () =>
      full.server.app.inject({ method: 'POST', url: '/prompt', payload: { prompt: saving(1) } });
    expect((await add()).statusCode).toBe(200);
    const refused = await add();
    expect(refused.statusCode).toBe(429);
    expect(refused.headers['retry-after']).toBe('5');
    expect(refused.json().error.type).toBe('queue_full');
  } finally {
    await full.close();
  }
});
