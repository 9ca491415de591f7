// The WebSocket: handshake, order of messages, previews of both kinds, reconnection, broadcast, who
// may connect.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import {
  node,
  openSocket,
  saving,
  slow,
  type TestServer,
  testServer,
} from '../../../test/support/server.ts';

let test: TestServer;
let address: string;
beforeAll(async () => {
  test = await testServer({ previews: 'all' });
  test.queue.requestPreviews(test.server.wantsPreviews);
  address = await test.listen();
});
afterAll(() => test.close());

async function queue(prompt: unknown, client_id?: string): Promise<string> {
  const answer = await fetch(`${address}/prompt`, {
    method: 'POST',
    body: JSON.stringify({ prompt, client_id }),
  });
  expect(answer.status).toBe(200);
  return ((await answer.json()) as { prompt_id: string }).prompt_id;
}

describe('a client', () => {
  it('is told its id and the length of the queue, and what the server can do', async () => {
    const named = await openSocket(address, 'named');
    expect(await named.until('status')).toEqual({
      status: { exec_info: { queue_remaining: 0 } },
      sid: 'named',
    });
    named.socket.send(
      JSON.stringify({ type: 'feature_flags', data: { supports_preview_metadata: true } }),
    );
    expect(await named.until('feature_flags')).toEqual({
      supports_preview_metadata: true,
      max_upload_size: 104857600,
    });
    named.socket.send('not JSON');
    named.socket.send(JSON.stringify({ type: 'feature_flags', data: {} }));
    const nameless = await openSocket(address, undefined, '/api/ws');
    expect((await nameless.until('status')).sid).toMatch(/^[0-9a-f]{32}$/);
    expect(named.messages.filter(({ type }) => type === 'feature_flags').length).toBe(1);
    for (const { socket } of [named, nameless]) socket.close();
  });

  it('hears of its job in ComfyUI’s order, and others only of the queue', async () => {
    const mine = await openSocket(address, 'mine');
    const other = await openSocket(address, 'other');
    const prompt_id = await queue(
      { ...slow(3, 20), '3': node('TestSave', { value: ['1', 0], filename_prefix: 'b' }) },
      'mine',
    );
    await mine.until('executing', (data) => data.node === null);
    const types = mine.messages.map(({ type, data }) =>
      type === 'executing' ? `executing ${data.node}` : type,
    );
    const kept = types.filter(
      (type, i) => type !== 'status' && type !== 'progress_state' && types.indexOf(type) === i,
    );
    expect(kept).toEqual([
      ...[
        'execution_start',
        'execution_cached',
        'executing 1',
        'progress',
        'executing 2',
        'darkroom/warning',
        'executed',
        'executing 3',
      ],
      ...['execution_success', 'executing null'],
    ]);
    expect(mine.messages.filter(({ type }) => type === 'progress').map(({ data }) => data)).toEqual(
      [1, 2, 3].map((value) => ({ value, max: 3, prompt_id, node: '1' })),
    );
    const state = mine.messages.filter(({ type }) => type === 'progress_state').at(-1)?.data
      .nodes as Record<string, unknown>;
    const shown = { state: 'finished', prompt_id, parent_node_id: null };
    expect(state['1']).toEqual({
      ...shown,
      value: 3,
      max: 3,
      node_id: '1',
      display_node_id: '1',
      real_node_id: '1',
    });
    const executed = await mine.until('executed');
    expect(executed).toMatchObject({
      node: '2',
      display_node: '2',
      prompt_id,
      output: { images: [{ type: 'output', subfolder: '' }] },
    });
    expect(JSON.stringify(executed)).not.toContain(test.root);
    expect(other.messages.every(({ type }) => type === 'status')).toBe(true);
    await expect
      .poll(() => other.messages.at(-1)?.data, { timeout: 30_000 })
      .toEqual({ status: { exec_info: { queue_remaining: 0 } } });
    const text = mine.messages.map(({ type }) => type).join(' ');
    expect(text).toMatch(/execution_success status executing$/);
    for (const { socket } of [mine, other]) socket.close();
  });

  it('hears of cached outputs, errors and interrupts', async () => {
    const mine = await openSocket(address, 'c');
    const other = await openSocket(address, 'd');
    const first = await queue(saving(7), 'c');
    await mine.until('execution_success', (data) => data.prompt_id === first);
    const again = await queue(saving(7), 'c');
    expect(
      (await mine.until('execution_cached', (data) => data.prompt_id === again)).nodes,
    ).toEqual(['1', '2']);
    expect((await mine.until('executed', (data) => data.prompt_id === again)).node).toBe('2');
    const failing = await queue(
      {
        '1': node('TestFail', { how: 'known' }),
        '2': node('TestSave', { value: ['1', 0], filename_prefix: 'x' }),
      },
      'c',
    );
    expect(await mine.until('execution_error')).toMatchObject({
      ...{
        prompt_id: failing,
        node_id: '1',
        node_type: 'TestFail',
        exception_message: 'shapes differ',
        executed: [],
      },
      ...{
        exception_type: 'DR_SHAPE_MISMATCH',
        traceback: ['Use equal shapes.'],
        current_inputs: {},
        current_outputs: [],
      },
    });
    const stopped = await queue(slow(1000, 10), 'c');
    await mine.until('progress', (data) => data.prompt_id === stopped);
    await fetch(`${address}/interrupt`, { method: 'POST' });
    const interrupted = {
      prompt_id: stopped,
      node_id: '1',
      node_type: 'TestSlow',
      executed: [],
      timestamp: expect.any(Number),
    };
    expect(await mine.until('execution_interrupted')).toEqual(interrupted);
    expect(await other.until('execution_interrupted')).toEqual(interrupted);
    for (const { socket } of [mine, other]) socket.close();
  });

  it('that comes back while its job runs is told where it is; the older connection hears nothing more', async () => {
    const before = await openSocket(address, 'back');
    const prompt_id = await queue(slow(1000, 10, { value: 'back' }), 'back');
    await before.until('progress');
    const after = await openSocket(address, 'back');
    expect(await after.until('executing')).toEqual({ node: '1', display_node: '1', prompt_id });
    expect(after.messages.map(({ type }) => type).slice(0, 2)).toEqual(['status', 'executing']);
    await after.until('progress');
    const heard = before.messages.length;
    await after.until('progress', (data) => (data.value as number) > 30);
    expect(before.messages.length).toBe(heard);
    before.socket.close();
    await fetch(`${address}/interrupt`, { method: 'POST' });
    await after.until('execution_interrupted');
    after.socket.close();
  });
});

