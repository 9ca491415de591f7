import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  node,
  savingGraph,
  slowGraph,
  type TestServer,
  testServer,
} from '../../../../test/support/server.ts';

const save = (value: unknown) => node('TestSave', { value, filename_prefix: 'test' });

let test: TestServer;
beforeAll(async () => {
  test = await testServer();
});
afterAll(() => test.close());

describe.each(['', '/api'])('a prompt under %o', (prefix) => {
  const prompt_id = `job${prefix.length}`;

  it('is accepted', async () => {
    const prompt = savingGraph(prefix.length);
    const response = await test.post(`${prefix}/prompt`, { prompt, client_id: 'me', prompt_id });
    expect(response.statusCode).toBe(200);
    expect(response.headers['content-type']).toContain('application/json');
    expect(response.json()).toEqual({ prompt_id, number: expect.any(Number), node_errors: {} });
  });

  it('is run and found in the history', async () => {
    await test.queue.waitForEnd(prompt_id);
    const entry = (await test.get(`${prefix}/history/${prompt_id}`)).json()[prompt_id];
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
    const [, id, , , outputs] = entry.prompt;
    expect({ id, outputs }).toEqual({ id: prompt_id, outputs: ['2'] });
    expect((await test.get('/prompt')).json()).toEqual({ exec_info: { queue_remaining: 0 } });
  });
});

describe('wait=1', () => {
  it('responds with the outputs', async () => {
    const response = await test.post('/prompt?wait=1', { prompt: savingGraph(3) });
    expect(response.statusCode).toBe(200);
    expect(response.json()).toMatchObject({
      state: 'success',
      outputs: { '2': { images: [{ type: 'output' }] } },
      error: null,
    });
  });

  it('responds with 422 and the error of a job that failed', async () => {
    const prompt = { '1': node('TestFail', { how: 'known' }), '2': save(['1', 0]) };
    const response = await test.post('/prompt?wait=1', { prompt });
    expect(response.statusCode).toBe(422);
    expect(response.json()).toMatchObject({
      state: 'error',
      error: { code: 'DR_SHAPE_MISMATCH', hint: 'Use equal shapes.', nodeId: '1' },
    });
  });

  it('responds with 202 when the timeout is over', async () => {
    const prompt = slowGraph(100_000, 10, { value: 'late' });
    const response = await test.post('/prompt?wait=1&timeout=0.05', { prompt });
    expect(response.statusCode).toBe(202);
    const { prompt_id } = response.json();
    await test.queue.remove([prompt_id]);
    await test.queue.interrupt(prompt_id);
    await test.queue.waitForEnd(prompt_id);
  });
});

it('seeds beyond 2^53 and 8.0 stay exact', async () => {
  const number =
    '{"class_type": "TestNumber", "inputs": {"value": 1, "seed": 18446744073709551615}}';
  const saving =
    '{"class_type": "TestSave", "inputs": {"value": ["1", 1], "filename_prefix": "seed"}}';
  const body = `{"prompt": {"1": ${number}, "2": ${saving}}, "number": 8.5}`;
  const job = (await test.post('/prompt?wait=1', body)).json();
  expect(job.number).toBe(8.5);
  const history = (await test.get(`/history/${job.prompt_id}`)).body;
  expect(history).toContain('"seed": 18446744073709551615');
  const info = (await test.get('/object_info/TestNumber')).body;
  expect(info).toContain('"max": 18446744073709551615');
});

it('extra_data names the release of ComfyUI; an unknown one is refused', async () => {
  const bodyWith = (comfyui: unknown) => ({ prompt: savingGraph(3), extra_data: { comfyui } });
  const accepted = await test.post('/prompt', bodyWith('0.3.64'));
  expect(accepted.statusCode).toBe(200);
  for (const comfyui of ['0.3.65', 3, { a: 1 }]) {
    const response = await test.post('/prompt', bodyWith(comfyui));
    expect(response.statusCode).toBe(400);
    expect(response.json().error).toMatchObject({
      type: 'invalid_prompt',
      message: expect.stringContaining('extra_data.comfyui: unknown ComfyUI version'),
      details: expect.stringContaining('The known versions are 0.3.64 and 0.33.0.'),
    });
  }
});

