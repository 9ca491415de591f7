// The options of all commands. Parsing, suggestions and help texts are derived from this table.
import { KEPT_KINDS } from '../darkroom-types.ts';
import { COMFYUI_VERSIONS, NEWEST_VERSION } from '../nodes/versions/comfyui-versions.ts';
import { DEVICE_CHOICES } from '../runtime/device-names.ts';
import { PRECISIONS } from '../runtime/precision.ts';
import { SHORTHANDS } from '../workflow/overrides/shorthands.ts';

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'];
export const PREVIEW_METHODS = ['auto', 'latent2rgb', 'taesd', 'none'];

export interface Option {
  readonly type: 'string' | 'boolean';
  readonly multiple?: boolean;
  readonly short?: string;
  /** Placeholder for the value in the help. */
  readonly value?: string;
  /** An option of earlier versions that is the default now: accepted, but not in the help. */
  readonly isDefault?: boolean;
  /**
   * What has replaced an option of earlier versions: accepted, with a note, but not in the help.
   */
  readonly isFormer?: string;
  /** The values that are possible, for completion. */
  readonly choices?: readonly string[];
  /** A path: in a configuration file, relative to its folder. */
  readonly isPath?: boolean;
  /** A path only where it exists, else the name of a package. */
  readonly isPackage?: boolean;
  readonly help: string;
}

const WORKFLOW_OPTIONS = {
  set: {
    type: 'string',
    multiple: true,
    value: 'ID.INPUT=VALUE',
    help: "set an input; ID is a node's id, title or type; repeatable",
  },
  prompt: { type: 'string', value: 'TEXT', help: `set ${SHORTHANDS.prompt.help}` },
  negative: { type: 'string', value: 'TEXT', help: `set ${SHORTHANDS.negative.help}` },
  seed: { type: 'string', value: 'N', help: `set ${SHORTHANDS.seed.help}` },
  steps: { type: 'string', value: 'N', help: `set ${SHORTHANDS.steps.help}` },
  cfg: { type: 'string', value: 'X', help: `set ${SHORTHANDS.cfg.help}` },
  size: { type: 'string', value: 'WxH', help: `set ${SHORTHANDS.size.help}` },
  batch: { type: 'string', value: 'N', help: 'run N times, with the seeds seed, seed+1, …' },
  csv: {
    type: 'string',
    isPath: true,
    value: 'FILE',
    help: 'run once for each line; the first line names columns: prompt, seed, ID.INPUT …',
  },
  'dynamic-seed': {
    type: 'string',
    value: 'N',
    help: 'seed for the choices among {a|b} in texts of UI workflows (default: 0)',
  },
  strict: {
    type: 'boolean',
    help: 'refuse a workflow with invalid outputs; by default the valid outputs are run',
  },
  partial: { type: 'boolean', isDefault: true, help: 'run the valid outputs (the default)' },
  get: {
    type: 'boolean',
    help: 'download missing model files that the workflow names the origin of; asks first',
  },
  yes: { type: 'boolean', short: 'y', help: 'answer questions about downloads with yes' },
  open: { type: 'boolean', help: "show the pictures in the system's viewer" },
  show: { type: 'boolean', help: 'draw the pictures on the terminal (kitty, iTerm2, sixel)' },
  to: {
    type: 'string',
    choices: ['api', 'ts'],
    value: 'FORM',
    help: 'api for the API format, ts for a TypeScript program (default: api)',
  },
  out: {
    type: 'string',
    isPath: true,
    short: 'o',
    value: 'FILE',
    help: 'write to a file instead of standard output',
  },
} as const satisfies Readonly<Record<string, Option>>;

