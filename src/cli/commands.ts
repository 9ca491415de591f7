// The commands: names, options and help. What each does is in a file of its own, which is read in only when it runs.
import { FRONTEND_PACKAGE } from '../server/frontend.ts';
import type { Command } from './command.ts';

export const COMMANDS: readonly Command[] = [
  {
    name: 'run',
    usage: 'run FILE',
    help: 'runs a workflow of any form (also of a picture; - reads standard input) and prints the paths of its pictures',
    options: [
      ...['prompt', 'negative', 'seed', 'steps', 'cfg', 'size', 'set', 'batch', 'csv', 'dynamic-seed', 'partial'],
      ...['models', 'input', 'output', 'temp', 'device', 'threads', 'json', 'quiet'],
    ] as const,
    notes: ['With --batch or --csv, JSON events have the number of their run, from 1: {"run":1,"type":…}.'],
    run: async (invocation) => (await import('./run.ts')).runCommand(invocation),
  },
  {
    name: 'check',
    usage: 'check FILE…',
    help: 'says whether workflows can run here: missing nodes and their packs, missing model files, bad inputs',
    options: ['set', 'models', 'input', 'json'],
    run: async (invocation) => (await import('./check.ts')).checkCommand(invocation),
  },
  {
    name: 'convert',
    usage: 'convert FILE',
    help: 'turns a workflow of any form (UI format, picture, A1111) into an API file or a TypeScript program',
    options: ['to', 'out', 'dynamic-seed', 'quiet'],
    run: async (invocation) => (await import('./convert.ts')).convertCommand(invocation),
  },
  {
    name: 'verify',
    usage: 'verify FILE.png',
    help: 'runs what made a picture again, and says whether it comes out the same (exit code 0) or not (1)',
    options: ['models', 'input', 'device', 'threads', 'json', 'quiet'],
    run: async (invocation) => (await import('./verify.ts')).verifyCommand(invocation),
  },
  {
    name: 'nodes',
    usage: 'nodes [TYPE]',
    help: 'lists the nodes that can be run; with a type, its inputs and outputs',
    options: ['json'],
    run: async (invocation) => (await import('./nodes.ts')).nodesCommand(invocation),
  },
  {
    name: 'serve',
    usage: 'serve',
    help: 'serves ComfyUI’s HTTP and WebSocket interface; jobs survive restarts',
    options: [
      ...['listen', 'port', 'token', 'insecure', 'allow-host', 'enable-cors-header', 'max-upload-size'],
      ...[
        'database',
        'storage',
        'queue-limit',
        'retries',
        'finish',
        'user-directory',
        'multi-user',
        'frontend',
        'preview-method',
        'log-level',
      ],
      ...['models', 'input', 'output', 'temp', 'device', 'threads'],
    ] as const,
    notes: ['Ctrl-C stops the server when the running job has ended, or after --finish seconds; then the next one starts it again.'],
    run: async (invocation) => (await import('./serving.ts')).serveCommand(invocation),
  },
  {
    name: 'worker',
    usage: 'worker',
    help: "takes jobs of a server's queue, on any number of machines",
    options: ['database', 'storage', 'retries', 'finish', 'models', 'input', 'output', 'temp', 'device', 'threads', 'quiet'] as const,
    notes: ['Start one for each device. The models have to be on this machine, under the names that the server knows.'],
    run: async (invocation) => (await import('./worker.ts')).workerCommand(invocation),
  },
  {
    name: 'frontend',
    usage: 'frontend install',
    help: 'fetches ComfyUI’s own editor with pip, for serve --frontend',
    options: ['out'],
    notes: [
      `The editor is the Python package ${FRONTEND_PACKAGE} (GPL-3, by its own authors); only its files are used, no Python runs later.`,
      '--out names the folder to put it into.',
    ],
    run: async (invocation) => (await import('./frontend.ts')).installCommand(invocation),
  },
];
