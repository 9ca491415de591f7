// Parses options, and converts their values.
import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { type DarkroomOptions, KEPT_KINDS, type KeptKind } from '../darkroom-types.ts';
import { didYouMean } from '../near-matches.ts';
import { type ComfyUIVersion, comfyuiVersion } from '../nodes/versions/comfyui-versions.ts';
import { ownValue } from '../own-value.ts';
import { DEVICE_CHOICES, deviceHint, isDeviceChoice } from '../runtime/device-names.ts';
import { resolvePrecision } from '../runtime/precision.ts';
import { modelRoots } from '../storage/model-roots.ts';
import { badUsage } from './bad-usage.ts';
import { OPTIONS, type Option } from './option-table.ts';
import { OPTION_SYNONYMS } from './synonyms.ts';

export type OptionName = keyof typeof OPTIONS;

type Value<O> = O extends { type: 'boolean' }
  ? boolean
  : O extends { multiple: true }
    ? string[]
    : string;
export type Values = { readonly [K in OptionName]?: Value<(typeof OPTIONS)[K]> };

export type NamedOption = readonly [name: OptionName, option: Option];

/** The options among some that help and completion show. */
export const shownOptions = (names: readonly OptionName[]): readonly NamedOption[] =>
  names
    .map((name): NamedOption => [name, OPTIONS[name]])
    .filter(([, { isDefault, isFormer }]) => !isDefault && isFormer === undefined);

/**
 * Parses the arguments of a command that takes the options `names`. Throws DR_BAD_USAGE,
 * which suggests a similar name for an unknown option.
 */
export function parseOptions(
  args: readonly string[],
  names: readonly OptionName[],
): { values: Values; positionals: string[] } {
  const table = Object.fromEntries(names.map((name) => [name, OPTIONS[name]]));
  const { values, positionals } = parseTable(args, table);
  return { values: values as Values, positionals };
}

/** Parses arguments with the options of a table. Throws DR_BAD_USAGE, as parseOptions. */
export function parseTable(
  args: readonly string[],
  table: Readonly<Record<string, Option>>,
): { values: Readonly<Record<string, unknown>>; positionals: string[] } {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: table,
      allowPositionals: true,
      strict: true,
    });
    return { values, positionals };
  } catch (error) {
    const text = (error as Error).message;
    const unknown = /Unknown option '(-[^']*)'/.exec(text)?.[1];
    if (unknown === undefined) throw badUsage(text.split('\n')[0], 'See --help.');
    throw badUsage(`unknown option ${unknown}`, optionHint(unknown, Object.keys(table)));
  }
}

/** What an unknown option may stand for, among those that the command has. */
function optionHint(unknown: string, names: readonly string[]): string {
  const options = names.map((name) => `--${name}`);
  const synonym = ownValue(OPTION_SYNONYMS, unknown.toLowerCase());
  if (synonym !== undefined && options.includes(synonym.split(' ')[0]))
    return `Did you mean '${synonym}'?`;
  return didYouMean(unknown, options) || 'See --help.';
}

const MAX_THREADS = 1024;
/** A day. */
const MAX_SECONDS = 86_400;
const BYTES_PER_MB = 2 ** 20;

/** ComfyUI's name of the file. */
const EXTRA_MODEL_PATHS = 'extra_model_paths.yaml';

/**
 * The models folders and the lists of such folders; undefined if none is named, so that the default
 * holds.
 */
export function modelEntries(values: Values): readonly string[] | undefined {
  const lists =
    values['extra-model-paths-config'] ??
    (existsSync(EXTRA_MODEL_PATHS) ? [EXTRA_MODEL_PATHS] : []);
  return lists.length === 0 ? values.models : [...modelRoots(values.models), ...lists];
}

/** The options of `openDarkroom`. Throws DR_BAD_USAGE. */
export function darkroomOptions(values: Values): DarkroomOptions {
  const { input, output, temp, device, cache, nodes } = values;
  if (device !== undefined && !isDeviceChoice(device))
    throw badUsage(
      `unknown device '${device}'`,
      deviceHint(device) || `The devices are ${DEVICE_CHOICES.join(', ')}.`,
    );
  const precision = resolvePrecision(values.precision, device);
  const threads = wholeNumber(values, 'threads', 1, MAX_THREADS);
  const megabytes = wholeNumber(values, 'cache-size', 1);
  const keep = keptKinds(values);
  if (megabytes !== undefined && cache === undefined && !keep.includes('results'))
    throw badUsage(
      '--cache-size needs --keep results',
      'For example: --keep results --cache-size 2000',
    );
  return {
    models: modelEntries(values),
    input,
    output,
    temp,
    device,
    precision,
    threads,
    keep,
    cacheWeights: values['cache-weights'],
    cache,
    cacheSize: megabytes === undefined ? undefined : megabytes * BYTES_PER_MB,
    comfyui: comfyuiOption(values),
    nodes,
    nodeTimeout: wholeNumber(values, 'node-timeout', 1, MAX_SECONDS),
  };
}

/** `--keep`. Throws DR_BAD_USAGE. */
function keptKinds({ keep = [] }: Values): KeptKind[] {
  return keep.map((name) => {
    const kind = KEPT_KINDS.find((one) => one === name);
    if (kind) return kind;
    throw badUsage(
      `nothing named '${name}' can be kept`,
      didYouMean(name, KEPT_KINDS) || `Use --keep ${KEPT_KINDS.join(' or --keep ')}.`,
    );
  });
}

/** `--comfyui`. Throws DR_BAD_USAGE for an unknown version. */
export const comfyuiOption = ({ comfyui }: Values): ComfyUIVersion | undefined =>
  comfyui === undefined ? undefined : comfyuiVersion(comfyui);

/** Default of --finish. */
export const FINISH_SECONDS = 20;

type NumericOption =
  | 'batch'
  | 'cache-size'
  | 'finish'
  | 'max-json-size'
  | 'max-upload-size'
  | 'node-timeout'
  | 'port'
  | 'queue-limit'
  | 'retries'
  | 'threads';

/** The value of a numeric option; undefined without the option. Throws DR_BAD_USAGE. */
export function wholeNumber(
  values: Values,
  name: NumericOption,
  min: number,
  max = Number.MAX_SAFE_INTEGER,
): number | undefined {
  const text = values[name];
  if (text === undefined) return undefined;
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  const range = max === Number.MAX_SAFE_INTEGER ? `of at least ${min}` : `from ${min} to ${max}`;
  throw badUsage(
    `--${name} must be a whole number ${range}, got ${text === '' ? "''" : text}`,
    `For example: --${name} ${Math.min(max, Math.max(min, 1))}`,
  );
}

/** `--dynamic-seed`. Throws DR_BAD_USAGE. */
export function dynamicSeed(values: Values): bigint {
  const text = values['dynamic-seed'] ?? '0';
  if (!/^\d{1,20}$/.test(text))
    throw badUsage(
      `--dynamic-seed must be a whole number of at most 20 digits, got ${text}`,
      'For example: --dynamic-seed 7',
    );
  return BigInt(text);
}
