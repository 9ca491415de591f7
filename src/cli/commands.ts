// The commands: names, options and help. Each is implemented in a separate file, which is imported
// only when the command is run.
import { FRONTEND_PACKAGE } from '../server/http/frontend-files.ts';
import type { Command } from './command.ts';
import type { OptionName } from './options.ts';

/** Options that set inputs of a workflow. */
const OVERRIDE_OPTIONS: readonly OptionName[] = [
  'prompt',
  'negative',
  'seed',
  'steps',
  'cfg',
  'size',
  'set',
];
const FOLDER_OPTIONS: readonly OptionName[] = ['models', 'input', 'output', 'temp'];
const ENGINE_OPTIONS: readonly OptionName[] = [
  'device',
  'precision',
  'threads',
  'cache-weights',
  'cache',
  'cache-size',
];
const HTTP_OPTIONS: readonly OptionName[] = [
  'listen',
  'port',
  'token',
  'insecure',
  'allow-host',
  'enable-cors-header',
  'max-upload-size',
  'max-json-size',
];

export const COMMANDS: readonly Command[] = [
  {
    name: 'run',
    usage: 'run FILE',
    help: 'run a workflow and print the paths of its images; FILE may be an image, - is stdin',
    options: [
      ...OVERRIDE_OPTIONS,
      'batch',
      'csv',
      'dynamic-seed',
      'strict',
      'partial',
      'get',
      'yes',
      ...FOLDER_OPTIONS,
      ...ENGINE_OPTIONS,
      'json',
      'quiet',
    ],
    notes: ['With --batch or --csv, JSON events have the number of their run: {"run":1,"type":…}.'],
    run: async (invocation) => (await import('./commands/run.ts')).runCommand(invocation),
  },
  {
    name: 'check',
    usage: 'check FILE…',
    help: 'check whether workflows can run: missing nodes, missing models, invalid inputs',
    options: ['set', 'strict', 'models', 'input', 'json'],
    run: async (invocation) => (await import('./commands/check.ts')).checkCommand(invocation),
  },
  {
    name: 'convert',
    usage: 'convert FILE',
    help: 'convert a workflow (UI format, image, A1111) to the API format or to TypeScript',
    options: ['to', 'out', 'dynamic-seed', 'quiet'],
    run: async (invocation) => (await import('./commands/convert.ts')).convertCommand(invocation),
  },
  {
    name: 'verify',
    usage: 'verify FILE.png',
    help: "run an image's workflow again and compare the result: exit code 0 if equal, else 1",
    options: ['models', 'input', 'device', 'threads', 'json', 'quiet'],
    run: async (invocation) => (await import('./commands/verify.ts')).verifyCommand(invocation),
  },
  {
    name: 'nodes',
    usage: 'nodes [TYPE]',
    help: 'list the available nodes, or the inputs and outputs of one',
    options: ['json'],
    run: async (invocation) => (await import('./commands/nodes.ts')).nodesCommand(invocation),
  },
  {
    name: 'serve',
    usage: 'serve',
    help: "serve ComfyUI's HTTP and WebSocket API; jobs survive restarts",
    options: [
      ...HTTP_OPTIONS,
      'database',
      'storage',
      'queue-limit',
      'retries',
      'finish',
      'user-directory',
      'multi-user',
      'frontend',
      'webhook-allow',
      'preview-method',
      'log-level',
      ...FOLDER_OPTIONS,
      ...ENGINE_OPTIONS,
    ],
    notes: [
      'Ctrl-C stops the server after the running job, or after --finish seconds; a job that was',
      'interrupted is started again when the server is.',
    ],
    run: async (invocation) => (await import('./commands/serve.ts')).serveCommand(invocation),
  },
  {
    name: 'worker',
    usage: 'worker',
    help: "run jobs of a server's queue, on this or any number of other machines",
    options: [
      'database',
      'storage',
      'retries',
      'finish',
      ...FOLDER_OPTIONS,
      ...ENGINE_OPTIONS,
      'quiet',
    ],
    notes: [
      'Start one worker for each device. The models must be on this machine, under the same names',
      'as on the server.',
    ],
    run: async (invocation) => (await import('./commands/worker.ts')).workerCommand(invocation),
  },
  {
    name: 'models',
    usage: 'models list|inspect|get',
    help: 'list model files, describe some, or download those that a workflow needs',
    options: ['models', 'no-hash', 'folder', 'out', 'dry-run', 'json', 'quiet'],
    notes: [
      'inspect shows architecture, precision, memory, licence and hash of files, which are paths',
      'or names of files in the models folders.',
      'get WORKFLOW downloads what is missing and the workflow names the origin of, as the',
      'templates of ComfyUI do, into the first models folder; get URL --folder NAME downloads one',
      'file. Downloads that were stopped go on; hashes are checked. HF_TOKEN is sent to',
      'huggingface.co, for models with terms that your account has accepted.',
    ],
    run: async (invocation) => (await import('./commands/models.ts')).modelsCommand(invocation),
  },
  {
    name: 'cache',
    usage: 'cache list|clear',
    help: 'list the contents of the cache folder, or clear it',
    options: ['json'],
    notes: [
      'clear removes everything that can be created again, or only what is named: a kind or name',
      'of the list, or a model file.',
      'The folder is $DARKROOM_CACHE, else darkroom in $XDG_CACHE_HOME, else ~/.cache/darkroom.',
    ],
    run: async (invocation) => (await import('./commands/cache.ts')).cacheCommand(invocation),
  },
  {
    name: 'frontend',
    usage: 'frontend install',
    help: "download ComfyUI's own editor with pip, for serve --frontend",
    options: ['out'],
    notes: [
      `The editor is the Python package ${FRONTEND_PACKAGE} (GPL-3). Only its files are used;`,
      'Python is not needed to run it.',
      '--out names the folder to install it into.',
    ],
    run: async (invocation) => (await import('./commands/frontend.ts')).installCommand(invocation),
  },
];