const FOLDER_OPTIONS = {
  models: {
    type: 'string',
    isPath: true,
    multiple: true,
    value: 'DIR',
    help: "folder with checkpoints, vae, loras … like ComfyUI's; repeatable (default: models)",
  },
  'extra-model-paths-config': {
    type: 'string',
    isPath: true,
    multiple: true,
    value: 'FILE',
    help:
      "list of further model folders, as ComfyUI's extra_model_paths.yaml (default: a file of " +
      'this name here); repeatable',
  },
  nodes: {
    type: 'string',
    isPath: true,
    isPackage: true,
    multiple: true,
    value: 'PACK',
    help:
      'pack of nodes: a folder, a file, or an installed package; repeatable. It runs with your ' +
      'rights. Those in custom_nodes beside the models are loaded too',
  },
  input: {
    type: 'string',
    isPath: true,
    value: 'DIR',
    help: 'folder that LoadImage reads from (default: input)',
  },
  output: {
    type: 'string',
    isPath: true,
    value: 'DIR',
    help:
      'folder that SaveImage writes to (default: output); for run also the name of a picture: ' +
      'fox.png, fox.webp or fox.jpg, with the workflow inside',
  },
  temp: {
    type: 'string',
    isPath: true,
    value: 'DIR',
    help: 'folder that PreviewImage writes to (default: temp)',
  },
} as const satisfies Readonly<Record<string, Option>>;

const ENGINE_OPTIONS = {
  device: {
    type: 'string',
    choices: DEVICE_CHOICES,
    value: 'NAME',
    help: 'cpu, cuda, webgpu, or auto: cuda if it works, else cpu (default: auto)',
  },
  precision: {
    type: 'string',
    choices: PRECISIONS,
    value: 'NAME',
    help:
      'precision of diffusion models: fp32, fp16 (GPUs), int8 (CPUs: faster, less memory, ' +
      'slightly different images) or auto: on CPUs fp32 for models that fit into the memory, int8 ' +
      'for larger ones; on GPUs what suits them (default: auto)',
  },
  threads: {
    type: 'string',
    value: 'N',
    help: 'threads for running networks (default: all cores)',
  },
  'node-timeout': {
    type: 'string',
    value: 'SECONDS',
    help:
      'time that a node of a pack may take without reporting progress; then it is ended ' +
      '(default: 300)',
  },
  keep: {
    type: 'string',
    choices: KEPT_KINDS,
    multiple: true,
    value: 'KIND',
    help:
      'keep in the cache folder for later: results (of nodes, to reuse what has not changed) or ' +
      'weights (prepacked: large models run faster; about 11 GB for SD1.5); ' +
      'repeatable',
  },
  'cache-size': {
    type: 'string',
    value: 'MB',
    help:
      'maximum size of the results that are kept; the least recently used are removed first ' +
      '(default: 10240)',
  },
  'cache-weights': { type: 'boolean', isFormer: '--keep weights', help: 'keep prepacked weights' },
  cache: {
    type: 'string',
    isFormer: '--keep results, in the cache folder',
    isPath: true,
    value: 'DIR',
    help: 'keep the results of nodes in this folder',
  },
} as const satisfies Readonly<Record<string, Option>>;

const SERVER_OPTIONS = {
  database: {
    type: 'string',
    isPath: true,
    value: 'URL',
    help: 'postgres://user:password@host/name, or the folder of an embedded database',
  },
  storage: {
    type: 'string',
    isPath: true,
    value: 'LOCATION',
    help: 'folder with input, output and temp that all machines share, or s3://BUCKET/PREFIX',
  },
  retries: {
    type: 'string',
    value: 'N',
    help: 'times a job is run again when the process running it has died (default: 1)',
  },
  finish: {
    type: 'string',
    value: 'SECONDS',
    help: 'time for the running job to finish on shutdown; then it is requeued (default: 20)',
  },
  listen: {
    type: 'string',
    value: 'ADDRESS',
    help: 'address to listen on; others than localhost need --token (default: 127.0.0.1)',
  },
  port: { type: 'string', value: 'N', help: 'port to listen on (default: 8188)' },
  token: {
    type: 'string',
    value: 'SECRET',
    help: 'bearer token that all requests must have; better set as $DARKROOM_TOKEN',
  },
  insecure: { type: 'boolean', help: 'allow other machines without a token' },
  'allow-host': {
    type: 'string',
    multiple: true,
    value: 'NAME',
    help: 'host name to accept in requests besides localhost; repeatable',
  },
  'enable-cors-header': {
    type: 'string',
    value: 'ORIGIN',
    help: 'origin whose pages may use the server; * for all',
  },
  'max-upload-size': {
    type: 'string',
    value: 'MB',
    help: 'maximum size of an uploaded file (default: 100)',
  },
  'max-json-size': {
    type: 'string',
    value: 'MB',
    help: 'maximum size of a request in JSON, such as a workflow to run (default: 16)',
  },
  frontend: {
    type: 'string',
    isPath: true,
    value: 'DIR',
    help: "folder of ComfyUI's own frontend to serve at /; the built-in page moves to /darkroom",
  },
  'queue-limit': {
    type: 'string',
    value: 'N',
    help: 'maximum number of waiting jobs; more are rejected with 429 (default: no limit)',
  },
  'user-directory': {
    type: 'string',
    isPath: true,
    value: 'DIR',
    help: 'folder for settings and workflows (default: user)',
  },
  'multi-user': {
    type: 'boolean',
    help: 'support several users, identified by the Comfy-User header',
  },
  watch: { type: 'boolean', help: 'load packs again when their files change' },
  'webhook-allow': {
    type: 'string',
    multiple: true,
    value: 'ADDRESS',
    help: 'host, address or CIDR range that webhooks may call though it is not public; repeatable',
  },
  'preview-method': {
    type: 'string',
    choices: PREVIEW_METHODS,
    value: 'NAME',
    help:
      'auto: previews for clients that request them; latent2rgb, taesd: for all; none ' +
      '(default: auto)',
  },
  'log-level': {
    type: 'string',
    choices: LOG_LEVELS,
    value: 'LEVEL',
    help: 'debug, info, warn, error or silent (default: info; on a terminal: warn)',
  },
} as const satisfies Readonly<Record<string, Option>>;