describe('previews', () => {
  it('come as frames of kind 1, or of kind 4 for those who know it', async () => {
    for (const [clientId, flags] of [
      ['plain', undefined],
      ['knowing', { supports_preview_metadata: true }],
    ] as const) {
      const { socket, frames, until } = await openSocket(address, clientId);
      if (flags) {
        socket.send(JSON.stringify({ type: 'feature_flags', data: flags }));
        await until('feature_flags');
      }
      const prompt_id = await queue(slow(20, 15, { value: clientId }), clientId);
      await until('execution_success');
      expect(frames.length).toBeGreaterThan(0);
      const [frame] = frames;
      const isJpeg = (bytes: Buffer): boolean => bytes.readUInt16BE(0) === 0xffd8;
      if (flags) {
        expect(frame.readUInt32BE(0)).toBe(4);
        const end = 8 + frame.readUInt32BE(4);
        expect(JSON.parse(frame.subarray(8, end).toString())).toEqual({
          ...{
            node_id: '1',
            prompt_id,
            display_node_id: '1',
            parent_node_id: null,
            real_node_id: '1',
            image_type: 'image/jpeg',
          },
        });
        expect(isJpeg(frame.subarray(end))).toBe(true);
      } else {
        expect([frame.readUInt32BE(0), frame.readUInt32BE(4)]).toEqual([1, 1]);
        expect(isJpeg(frame.subarray(8))).toBe(true);
      }
      socket.close();
    }
  });

  it('are kept from those who did not ask for them, unless told', async () => {
    const auto = await testServer();
    auto.queue.requestPreviews(auto.server.wantsPreviews);
    const at = await auto.listen();
    try {
      for (const [clientId, flags] of [
        ['asks', { supports_preview_metadata: true }],
        ['does not', {}],
      ] as const) {
        const { socket, frames, until } = await openSocket(at, encodeURIComponent(clientId));
        socket.send(JSON.stringify({ type: 'feature_flags', data: flags }));
        await until('feature_flags');
        const body = JSON.stringify({
          prompt: slow(20, 15, { value: clientId }),
          client_id: clientId,
        });
        await fetch(`${at}/prompt`, { method: 'POST', body });
        await until('execution_success');
        expect(frames.length > 0, clientId).toBe(clientId === 'asks');
        socket.close();
      }
    } finally {
      await auto.close();
    }
  });
});

describe('the door', () => {
  const refusal = (url: string, headers: Record<string, string> = {}): Promise<number> =>
    new Promise((resolve, reject) => {
      const socket = new WebSocket(url.replace('http', 'ws'), { headers });
      socket.on('unexpected-response', (_, response) => resolve(response.statusCode ?? 0));
      socket.on('open', () => {
        socket.close();
        resolve(101);
      });
      socket.on('error', reject);
    });

  it('is shut to pages of other sites, to other names, to other paths', async () => {
    expect(await refusal(`${address}/ws`, { origin: 'http://evil.example' })).toBe(403);
    expect(await refusal(`${address}/ws`, { host: 'evil.example' })).toBe(403);
    expect(await refusal(`${address}/elsewhere`)).toBe(404);
    expect(await refusal(`${address}/ws`, { origin: address })).toBe(101);
  });

  it('wants the token where there is one', async () => {
    const guarded = await testServer({ token: 'secret', closed: true });
    try {
      const at = await guarded.listen();
      expect(await refusal(`${at}/ws`)).toBe(401);
      expect(await refusal(`${at}/ws`, { authorization: 'Bearer wrong' })).toBe(401);
      expect(await refusal(`${at}/ws`, { authorization: 'Bearer secret' })).toBe(101);
      expect(await refusal(`${at}/ws?clientId=a&token=secret`)).toBe(101);
    } finally {
      await guarded.close();
    }
  });
});
