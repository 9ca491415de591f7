// The commands: names, options and help. Each is implemented in a separate file, which is imported
// only when the command is run.
import { FRONTEND_PACKAGE, FRONTEND_VERSION } from '../server/http/frontend-files.ts';
import type { Command } from './command.ts';
import { TEMPLATES } from './official-templates.ts';
import type { OptionName } from './options.ts';
import { SHELLS } from './shells.ts';

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
const MODEL_OPTIONS: readonly OptionName[] = ['models', 'extra-model-paths-config'];
const FOLDER_OPTIONS: readonly OptionName[] = [
  ...MODEL_OPTIONS,
  'nodes',
  'input',
  'output',
  'temp',
];
const ENGINE_OPTIONS: readonly OptionName[] = [
  'device',
  'precision',
  'threads',
  'node-timeout',
  'keep',
  'cache-size',
  'cache-weights',
  'cache',
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
    usage: 'run FILE…',
    help:
      'run workflows and print the paths of their images; FILE may be an image, - is stdin, or ' +
      'the name of an official template',
    examples: [
      'darkroom run workflow.json',
      'darkroom run workflow.json --prompt "a red fox" --seed 42 --output fox.png',
      'darkroom run a.json b.png --models ~/ComfyUI/models --output pictures',
      'darkroom run picture.png --set "KSampler.steps=30" --batch 4',
      'darkroom run workflow.json --csv prompts.csv --json',
      'darkroom run image_z_image_turbo --get',
    ],
    options: [
      ...OVERRIDE_OPTIONS,
      'batch',
      'csv',
      'dynamic-seed',
      'strict',
      'comfyui',
      'partial',
      'get',
      'yes',
      'open',
      'show',
      ...FOLDER_OPTIONS,
      ...ENGINE_OPTIONS,
      'json',
      'quiet',
    ],
    notes: [
      'Several pictures of --output fox.png are fox-1.png, fox-2.png …',
      'With several files, --batch or --csv, JSON events have the number of their run: ' +
        '{"run":1,"type":…}.',
      'Exit codes: 0 all runs succeeded, also when outputs were left out with a warning; 1 a run ' +
        'failed; 2 bad usage or an invalid workflow; 130 interrupted.',
    ],
    run: async (invocation) => (await import('./commands/run.ts')).runCommand(invocation),
  },
  {
    name: 'check',
    usage: 'check FILE…',
    help: 'check whether workflows can run: missing nodes, missing models, invalid inputs',
    examples: [
      'darkroom check workflow.json --models ~/ComfyUI/models',
      'darkroom check *.json --strict',
    ],
    options: ['set', 'strict', 'comfyui', ...MODEL_OPTIONS, 'nodes', 'input', 'json', 'quiet'],
    run: async (invocation) => (await import('./commands/check.ts')).checkCommand(invocation),
  },
  {
    name: 'convert',
    usage: 'convert FILE',
    help: 'convert a workflow (UI format, image, A1111) to the API format or to TypeScript',
    examples: [
      'darkroom convert picture.png -o workflow.json',
      'darkroom convert workflow.json --to ts -o program.ts',
    ],
    options: ['to', 'out', 'dynamic-seed', 'comfyui', ...MODEL_OPTIONS, 'nodes', 'quiet'],
    run: async (invocation) => (await import('./commands/convert.ts')).convertCommand(invocation),
  },
  {
    name: 'verify',
    usage: 'verify FILE.png',
    help: "run an image's workflow again and compare the result: exit code 0 if equal, else 1",
    examples: ['darkroom verify output/ComfyUI_00001_.png --models ~/ComfyUI/models'],
    options: [...MODEL_OPTIONS, 'nodes', 'input', 'device', 'threads', 'comfyui', 'json', 'quiet'],
    run: async (invocation) => (await import('./commands/verify.ts')).verifyCommand(invocation),
  },
  {
    name: 'nodes',
    usage: 'nodes [list|describe|new]',
    help: 'list the available nodes or packs, describe some nodes, or begin a pack of your own',
    actions: ['list', 'describe', 'new'],
    examples: [
      'darkroom nodes',
      'darkroom nodes describe KSampler',
      'darkroom nodes list --nodes ./film-looks',
      'darkroom nodes new film-looks',
      'darkroom nodes new --from object_info.json "Film Grain"',
      'darkroom nodes --types --nodes ./film-looks > nodes.ts',
    ],
    options: [...MODEL_OPTIONS, 'nodes', 'types', 'from', 'out', 'json', 'quiet'],
    notes: [
      'list shows the packs with their versions and where they come from; docs/packs.md is the ' +
        'guide to packs of your own.',
      'new NAME makes a folder with a node, its test and a README; new --from FILE TYPE declares a ' +
        "node as a ComfyUI server's /object_info has it, so that only its run() is left to write.",
    ],
    run: async (invocation) => (await import('./commands/nodes.ts')).nodesCommand(invocation),
  },
  {
    name: 'serve',
    usage: 'serve',
    help: "serve ComfyUI's HTTP and WebSocket API; jobs survive restarts",
    examples: [
      'darkroom serve --models ~/ComfyUI/models',
      'darkroom serve --listen 0.0.0.0 --token "$(openssl rand -hex 16)"',
      'darkroom serve --database postgres://user:password@host/name --storage s3://bucket/prefix',
    ],
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
      'watch',
      'comfyui',
      ...FOLDER_OPTIONS,
      ...ENGINE_OPTIONS,
    ],
    notes: [
      'Ctrl-C stops the server after the running job, or after --finish seconds; a job that was ' +
        'interrupted is started again when the server is.',
    ],
    run: async (invocation) => (await import('./commands/serve.ts')).serveCommand(invocation),
  },
  {
    name: 'worker',
    usage: 'worker',
    help: "run jobs of a server's queue, on this or any number of other machines",
    examples: ['darkroom worker --database postgres://user:password@host/name --device cuda'],
    options: [
      'database',
      'storage',
      'retries',
      'finish',
      'comfyui',
      ...FOLDER_OPTIONS,
      ...ENGINE_OPTIONS,
      'quiet',
    ],
    notes: [
      'Start one worker for each device. The models must be on this machine, under the same names ' +
        'as on the server.',
    ],
    run: async (invocation) => (await import('./commands/worker.ts')).workerCommand(invocation),
  },
  {
    name: 'models',
    usage: 'models list|inspect|get',
    help: 'list model files, describe some, or download those that a workflow needs',
    actions: ['list', 'inspect', 'get'],
    examples: [
      'darkroom models list --models ~/ComfyUI/models',
      'darkroom models inspect model.safetensors',
      'darkroom models get workflow.json --dry-run',
      'darkroom models get https://huggingface.co/OWNER/NAME/resolve/main/lora.safetensors --folder loras',
    ],
    options: [
      ...MODEL_OPTIONS,
      'nodes',
      'no-hash',
      'folder',
      'out',
      'dry-run',
      'yes',
      'json',
      'quiet',
    ],
    notes: [
      'inspect shows architecture, precision, memory, licence and hash of files, which are paths ' +
        'or names of files in the models folders.',
      'get WORKFLOW downloads what is missing and the workflow names the origin of, as the ' +
        'templates of ComfyUI do, into the first models folder; on a terminal it asks first; ' +
        'get URL --folder NAME downloads one file. Downloads that were stopped go on; hashes are ' +
        'checked. HF_TOKEN is sent to ' +
        'huggingface.co, for models with terms that your account has accepted.',
    ],
    run: async (invocation) => (await import('./commands/models.ts')).modelsCommand(invocation),
  },
  {
    name: 'cache',
    usage: 'cache list|clear',
    help: 'list the contents of the cache folder, or clear it',
    actions: ['list', 'clear'],
    examples: ['darkroom cache list', 'darkroom cache clear'],
    options: ['json'],
    notes: [
      'clear removes everything that can be created again, or only what is named: a kind or name ' +
        'of the list, or a model file.',
      'The folder is $DARKROOM_CACHE, else darkroom in $XDG_CACHE_HOME, else ~/.cache/darkroom.',
    ],
    run: async (invocation) => (await import('./commands/cache.ts')).cacheCommand(invocation),
  },
  {
    name: 'frontend',
    usage: 'frontend install',
    help: "download ComfyUI's own editor, for serve --frontend",
    actions: ['install'],
    examples: ['darkroom frontend install', 'darkroom frontend install --version 1.28.7'],
    options: ['version', 'out', 'index-url', 'quiet'],
    notes: [
      `The editor is the Python package ${FRONTEND_PACKAGE} (GPL-3), by default version ` +
        `${FRONTEND_VERSION}. Only its files are used; Python is not needed, neither to install ` +
        'nor to run it.',
      'It is downloaded from the index in PIP_INDEX_URL, UV_DEFAULT_INDEX or pip.conf, and ' +
        'checked against the hash that the index states.',
      '--out names the folder to install it into.',
    ],
    run: async (invocation) => (await import('./commands/frontend.ts')).installCommand(invocation),
  },
  {
    name: 'templates',
    usage: 'templates list|install',
    help: "list ComfyUI's official templates, or download them; run, check … take their names",
    actions: ['list', 'install'],
    examples: ['darkroom templates install', 'darkroom templates list flux edit'],
    options: ['version', 'out', 'index-url', 'json', 'quiet'],
    notes: [
      `They are the Python package ${TEMPLATES.name} (MIT), by default its newest version, from the ` +
        'index in PIP_INDEX_URL, UV_DEFAULT_INDEX or pip.conf; Python is not needed. Templates in ' +
        'the folder DARKROOM_TEMPLATES come before them.',
      'list prints the templates of pictures that need no paid service, the most used first; ' +
        'words select those whose name or title contains all of them.',
    ],
    run: async (invocation) =>
      (await import('./commands/templates.ts')).templatesCommand(invocation),
  },
  {
    name: 'completion',
    usage: 'completion SHELL',
    help: 'print the completion of a shell: bash, zsh or fish',
    actions: SHELLS,
    examples: [
      'darkroom completion bash > ~/.local/share/bash-completion/completions/darkroom',
      'darkroom completion zsh > ~/.zfunc/_darkroom',
      'darkroom completion fish > ~/.config/fish/completions/darkroom.fish',
    ],
    options: [],
    notes: ['For zsh, ~/.zfunc stands for a folder of $fpath.'],
    run: async (invocation) =>
      (await import('./commands/completion.ts')).completionCommand(invocation, COMMANDS),
  },
];
