import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  node,
  savingGraph,
  slowGraph,
  type TestServer,
  testServer,
} from '../../../test/support/server.ts';
import { openSocket, type TestSocket } from '../../../test/support/web-socket.ts';
import { sharp } from '../../image/codec/load-sharp.ts';

const FEATURES = { supports_preview_metadata: true };

let test: TestServer;
let address: string;
beforeAll(async () => {
  test = await testServer({ previews: 'all' });
  test.queue.requestPreviews(test.server.wantsPreviews);
  address = await test.listen();
});
afterAll(() => test.close());

async function queue(prompt: unknown, client_id?: string, url = address): Promise<string> {
  const body = JSON.stringify({ prompt, client_id });
  const response = await fetch(`${url}/prompt`, { method: 'POST', body });
  expect(response.status).toBe(200);
  return ((await response.json()) as { prompt_id: string }).prompt_id;
}

const interrupt = () => fetch(`${address}/interrupt`, { method: 'POST' });

/** Opens connections for the tests of one `describe` and closes them afterwards. */
function sockets() {
  const opened: TestSocket[] = [];
  afterAll(() => {
    for (const { socket } of opened) socket.close();
  });
  return async (...options: Parameters<typeof openSocket>): Promise<TestSocket> => {
    const socket = await openSocket(...options);
    opened.push(socket);
    return socket;
  };
}

const announce = async ({ socket, until }: TestSocket, features: object): Promise<void> => {
  socket.send(JSON.stringify({ type: 'feature_flags', data: features }));
  await until('feature_flags');
};

describe('a client that connects', () => {
  const connect = sockets();

  it('receives its id and the length of the queue', async () => {
    const named = await connect(address, 'named');
    expect(await named.until('status')).toEqual({
      status: { exec_info: { queue_remaining: 0 } },
      sid: 'named',
    });
    const nameless = await connect(address, undefined, '/api/ws');
    expect((await nameless.until('status')).sid).toMatch(/^[0-9a-f]{32}$/);
  });

  it('receives the features of the server once, when it announces its own', async () => {
    const client = await connect(address, 'announcing');
    await announce(client, FEATURES);
    expect(await client.until('feature_flags')).toEqual({
      supports_preview_metadata: true,
      max_upload_size: 104857600,
    });
    client.socket.send('not JSON');
    client.socket.send(JSON.stringify({ type: 'feature_flags', data: {} }));
    const prompt_id = await queue(savingGraph(3), 'announcing');
    await client.until('execution_success', (data) => data.prompt_id === prompt_id);
    expect(client.messages.filter(({ type }) => type === 'feature_flags')).toHaveLength(1);
  });
});

describe('the messages of a job', () => {
  const connect = sockets();
  let mine: TestSocket;
  let other: TestSocket;
  let prompt_id: string;
  beforeAll(async () => {
    mine = await connect(address, 'mine');
    other = await connect(address, 'other');
    const secondOutput = node('TestSave', { value: ['1', 0], filename_prefix: 'b' });
    prompt_id = await queue({ ...slowGraph(3, 20), '3': secondOutput }, 'mine');
    await mine.until('executing', (data) => data.node === null);
  });

  it('are in ComfyUI’s order', () => {
    const types = mine.messages.map(({ type, data }) =>
      type === 'executing' ? `executing ${data.node}` : type,
    );
    const first = types.filter(
      (type, i) => type !== 'status' && type !== 'progress_state' && types.indexOf(type) === i,
    );
    expect(first).toEqual([
      'execution_start',
      'execution_cached',
      'executing 1',
      'progress',
      'executing 2',
      'darkroom/warning',
      'executed',
      'executing 3',
      'execution_success',
      'executing null',
    ]);
    const last = mine.messages.map(({ type }) => type).slice(-3);
    expect(last).toEqual(['execution_success', 'status', 'executing']);
  });

  it('report each step', () => {
    const steps = mine.messages.filter(({ type }) => type === 'progress').map(({ data }) => data);
    expect(steps).toEqual([1, 2, 3].map((value) => ({ value, max: 3, prompt_id, node: '1' })));
  });

  it('report the state of all nodes', () => {
    const states = mine.messages.filter(({ type }) => type === 'progress_state');
    const nodes = states.at(-1)?.data.nodes as Record<string, unknown>;
    expect(nodes['1']).toEqual({
      state: 'finished',
      prompt_id,
      parent_node_id: null,
      value: 3,
      max: 3,
      node_id: '1',
      display_node_id: '1',
      real_node_id: '1',
    });
  });

  it('report outputs without paths of this machine', async () => {
    const executed = await mine.until('executed');
    expect(executed).toMatchObject({
      node: '2',
      display_node: '2',
      prompt_id,
      output: { images: [{ type: 'output', subfolder: '' }] },
    });
    expect(JSON.stringify(executed)).not.toContain(test.root);
  });

  it('are not sent to other clients, which receive the length of the queue only', async () => {
    expect(other.messages.every(({ type }) => type === 'status')).toBe(true);
    await expect
      .poll(() => other.messages.at(-1)?.data)
      .toEqual({ status: { exec_info: { queue_remaining: 0 } } });
  });
});