describe('a prompt is refused with ComfyUI’s errors', () => {
  const refusalOf = async (body: unknown) => {
    const response = await test.post('/prompt', body);
    expect(response.statusCode).toBe(400);
    return response.json();
  };

  it('without a graph', async () => {
    expect(await refusalOf({})).toEqual({
      error: {
        type: 'no_prompt',
        message: 'No prompt provided',
        details: 'No prompt provided',
        extra_info: {},
      },
      node_errors: {},
    });
  });

  it('for an unknown type, of the release that the prompt names', async () => {
    const prompt = { '1': node('Nothing') };
    const details = "Node ID '#1'";
    const { error } = await refusalOf({ prompt });
    expect(error).toMatchObject({ type: 'missing_node_type', details });
    const old = await refusalOf({ prompt, extra_data: { comfyui: '0.3.64' } });
    expect(old.error).toMatchObject({ type: 'invalid_prompt', details });
  });

  it.each([
    [
      'a graph without outputs',
      { prompt: { '1': node('TestNumber', { value: 1 }) } },
      'prompt_no_outputs',
    ],
    ['a graph that is a number', { prompt: 5 }, 'invalid_prompt'],
    ['a number that is a text', { prompt: savingGraph(1), number: 'x' }, 'invalid_prompt'],
  ])('for %s', async (_, body, type) => {
    expect((await refusalOf(body)).error.type).toBe(type);
  });

  it('for a value that is too large', async () => {
    const { error, node_errors } = await refusalOf({ prompt: savingGraph(1000) });
    expect(error.type).toBe('prompt_outputs_failed_validation');
    expect(node_errors['1']).toMatchObject({
      class_type: 'TestNumber',
      dependent_outputs: ['2'],
      errors: [{ type: 'value_bigger_than_max' }],
    });
  });

  it.each([
    'file:///etc/passwd',
    'http://169.254.169.254/latest',
    'http://localhost:5432',
    'http://[::ffff:10.0.0.1]/',
    'https://hooks.example/\0',
    `https://hooks.example/${'a'.repeat(10_000)}`,
  ])('for the webhook %s', async (webhook) => {
    const { error } = await refusalOf({ prompt: savingGraph(1), extra_data: { webhook } });
    expect(error.type).toBe('invalid_webhook');
  });

  it.each([
    { prompt_id: 'x'.repeat(2800) },
    { prompt_id: 'a\0' },
    { client_id: 'é'.repeat(600) },
    { extra_data: { idempotency_key: 'x'.repeat(2800) } },
  ])('for the id of %o', async (fields) => {
    const { error } = await refusalOf({ prompt: savingGraph(1), ...fields });
    expect(error).toMatchObject({ type: 'invalid_prompt', message: 'Invalid id' });
  });
});

describe('parts of a prompt', () => {
  it('run without nodes that have errors', async () => {
    const prompt = { ...savingGraph(1), '3': node('TestSave', {}) };
    const response = await test.post('/prompt?wait=1', { prompt });
    expect(response.statusCode).toBe(200);
    const { node_errors, outputs } = response.json();
    expect(node_errors['3'].errors[0].type).toBe('required_input_missing');
    expect(Object.keys(outputs)).toEqual(['2']);
  });

  it('run when they are the only targets', async () => {
    const prompt = { ...savingGraph(1), '3': save(['1', 0]) };
    const body = { prompt, partial_execution_targets: ['3'] };
    expect(Object.keys((await test.post('/prompt?wait=1', body)).json().outputs)).toEqual(['3']);
  });
});

it('prompts with one idempotency key are one job', async () => {
  const prompt = savingGraph(4);
  const add = async (body: object, headers?: Record<string, string>): Promise<string> =>
    (await test.post('/prompt', { prompt, ...body }, headers)).json().prompt_id;
  const first = await add({}, { 'idempotency-key': 'k1' });
  expect(await add({}, { 'idempotency-key': 'k1' })).toBe(first);
  expect(await add({ extra_data: { idempotency_key: 'k1' } })).toBe(first);
  await test.queue.waitForEnd(first);
});

it('secrets are not stored in the history', async () => {
  const extra_data = {
    api_key_comfy_org: 'SECRET',
    auth_token_comfy_org: 'SECRET',
    extra_pnginfo: { workflow: { id: 'w' } },
    other: 1,
  };
  const body = { prompt: savingGraph(5), extra_data, client_id: 'c' };
  const { prompt_id } = (await test.post('/prompt?wait=1', body)).json();
  const history = (await test.get(`/history/${prompt_id}`)).body;
  expect(history).not.toContain('SECRET');
  const [, , , storedExtra] = JSON.parse(history)[prompt_id].prompt;
  expect(storedExtra).toEqual({
    other: 1,
    extra_pnginfo: { workflow: { id: 'w' } },
    client_id: 'c',
  });
});

describe('a body that is not JSON', () => {
  it.each(['/prompt', '/queue', '/history', '/free'])('is refused at %s', async (url) => {
    const response = await test.post(url, 'no');
    expect(response.statusCode).toBe(400);
    expect(response.json().error).toMatchObject({
      type: 'invalid_json',
      message: 'the body is not JSON',
    });
    expect(response.json().error.details).not.toBe('');
  });

  it('names no job at /interrupt', async () => {
    expect((await test.post('/interrupt', 'no')).statusCode).toBe(200);
  });
});

it('a full queue responds with 429', async () => {
  const full = await testServer({ queueOptions: { limit: 1 }, idle: true });
  try {
    const body = { prompt: savingGraph(1) };
    expect((await full.post('/prompt', body)).statusCode).toBe(200);
    const refused = await full.post('/prompt', body);
    expect(refused.statusCode).toBe(429);
    expect(refused.headers['retry-after']).toBe('5');
    expect(refused.json().error.type).toBe('queue_full');
  } finally {
    await full.close();
  }
});
