// Options of the commands: declared once; from them come parsing, near matches and the help text.
import { parseArgs } from 'node:util';
import type { DarkroomOptions } from '../darkroom.ts';
import { DarkroomError } from '../errors.ts';
import { didYouMean } from '../near-matches.ts';
import { DEVICE_CHOICES, isDeviceChoice } from '../runtime/device-names.ts';
import { resolvePrecision } from '../runtime/precision.ts';
import { SHORTHANDS } from '../workflow/overrides/shorthands.ts';

export interface Option {
  readonly type: 'string' | 'boolean';
  readonly multiple?: boolean;
  readonly short?: string;
  /** What stands for the value in the help. */
  readonly value?: string;
  readonly help: string;
}

export const OPTIONS = {
  set: {
    type: 'string',
    multiple: true,
    value: 'ID.INPUT=VALUE',
    help: 'set an input first; ID is a node id or title; repeatable',
  },
  prompt: { type: 'string', value: 'TEXT', help: `set ${SHORTHANDS.prompt.help}` },
  negative: { type: 'string', value: 'TEXT', help: `set ${SHORTHANDS.negative.help}` },
  seed: { type: 'string', value: 'N', help: `set ${SHORTHANDS.seed.help}` },
  steps: { type: 'string', value: 'N', help: `set ${SHORTHANDS.steps.help}` },
  cfg: { type: 'string', value: 'X', help: `set ${SHORTHANDS.cfg.help}` },
  size: { type: 'string', value: 'WxH', help: `set ${SHORTHANDS.size.help}` },
  batch: {
    type: 'string',
    value: 'N',
    help: 'run N times with successive seeds: seed, seed+1 … (each run makes what one run makes)',
  },
  csv: {
    type: 'string',
    value: 'FILE',
    help: 'one run per line; the first line names the columns: prompt, seed, ID.INPUT …',
  },
  models: {
    type: 'string',
    multiple: true,
    value: 'DIR',
    help: "folder with checkpoints, vae, loras … as ComfyUI's; repeatable (models)",
  },
  input: { type: 'string', value: 'DIR', help: 'folder that LoadImage reads (input)' },
  output: { type: 'string', value: 'DIR', help: 'folder that SaveImage writes to (output)' },
  temp: { type: 'string', value: 'DIR', help: 'folder that PreviewImage writes to (temp)' },
  device: {
    type: 'string',
    value: 'NAME',
    help: 'cpu, cuda, webgpu, or auto: cuda where it works, else cpu (auto)',
  },
  precision: {
    type: 'string',
    value: 'NAME',
    help: 'what UNets compute in: fp32, fp16 (graphics cards) or int8 (CPUs: faster, smaller, slightly other pictures); as suits the device',
  },
  threads: { type: 'string', value: 'N', help: 'threads of one evaluation (all cores)' },
  'cache-weights': {
    type: 'boolean',
    help: 'keep weights laid out for this machine (darkroom cache): large models open in seconds and run faster; about 11 GB of disk for SD1.5',
  },
  cache: {
    type: 'string',
    value: 'DIR',
    help: 'keep results of nodes in this folder; later runs take what has not changed from there',
  },
  'cache-size': {
    type: 'string',
    value: 'MB',
    help: 'largest size of --cache (10240); what was not used for longest goes first',
  },
  database: {
    type: 'string',
    value: 'URL',
    help: 'postgres://user:password@host/name, or the folder of an embedded database',
  },
  storage: {
    type: 'string',
    value: 'PLACE',
    help: 'folder with input, output and temp that all machines see, or s3://BUCKET/PREFIX',
  },
  retries: {
    type: 'string',
    value: 'N',
    help: 'attempts after the first when the process that ran a job died (1)',
  },
  finish: {
    type: 'string',
    value: 'SECONDS',
    help: 'how long a running job may go on when this is stopped (20); then others start it again',
  },
  to: { type: 'string', value: 'FORM', help: 'api: an API file; ts: a TypeScript program (api)' },
  out: { type: 'string', short: 'o', value: 'FILE', help: 'write to a file (standard output)' },
  'dynamic-seed': {
    type: 'string',
    value: 'N',
    help: 'chooses among {a|b} in texts of UI workflows; equal seeds choose equally (0)',
  },
  partial: {
    type: 'boolean',
    help: 'run the outputs that can run, as ComfyUI does, and name what is wrong with the others',
  },
  listen: {
    type: 'string',
    value: 'ADDRESS',
    help: 'address to listen on (127.0.0.1); others need --token',
  },
  port: { type: 'string', value: 'N', help: 'port to listen on (8188)' },
  token: {
    type: 'string',
    value: 'SECRET',
    help: 'what every request must carry as bearer token; better in DARKROOM_TOKEN',
  },
  insecure: { type: 'boolean', help: 'listen beyond this machine without a token' },
  'allow-host': {
    type: 'string',
    multiple: true,
    value: 'NAME',
    help: 'a name that requests may have in Host, besides localhost; repeatable',
  },
  'enable-cors-header': {
    type: 'string',
    value: 'ORIGIN',
    help: 'pages of this origin may use the server; * for all',
  },
  'max-upload-size': { type: 'string', value: 'MB', help: 'largest request (100)' },
  frontend: {
    type: 'string',
    value: 'DIR',
    help: 'ComfyUI’s own frontend, served at /; the built-in page is then at /darkroom',
  },
  'queue-limit': {
    type: 'string',
    value: 'N',
    help: 'waiting jobs from which on more are refused with 429 (no limit)',
  },
  'user-directory': {
    type: 'string',
    value: 'DIR',
    help: 'folder of settings and workflows (user)',
  },
  'multi-user': { type: 'boolean', help: 'several users, told apart by the header Comfy-User' },
  'preview-method': {
    type: 'string',
    value: 'NAME',
    help: 'previews for clients that ask for them (auto), for all (latent2rgb, or taesd where it is there), or none',
  },
  'log-level': {
    type: 'string',
    value: 'LEVEL',
    help: 'debug, info, warn, error or silent (info; warn on a terminal)',
  },
  'no-hash': { type: 'boolean', help: 'leave out the SHA-256, which reads the whole file' },
  json: { type: 'boolean', help: 'JSON on standard output; while running one event per line' },
  quiet: { type: 'boolean', help: 'no progress and no warnings' },
  help: { type: 'boolean', short: 'h', help: 'this text' },
  version: { type: 'boolean', help: 'the version' },
} as const satisfies Readonly<Record<string, Option>>;

