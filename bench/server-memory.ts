// Measures whether a server's memory stays constant: many small jobs (a new image each, with the
// embedded model) with 50 WebSocket clients. npx tsx bench/server-memory.ts [jobs] (after npm run
// build); prints one line of JSON per hundred jobs.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { WebSocket } from 'ws';

const CLIENTS = 50;
const ROUND = 100;
const jobs = Number(process.argv[2] ?? 1000);
const root = mkdtempSync(join(tmpdir(), 'darkroom-memory-'));
const program = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));
const child = spawn(process.execPath, [program, 'serve', '--port', '0', '--log-level', 'error'], {
  cwd: root,
  stdio: ['ignore', 'pipe', 'inherit'],
});
const [line] = await once(child.stdout, 'data');
const address = /listens on (\S+)/.exec(String(line))![1];

/** Resident memory of a process in MB. */
const residentOf = (pid: number): number =>
  Math.round(
    Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024,
  );
const engineOf = (parent: number): number | undefined =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .find((pid) => {
      try {
        return (
          Number(/^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) ===
          parent
        );
      } catch {
        return false;
      }
    });

let messages = 0;
const sockets = await Promise.all(
  Array.from({ length: CLIENTS }, async (_, i) => {
    const socket = new WebSocket(`${address.replace('http', 'ws')}/ws?clientId=c${i}`);
    socket.on('message', () => messages++);
    await once(socket, 'open');
    socket.send(
      JSON.stringify({ type: 'feature_flags', data: { supports_preview_metadata: true } }),
    );
    return socket;
  }),
);
const prompt = JSON.parse(
  readFileSync(new URL('../examples/text-to-image.json', import.meta.url), 'utf8'),
) as Record<string, { class_type: string; inputs: Record<string, unknown> }>;
const inputsOf = (type: string): Record<string, unknown> =>
  Object.values(prompt).find((node) => node.class_type === type)!.inputs;
Object.assign(inputsOf('KSampler'), { steps: 2 });
Object.assign(inputsOf('EmptyLatentImage'), { width: 64, height: 64 });

const started = performance.now();
for (let done = 0; done < jobs; done += ROUND) {
  for (let i = 0; i < ROUND; i++) {
    inputsOf('KSampler')['seed'] = done + i;
    const body = JSON.stringify({ prompt, client_id: `c${i % CLIENTS}` });
    const answer = await fetch(`${address}/prompt`, { method: 'POST', body });
    if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
  }
  while (!(await (await fetch(`${address}/prompt`)).text()).includes('"queue_remaining": 0'))
    await sleep(50);
  const engine = engineOf(child.pid!);
  console.log(
    JSON.stringify({
      jobs: done + ROUND,
      server_mb: residentOf(child.pid!),
      engine_mb: engine === undefined ? undefined : residentOf(engine),
      messages,
      seconds: Math.round((performance.now() - started) / 1000),
    }),
  );
}
for (const socket of sockets) socket.terminate();
child.kill('SIGTERM');
await once(child, 'exit');
rmSync(root, { recursive: true, force: true });
