// Measures how time grows with the number of nodes: reading, converting, validating and running
// graphs of cheap nodes, alone and through the server with a WebSocket client.
// npx tsx bench/graphs.ts [sizes] [shapes] (after npm run build), both separated by commas; prints a
// Markdown table.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { WebSocket } from 'ws';
import { createEngine } from '../src/engine/client.ts';
import type { Json, JsonObject } from '../src/formats/json.ts';
import { NODES } from '../src/nodes/index.ts';
import { openFolders } from '../src/storage/folders.ts';
import { toTypeScript } from '../src/workflow/export/to-typescript.ts';
import { readWorkflow } from '../src/workflow/read/read.ts';
import { findProblems } from '../src/workflow/validate/find-problems.ts';
import { validate } from '../src/workflow/validate/validate.ts';
import { GRAPHS, type Prompt, uiWorkflowOf } from './graph-shapes.ts';

const sizes = (process.argv[2] ?? '100,1000,5000,20000').split(',').map(Number);
const shapes = process.argv[3]?.split(',') ?? Object.keys(GRAPHS);
const program = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));
const root = mkdtempSync(join(tmpdir(), 'darkroom-graphs-'));
const folders = openFolders();

/** Milliseconds that `work` takes, or what it failed with. */
async function timed(work: () => unknown): Promise<string> {
  const from = performance.now();
  try {
    await work();
    return String(Math.round(performance.now() - from));
  } catch (error) {
    return (error as Error).message.slice(0, 40);
  }
}

const engine = createEngine({
  models: [],
  input: join(root, 'input'),
  output: join(root, 'output'),
  temp: join(root, 'temp'),
  device: 'cpu',
});

async function runInEngine(prompt: Prompt): Promise<void> {
  const { graph } = readWorkflow(prompt as unknown as Json);
  const { outputs } = validate(graph, NODES, folders);
  await engine.run({ prompt: JSON.stringify(prompt), extra: '{}', outputs });
}

async function startServer(): Promise<{ address: string; close: () => Promise<void> }> {
  const child = spawn(process.execPath, [program, 'serve', '--port', '0', '--log-level', 'error'], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = await once(child.stdout, 'data');
  const address = /listens on (\S+)/.exec(String(line))![1];
  while ((await fetch(`${address}/healthz`)).status !== 200) await sleep(20);
  return {
    address,
    close: async () => {
      child.kill('SIGTERM');
      await once(child, 'exit');
    },
  };
}

interface Served {
  readonly ms: number;
  /** What the client received, in MB. */
  readonly megabytes: number;
  /** The longest that a small request waited for its answer meanwhile, in ms. */
  readonly stall: number;
}

/** Runs a graph through the server, for a client that receives its messages. */
async function runInServer(address: string, prompt: Prompt): Promise<Served> {
  const socket = new WebSocket(`${address.replace('http', 'ws')}/ws?clientId=bench`);
  await once(socket, 'open');
  let bytes = 0;
  let isRunning = true;
  const ended = new Promise<string>((resolve) => {
    socket.on('message', (data: Buffer) => {
      bytes += data.length;
      const text = data.subarray(0, 40).toString('utf8');
      const end = /"(execution_success|execution_error|execution_interrupted)"/.exec(text);
      if (end) resolve(end[1]);
    });
  });
  let stall = 0;
  const poll = async (): Promise<void> => {
    while (isRunning) {
      const from = performance.now();
      await (await fetch(`${address}/features`)).arrayBuffer();
      stall = Math.max(stall, performance.now() - from);
      await sleep(10);
    }
  };
  const polling = poll();
  const from = performance.now();
  const body = JSON.stringify({ prompt, client_id: 'bench' });
  const answer = await fetch(`${address}/prompt`, { method: 'POST', body });
  if (!answer.ok) throw new Error(`${answer.status} ${(await answer.text()).slice(0, 60)}`);
  const end = await ended;
  const ms = performance.now() - from;
  isRunning = false;
  await polling;
  socket.terminate();
  if (end !== 'execution_success') throw new Error(end);
  return { ms, megabytes: bytes / 1e6, stall };
}

const server = await startServer();
// the first run starts the engine processes
await runInEngine(GRAPHS['chain'](10));
await runInServer(server.address, GRAPHS['chain'](10));
const COLUMNS =
  'graph, nodes, UI to API, API to TypeScript, validate, engine, server, longest answer, MB';
console.log(`| ${COLUMNS.replaceAll(', ', ' | ')} |`);
console.log(`|${'---|'.repeat(COLUMNS.split(', ').length)}`);
for (const shape of shapes)
  for (const size of sizes) {
    const prompt = GRAPHS[shape](size);
    const ui = uiWorkflowOf(prompt) as JsonObject;
    const { graph } = readWorkflow(prompt as unknown as Json);
    const canRun = validate(graph, NODES, folders).error === null;
    const cells = [
      await timed(() => readWorkflow(ui, 'it', { nodes: NODES })),
      await timed(() => toTypeScript(graph, NODES)),
      await timed(() => findProblems(graph, NODES, folders)),
    ];
    if (!canRun) cells.push('', '', '', '');
    else {
      cells.push(await timed(() => runInEngine(prompt)));
      let served: Served | undefined;
      const outcome = await timed(async () => {
        served = await runInServer(server.address, prompt);
      });
      cells.push(
        ...(served
          ? [Math.round(served.ms), Math.round(served.stall), served.megabytes.toFixed(1)]
          : [outcome, '', '']
        ).map(String),
      );
    }
    console.log(`| ${[shape, size, ...cells].join(' | ')} |`);
  }
await server.close();
await engine.close();
rmSync(root, { recursive: true, force: true });