export type OptionName = keyof typeof OPTIONS;

type Value<O> = O extends { type: 'boolean' }
  ? boolean
  : O extends { multiple: true }
    ? string[]
    : string;
export type Values = { readonly [K in OptionName]?: Value<(typeof OPTIONS)[K]> };

const usage = (message: string, hint: string): DarkroomError =>
  new DarkroomError('DR_BAD_USAGE', { message, hint });

/** Parses arguments; throws DR_BAD_USAGE with a near match for options that the command does not know. */
export function parseOptions(
  args: readonly string[],
  names: readonly OptionName[],
): { values: Values; positionals: string[] } {
  const known = Object.fromEntries(names.map((name) => [name, OPTIONS[name]]));
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: known,
      allowPositionals: true,
      strict: true,
    });
    return { values: values as Values, positionals };
  } catch (error) {
    const text = (error as Error).message;
    const unknown = /Unknown option '(-[^']*)'/.exec(text)?.[1];
    if (unknown === undefined) throw usage(text.split('\n')[0], 'See --help.');
    const near = didYouMean(
      unknown,
      names.map((name) => `--${name}`),
    );
    throw usage(`unknown option ${unknown}`, near || 'See --help.');
  }
}

/** The options of `openDarkroom`. Throws DR_BAD_USAGE. */
export function darkroomOptions(values: Values): DarkroomOptions {
  const { models, input, output, temp, device, threads, cache } = values;
  if (device !== undefined && !isDeviceChoice(device))
    throw usage(
      `unknown device '${device}'`,
      didYouMean(device, DEVICE_CHOICES) || `There are ${DEVICE_CHOICES.join(', ')}.`,
    );
  const precision = resolvePrecision(values.precision, device);
  const count = threads === undefined ? undefined : Number(threads);
  if (count !== undefined && !(Number.isInteger(count) && count >= 1 && count <= 1024))
    throw usage(`--threads ${threads} is no number of threads`, 'Give a whole number from 1.');
  const size = values['cache-size'] === undefined ? undefined : Number(values['cache-size']);
  if (size !== undefined && !(Number.isInteger(size) && size >= 1))
    throw usage(
      `--cache-size ${values['cache-size']} is no size`,
      'Give a whole number of megabytes from 1.',
    );
  if (size !== undefined && cache === undefined)
    throw usage('--cache-size needs --cache', 'For example: --cache cached --cache-size 2000');
  return {
    models,
    input,
    output,
    temp,
    device,
    precision,
    threads: count,
    cacheWeights: values['cache-weights'],
    cache,
    cacheSize: size === undefined ? undefined : size * 2 ** 20,
  };
}

/** How long a running job may go on when a server or worker is stopped. */
export const FINISH_SECONDS = 20;

type Numbered = 'port' | 'queue-limit' | 'retries' | 'finish' | 'max-upload-size';

/** A number of an option. Throws DR_BAD_USAGE. */
export function wholeNumber(
  values: Values,
  name: Numbered,
  min: number,
  max: number,
): number | undefined {
  const text = values[name];
  if (text === undefined) return undefined;
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= min && value <= max))
    throw usage(`--${name} ${text} is not possible`, `Give a whole number from ${min} to ${max}.`);
  return value;
}

/** Lines of help for some options. */
export const helpLines = (names: readonly OptionName[]): string[] =>
  names.map((name) => {
    const option: Option = OPTIONS[name];
    return `  ${`${option.short ? `-${option.short}, ` : ''}--${name}${option.value ? ` ${option.value}` : ''}`.padEnd(24)}  ${option.help}`;
  });

/** `--dynamic-seed`. Throws DR_BAD_USAGE. */
export function dynamicSeed(values: Values): bigint {
  const text = values['dynamic-seed'] ?? '0';
  if (!/^\d{1,20}$/.test(text))
    throw usage(`--dynamic-seed ${text} is no seed`, 'Give a whole number from 0.');
  return BigInt(text);
}