describe('a client', () => {
  const connect = sockets();
  let mine: TestSocket;
  beforeAll(async () => {
    mine = await connect(address, 'c');
  });

  it('receives cached outputs', async () => {
    const first = await queue(savingGraph(7), 'c');
    await mine.until('execution_success', (data) => data.prompt_id === first);
    const again = await queue(savingGraph(7), 'c');
    const isAgain = (data: Record<string, unknown>) => data.prompt_id === again;
    expect((await mine.until('execution_cached', isAgain)).nodes).toEqual(['1', '2']);
    expect((await mine.until('executed', isAgain)).node).toBe('2');
  });

  it('receives errors', async () => {
    const prompt = {
      '1': node('TestFail', { how: 'known' }),
      '2': node('TestSave', { value: ['1', 0], filename_prefix: 'x' }),
    };
    const prompt_id = await queue(prompt, 'c');
    expect(await mine.until('execution_error')).toMatchObject({
      prompt_id,
      node_id: '1',
      node_type: 'TestFail',
      exception_message: 'shapes differ',
      executed: [],
      exception_type: 'DR_SHAPE_MISMATCH',
      traceback: ['Use equal shapes.'],
      current_inputs: {},
      current_outputs: [],
    });
  });

  it('receives interrupts, as all other clients do', async () => {
    const other = await connect(address, 'd');
    const prompt_id = await queue(slowGraph(1000, 10), 'c');
    await mine.until('progress', (data) => data.prompt_id === prompt_id);
    await interrupt();
    const interrupted = {
      prompt_id,
      node_id: '1',
      node_type: 'TestSlow',
      executed: [],
      timestamp: expect.any(Number),
    };
    expect(await mine.until('execution_interrupted')).toEqual(interrupted);
    expect(await other.until('execution_interrupted')).toEqual(interrupted);
  });

  it('that reconnects receives the running node, its old connection nothing', async () => {
    const before = await connect(address, 'back');
    const prompt_id = await queue(slowGraph(1000, 10, { value: 'back' }), 'back');
    await before.until('progress');
    const after = await connect(address, 'back');
    expect(await after.until('executing')).toEqual({ node: '1', display_node: '1', prompt_id });
    expect(after.messages.map(({ type }) => type).slice(0, 2)).toEqual(['status', 'executing']);
    await after.until('progress');
    const received = before.messages.length;
    await after.until('progress', (data) => (data.value as number) > 30);
    expect(before.messages.length).toBe(received);
    await interrupt();
    await after.until('execution_interrupted');
  });
});

