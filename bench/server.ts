// Measures the server's start and response times: idle, and with 500 queued jobs, 50 WebSocket
// clients and a running network. npx tsx bench/server.ts [steps] (after npm run build); prints one
// line of JSON.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { WebSocket } from 'ws';

const JOBS = 500;
const CLIENTS = 50;
const ASKED = 300;
const steps = Number(process.argv[2] ?? 5000);
const root = mkdtempSync(join(tmpdir(), 'darkroom-bench-'));
const program = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));

const started = performance.now();
const child = spawn(process.execPath, [program, 'serve', '--port', '0', '--log-level', 'error'], {
  cwd: root,
  stdio: ['ignore', 'pipe', 'inherit'],
});
const [line] = await once(child.stdout, 'data');
const listening = performance.now() - started;
const address = /listens on (\S+)/.exec(String(line))![1];

const ask = async (path: string, body?: unknown): Promise<number> => {
  const from = performance.now();
  const answer = await fetch(
    address + path,
    body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) },
  );
  await answer.arrayBuffer();
  if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
  return performance.now() - from;
};
const times = async (path: string, count = ASKED): Promise<number[]> => {
  const found: number[] = [];
  for (let i = 0; i < count; i++) {
    found.push(await ask(path));
    await sleep(5);
  }
  return found.sort((a, b) => a - b);
};
const summary = (sorted: readonly number[]) => {
  const at = (share: number): number =>
    Number(sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))].toFixed(1));
  return { p50: at(0.5), p99: at(0.99), max: at(1) };
};

const objectInfoFirst = await ask('/object_info');
const objectInfo = summary(await times('/object_info', 30));
while ((await fetch(`${address}/healthz`)).status !== 200) await sleep(20);
const ready = performance.now() - started;
const idle = {
  prompt: summary(await times('/prompt')),
  features: summary(await times('/features')),
};

const prompt = JSON.parse(
  readFileSync(new URL('../examples/text-to-image.json', import.meta.url), 'utf8'),
);
const sampler = Object.values(
  prompt as Record<string, { class_type: string; inputs: Record<string, unknown> }>,
).find((n) => n.class_type === 'KSampler')!;
sampler.inputs['steps'] = steps;
let messages = 0;
const sockets = await Promise.all(
  Array.from({ length: CLIENTS }, async (_, i) => {
    const socket = new WebSocket(`${address.replace('http', 'ws')}/ws?clientId=c${i}`);
    socket.on('message', () => messages++);
    await once(socket, 'open');
    if (i === 0)
      socket.send(
        JSON.stringify({ type: 'feature_flags', data: { supports_preview_metadata: true } }),
      );
    return socket;
  }),
);
const from = performance.now();
for (let i = 0; i < JOBS; i++) await ask('/prompt', { prompt, client_id: `c${i % CLIENTS}` });
const queued = performance.now() - from;
const busy = {
  prompt: summary(await times('/prompt')),
  features: summary(await times('/features')),
  queue: summary(await times('/queue', 30)),
  object_info: summary(await times('/object_info', 30)),
};
await ask('/queue', { clear: true });
const interrupting = performance.now();
await ask('/interrupt', {});
while (!(await (await fetch(`${address}/prompt`)).text()).includes('"queue_remaining": 0'))
  await sleep(5);
const interrupted = performance.now() - interrupting;
for (const socket of sockets) socket.terminate();
child.kill('SIGTERM');
await once(child, 'exit');
rmSync(root, { recursive: true, force: true });
const round = (x: number): number => Math.round(x);
console.log(
  JSON.stringify({
    ...{
      cores: cpus().length,
      load: Number(loadavg()[0].toFixed(1)),
      unit: 'ms',
      listening: round(listening),
      ready: round(ready),
    },
    ...{
      object_info_first: round(objectInfoFirst),
      object_info: objectInfo,
      idle,
      jobs: JOBS,
      clients: CLIENTS,
      add_each: round(queued / JOBS),
    },
    ...{ messages, busy, interrupted: round(interrupted) },
  }),
);
