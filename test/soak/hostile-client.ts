// Requests that no program should send: bad bodies, cut connections, nonsense on sockets. None may
// harm the server; what it responds is counted.
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket } from 'ws';
import type { World } from './client.ts';
import { ask } from './http-request.ts';
import { pictureForm } from './uploads.ts';

type Random = () => number;

const KB = 1024;
const MB = 1024 * KB;
const pick = <T>(list: readonly T[], random: Random): T => list[Math.floor(random() * list.length)];

/** Bodies for POST, by name. */
const BODIES: Readonly<Record<string, (random: Random) => string>> = {
  'no JSON': () => '{"prompt": {',
  'control characters': () => '{"prompt": "\u0000\u001f"}',
  deep: (random) => `{"prompt": ${'['.repeat(1000 + random() * 100_000)}`,
  'deep and closed': () => `{"prompt": ${'[{"a":'.repeat(20_000)}1${'}]'.repeat(20_000)}}`,
  'many numbers': (random) => `{"prompt": [${'1,'.repeat(random() * 3 * MB)}1]}`,
  'many objects': (random) => `{"prompt": [${'{},'.repeat(random() * MB)}{}]}`,
  'long text': (random) => `{"prompt": "${'x'.repeat(random() * 12 * MB)}"}`,
  'too large': () => `{"prompt": "${'x'.repeat(40 * MB)}"}`,
  'wrong types': (random) =>
    JSON.stringify({
      prompt: pick([null, 5, 'x', [], { 1: 5 }, { 1: { class_type: 7 } }], random),
      client_id: pick([null, {}, 3], random),
      number: pick(['x', {}, null], random),
      extra_data: pick([5, [], 'x', { webhook: 5 }], random),
    }),
  'prototype names': () =>
    '{"prompt": {"__proto__": {"class_type": "constructor", "inputs": {"__proto__": 1}}}}',
  'many unknown nodes': () =>
    JSON.stringify({
      prompt: Object.fromEntries(
        Array.from({ length: 500 }, (_, i) => [i, { class_type: 'x'.repeat(192), inputs: {} }]),
      ),
    }),
};
const PATHS = ['/prompt', '/prompt', '/prompt', '/free', '/upload/image', '/darkroom/read'];
const GETS = [
  '/view?filename=../../etc/passwd',
  '/view?filename=%00',
  '/history/%ff%fe',
  '/history?max_items=x',
  `/object_info/${'x'.repeat(6000)}`,
  '/jobs/__proto__',
  '/view?filename=soak-a.png&type=input&preview=webp;90',
];

/** What is done on a bare connection: the bytes, and when it is cut. */
const RAW: Readonly<Record<string, (socket: Socket, random: Random) => Promise<void>>> = {
  'cut mid-body': async (socket, random) => {
    socket.write('POST /prompt HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n{');
    socket.write('x'.repeat(random() * 100 * KB));
    await sleep(random() * 500);
  },
  'cut mid-upload': async (socket, random) => {
    const { body, headers } = await pictureForm('soak-cut.png');
    socket.write(
      `POST /upload/image HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${body.length}\r\n` +
        `Content-Type: ${headers['content-type']}\r\n\r\n`,
    );
    socket.write(body.subarray(0, body.length - 10 - Math.floor(random() * 60)));
    await sleep(random() * 500);
  },
  'cut mid-answer': async (socket) => {
    socket.write('GET /object_info HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await Promise.race([new Promise((resolve) => socket.once('data', resolve)), sleep(3000)]);
  },
  'never reads': async (socket) => {
    socket.pause();
    for (let i = 0; i < 20; i++)
      socket.write('GET /object_info HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await sleep(5000);
  },
  slow: async (socket) => {
    socket.write('POST /prompt HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n');
    for (let i = 0; i < 10; i++) {
      socket.write('{');
      await sleep(1000);
    }
  },
  'no HTTP': async (socket) => {
    socket.write(Buffer.from(Array.from({ length: 500 }, (_, i) => (i * 73) % 256)));
    await sleep(500);
  },
  'two Host headers': async (socket) => {
    socket.write('GET /queue HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n');
    await sleep(500);
  },
};

/** Frames for a socket. */
const FRAMES: readonly ((random: Random) => string | Buffer)[] = [
  () => '{',
  () => 'null',
  () => '{"type": "feature_flags", "data": 5}',
  () => '{"type": "feature_flags", "data": {"supports_preview_metadata": "x"}}',
  (random) => Buffer.alloc(random() * 200 * KB, 7),
  (random) => `"${'x'.repeat(random() * 2 * MB)}"`,
  () => '['.repeat(100_000),
];

/** Runs until the soak is stopped. */
export async function runHostileClient(world: World): Promise<void> {
  const { random } = world;
  const actions = [badBody, badBody, badGet, rawConnection, rawConnection, badSocket];
  while (!world.stopped()) {
    await sleep(500 + random() * 4000);
    if (world.busy()) await pick(actions, random)(world).catch(() => undefined);
  }
}

async function badBody({ place, random, statistics, log, book }: World): Promise<void> {
  const name = pick(Object.keys(BODIES), random);
  const path = pick(PATHS, random);
  const headers = { 'content-type': 'application/json' };
  log.event(`bad body for ${path}: ${name}`);
  const body = BODIES[name](random);
  const answer = await ask(`${place.address}${path}`, { method: 'POST', body, headers }).catch(
    () => undefined,
  );
  statistics.answer(`bad body: ${name}`, answer?.status ?? 'broken');
  if (path !== '/prompt' || answer?.status !== 200) return;
  const { prompt_id: id } = JSON.parse(answer.body.toString()) as { prompt_id?: string };
  if (id !== undefined && !book.jobs.has(id)) log.violation(`accepted a body that is ${name}`);
}

async function badGet({ place, random, statistics }: World): Promise<void> {
  const path = pick(GETS, random);
  const answer = await ask(`${place.address}${path}`).catch(() => undefined);
  statistics.answer(`bad GET ${path.slice(0, 30)}`, answer?.status ?? 'broken');
}

async function rawConnection({ place, random, statistics, log }: World): Promise<void> {
  const name = pick(Object.keys(RAW), random);
  const socket = connect(place.port, '127.0.0.1');
  socket.on('error', () => undefined);
  log.event(`connection: ${name}`);
  statistics.count(`connection: ${name}`);
  try {
    await RAW[name](socket, random);
  } finally {
    socket.destroy();
  }
}

async function badSocket({ place, random, statistics }: World): Promise<void> {
  const socket = new WebSocket(`${place.address.replace('http', 'ws')}/ws`);
  socket.on('error', () => undefined);
  await Promise.race([new Promise((resolve) => socket.once('open', resolve)), sleep(5000)]);
  statistics.count('nonsense on a socket');
  for (let i = 0; i < 5 && socket.readyState === WebSocket.OPEN; i++)
    socket.send(pick(FRAMES, random)(random));
  await sleep(random() * 2000);
  socket.terminate();
}