describe('previews', () => {
  const connect = sockets();
  const isJpeg = (bytes: Buffer): boolean => bytes.readUInt16BE(0) === 0xffd8;

  it('are frames of kind 1 for clients that announce nothing', async () => {
    const { frames, until } = await connect(address, 'plain');
    await queue(slowGraph(20, 15, { value: 'plain' }), 'plain');
    await until('execution_success');
    const [frame] = frames;
    expect({ kind: frame.readUInt32BE(0), format: frame.readUInt32BE(4) }).toEqual({
      kind: 1,
      format: 1,
    });
    expect(isJpeg(frame.subarray(8))).toBe(true);
  });

  it('are frames of kind 4 with metadata for clients that support them', async () => {
    const client = await connect(address, 'supporting');
    await announce(client, FEATURES);
    const prompt_id = await queue(slowGraph(20, 15, { value: 'supporting' }), 'supporting');
    await client.until('execution_success');
    const [frame] = client.frames;
    expect(frame.readUInt32BE(0)).toBe(4);
    const end = 8 + frame.readUInt32BE(4);
    expect(JSON.parse(frame.subarray(8, end).toString())).toEqual({
      node_id: '1',
      prompt_id,
      display_node_id: '1',
      parent_node_id: null,
      real_node_id: '1',
      image_type: 'image/jpeg',
    });
    expect(isJpeg(frame.subarray(end))).toBe(true);
  });
});

describe('previews by default', () => {
  const connect = sockets();
  let auto: TestServer;
  let url: string;
  beforeAll(async () => {
    auto = await testServer();
    auto.queue.requestPreviews(auto.server.wantsPreviews);
    url = await auto.listen();
  });
  afterAll(() => auto.close());

  it.each([
    { clientId: 'supporting', features: FEATURES, receives: true },
    { clientId: 'plain', features: {}, receives: false },
  ])('to a client with features $features: $receives', async ({ clientId, features, receives }) => {
    const client = await connect(url, clientId);
    await announce(client, features);
    await queue(slowGraph(20, 15, { value: clientId }), clientId, url);
    await client.until('execution_success');
    expect(client.frames.length > 0).toBe(receives);
  });
});

describe('the images of SaveImageWebsocket', () => {
  const connect = sockets();
  let builtIn: TestServer;
  let url: string;
  beforeAll(async () => {
    builtIn = await testServer({ builtIn: true, previews: 'none' });
    url = await builtIn.listen();
  });
  afterAll(() => builtIn.close());

  const graph = (color: number) => ({
    '1': node('EmptyImage', { width: 5, height: 3, batch_size: 2, color }),
    '2': node('SaveImageWebsocket', { images: ['1', 0] }),
  });
  const pixels = async (png: Buffer) => {
    const { data, info } = await sharp(png).raw().toBuffer({ resolveWithObject: true });
    return {
      format: 'png',
      width: info.width,
      height: info.height,
      first: [...data.subarray(0, 3)],
    };
  };
  const expected = { format: 'png', width: 5, height: 3, first: [0x1a, 0x7f, 0xc3] };

  // websocket_image_save.py and server.py (send_image): struct.pack(">I", 1) + struct.pack(">I", 2)
  // + PNG, after `progress` with the value 0, 1 … of 2
  it('are frames of kind 1 for clients that announce nothing, whatever they show', async () => {
    const client = await connect(url, 'plain');
    const prompt_id = await queue(graph(0x1a7fc3), 'plain', url);
    await client.until('execution_success');
    expect(client.frames.map((frame) => frame.subarray(0, 8).toString('hex'))).toEqual([
      '0000000100000002',
      '0000000100000002',
    ]);
    for (const frame of client.frames) expect(await pixels(frame.subarray(8))).toEqual(expected);
    const values = client.messages.filter(({ type }) => type === 'progress');
    expect(values.map(({ data }) => data)).toEqual(
      [0, 1].map((value) => ({ value, max: 2, prompt_id, node: '2' })),
    );
    expect(client.messages.some(({ type }) => type === 'executed')).toBe(false);
    const history = await builtIn.get(`/history/${prompt_id}`);
    expect(history.json()[prompt_id].outputs).toEqual({});
  });

  it('are frames of kind 4 with metadata for clients that support them', async () => {
    const client = await connect(url, 'supporting');
    await announce(client, FEATURES);
    const prompt_id = await queue(graph(0x1a7fc3), 'supporting', url);
    await client.until('execution_success');
    expect(client.frames).toHaveLength(2);
    const [frame] = client.frames;
    const end = 8 + frame.readUInt32BE(4);
    expect(JSON.parse(frame.subarray(8, end).toString())).toEqual({
      node_id: '2',
      prompt_id,
      display_node_id: '2',
      parent_node_id: null,
      real_node_id: '2',
      image_type: 'image/png',
    });
    expect(await pixels(frame.subarray(end))).toEqual(expected);
  });
});