const OUTPUT_OPTIONS = {
  'no-hash': { type: 'boolean', help: 'skip the SHA-256, which reads the whole file' },
  folder: {
    type: 'string',
    choices: ['checkpoints', 'diffusion_models', 'text_encoders', 'vae', 'loras', 'controlnet'],
    value: 'NAME',
    help: 'folder that a downloaded file belongs in: checkpoints, loras, vae …',
  },
  'dry-run': { type: 'boolean', help: 'show what is missing and download nothing' },
  json: { type: 'boolean', help: 'print JSON; while running, one event per line' },
  config: {
    type: 'string',
    isPath: true,
    value: 'FILE',
    help: 'configuration file (default: darkroom.config.ts, .js, .mjs or .json here, if any)',
  },
  quiet: { type: 'boolean', help: 'print no progress and no warnings' },
  help: { type: 'boolean', short: 'h', help: 'show this help' },
} as const satisfies Readonly<Record<string, Option>>;

const VERSION_OPTIONS = {
  comfyui: {
    type: 'string',
    value: 'VERSION',
    help:
      `release of ComfyUI whose nodes and results are used, ${COMFYUI_VERSIONS.join(' or ')} ` +
      `(default: the one that the workflow names, else ${NEWEST_VERSION})`,
    choices: COMFYUI_VERSIONS,
  },
} as const satisfies Readonly<Record<string, Option>>;

const PACK_OPTIONS = {
  types: { type: 'boolean', help: 'print typed functions for the nodes of packs (TypeScript)' },
  from: {
    type: 'string',
    isPath: true,
    value: 'FILE',
    help: 'the /object_info of a ComfyUI server, as a file',
  },
} as const satisfies Readonly<Record<string, Option>>;

const PACKAGE_OPTIONS = {
  version: {
    type: 'string',
    value: 'VERSION',
    help: 'version to install (default: a tested one; of templates the newest)',
  },
  'index-url': {
    type: 'string',
    value: 'URL',
    help: 'index of Python packages (default: that of pip and uv, else https://pypi.org/simple)',
  },
} as const satisfies Readonly<Record<string, Option>>;

export const OPTIONS = {
  ...WORKFLOW_OPTIONS,
  ...FOLDER_OPTIONS,
  ...ENGINE_OPTIONS,
  ...SERVER_OPTIONS,
  ...VERSION_OPTIONS,
  ...OUTPUT_OPTIONS,
  ...PACKAGE_OPTIONS,
  ...PACK_OPTIONS,
};

/** The options without a command. */
export const PROGRAM_OPTIONS = {
  help: OUTPUT_OPTIONS.help,
  version: { type: 'boolean', short: 'V', help: 'show the version' },
} as const satisfies Readonly<Record<string, Option>>;

/** Options that every command has. */
export const COMMON_OPTIONS = ['config', 'help'] as const;

/** Options that only a command line has, not a configuration file. */
export const NOT_CONFIGURED = ['config', 'help', 'version'] as const;
