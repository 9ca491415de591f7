// darkroom.config.{ts,js,mjs,json}: options for every command, below those of the command line.
import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { DarkroomError } from '../errors.ts';
import { isJsonObject } from '../formats/json.ts';
import { readRegularFileSync } from '../formats/regular-file.ts';
import { didYouMean } from '../near-matches.ts';
import { expandPath } from '../storage/extra-model-paths.ts';
import { badUsage } from './bad-usage.ts';
import { NOT_CONFIGURED, OPTIONS, type Option } from './option-table.ts';
import type { OptionName, Values } from './options.ts';

const NAMES = ['ts', 'mts', 'js', 'mjs', 'json'].map((ending) => `darkroom.config.${ending}`);
const MAX_BYTES = 2 ** 20;

export interface ConfiguredCommand {
  readonly name: string;
  readonly options: readonly OptionName[];
}

/**
 * The values of a command line with those of the configuration file below them. `commands`: all
 * commands, whose names are sections of the file. Throws DR_BAD_USAGE.
 */
export async function withConfig(
  values: Values,
  command: ConfiguredCommand,
  commands: readonly ConfiguredCommand[],
  folder: string = process.cwd(),
): Promise<Values> {
  const file = values.config === undefined ? findConfig(folder) : resolve(folder, values.config);
  if (file === undefined) return values;
  const config = await readConfig(file);
  const sections = new Set(commands.map(({ name }) => name));
  const own = config[command.name];
  const isSection = (key: string): boolean => sections.has(key) && isJsonObject(config[key]);
  const general = Object.entries(config).filter(([key]) => !isSection(key));
  const special = isJsonObject(own) ? Object.entries(own) : [];
  // all entries are checked, whichever command runs
  const allOptions = commands.flatMap((one) => one.options);
  const options = Object.fromEntries(
    [...general, ...special].map(([key, value]): [OptionName, unknown] => {
      const name = optionOf(key, allOptions, file);
      return [name, readValue(name, value, file)];
    }),
  );
  const applicable = Object.entries(options).filter(([name]) =>
    command.options.includes(name as OptionName),
  );
  return { ...Object.fromEntries(applicable), ...values };
}

/** The file in a folder. Throws DR_BAD_USAGE for several. */
function findConfig(folder: string): string | undefined {
  const found = NAMES.filter((name) => existsSync(join(folder, name)));
  if (found.length > 1)
    throw badUsage(`there are ${found.join(' and ')}`, 'Remove one, or choose with --config.');
  return found[0] && join(folder, found[0]);
}

async function readConfig(file: string): Promise<Readonly<Record<string, unknown>>> {
  let config: unknown;
  try {
    config = file.endsWith('.json')
      ? JSON.parse(readRegularFileSync(file, MAX_BYTES).toString('utf8'))
      : (await import(pathToFileURL(file).href)).default;
  } catch (cause) {
    throw unreadable(file, cause as NodeJS.ErrnoException);
  }
  if (isJsonObject(config)) return config;
  throw badUsage(`${file} contains no options`, 'Export an object: export default { … }.');
}

function unreadable(file: string, cause: NodeJS.ErrnoException): DarkroomError {
  const isTypeScript = cause.code === 'ERR_UNKNOWN_FILE_EXTENSION';
  return new DarkroomError('DR_BAD_USAGE', {
    message: `the configuration ${file} can't be read: ${cause.message.split('\n')[0]}`,
    hint: isTypeScript
      ? 'Node 22.18 and newer read TypeScript; write darkroom.config.mjs or .json instead.'
      : 'Correct the file, or name another one with --config.',
    file,
    cause,
  });
}

const isCommandLineOnly = (name: OptionName): boolean =>
  NOT_CONFIGURED.some((other) => other === name);

/** `cacheSize` and `cache-size` are the same option. */
function optionOf(key: string, options: readonly OptionName[], file: string): OptionName {
  const name = key.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`) as OptionName;
  if (options.includes(name) && !isCommandLineOnly(name)) return name;
  throw badUsage(
    `${file} has the unknown option '${key}'`,
    didYouMean(name, options) || 'The options are those of the command line; see --help.',
  );
}

function readValue(name: OptionName, value: unknown, file: string): string | string[] | boolean {
  const { type, multiple, isPath, isPackage }: Option = OPTIONS[name];
  if (type === 'boolean' && typeof value === 'boolean') return value;
  const items = multiple && Array.isArray(value) ? value : [value];
  const texts = items.map((item) => (typeof item === 'number' ? String(item) : item));
  if (type === 'boolean' || !texts.every((text) => typeof text === 'string'))
    throw badUsage(
      `'${name}' of ${file} is ${JSON.stringify(value)}`,
      type === 'boolean' ? 'Write true or false.' : `Write a text${multiple ? ', or a list' : ''}.`,
    );
  const resolvePath = (text: string): string => {
    const path = pathFrom(dirname(file), text);
    return isPackage && !existsSync(path) ? text : path;
  };
  const resolved = isPath ? texts.map(resolvePath) : texts;
  return multiple ? resolved : resolved[0];
}

/** A path relative to the folder of the file; addresses (`s3://…`) stay as they are. */
const pathFrom = (folder: string, text: string): string =>
  text.includes('://') ? text : resolve(folder, expandPath(text));
