// Reads wildcard lists from files: `NAME.txt` has one item per line; `.yaml` and `.yml` files are
// maps of lists, whose keys are joined by `/`. Files are read as by the Impact Pack
// (modules/impact/wildcards.py), including the encoding: text files are Latin-1.
import { dirname, join } from 'node:path';
import { isJsonObject } from '../formats/json.ts';
import { yaml } from '../formats/load-yaml.ts';
import { readRegularFileSync } from '../formats/regular-file.ts';
import { normaliseWildcardName, type Wildcards } from '../text/wildcard-lists.ts';
import { filesUnder, type OnUnreadable } from './walk-folder.ts';

export interface WildcardFiles {
  readonly lists: Wildcards;
  /** One sentence for each file that could not be read. */
  readonly problems: readonly string[];
}

/** Largest file of lists, in bytes. */
const MAX_BYTES = 64 * 1024 * 1024;
const KINDS = ['wildcards', 'custom_wildcards'];
const PACKS = ['ComfyUI-Impact-Pack', 'comfyui-impact-pack'];

/**
 * Returns the folders that may contain lists: in a models folder and beside it, beside the input
 * folder, and in an Impact Pack that is installed beside them. Lists of later folders replace those
 * of earlier ones; `custom_wildcards` come last.
 */
export function wildcardFolders(models: readonly string[], input?: string): string[] {
  const beside = [...models, ...(input === undefined ? [] : [input])].map((folder) =>
    dirname(folder),
  );
  const roots = [
    ...beside.flatMap((folder) => PACKS.map((pack) => join(folder, 'custom_nodes', pack))),
    ...beside,
    ...models,
  ];
  return KINDS.flatMap((kind) => [...new Set(roots)].map((root) => join(root, kind)));
}

/**
 * Reads the lists of all folders that exist. A list replaces an earlier one of the same name.
 */
export function readWildcards(
  folders: readonly string[],
  onUnreadable?: OnUnreadable,
): WildcardFiles {
  const lists = new Map<string, readonly string[]>();
  const problems: string[] = [];
  for (const folder of folders)
    for (const name of listFilesIn(folder, onUnreadable)) {
      const path = join(folder, name);
      try {
        if (name.endsWith('.txt'))
          lists.set(
            normaliseWildcardName(name.slice(0, -'.txt'.length)),
            itemsOf(readRegularFileSync(path, MAX_BYTES).toString('latin1')),
          );
        else readYaml(readRegularFileSync(path, MAX_BYTES), lists);
      } catch (error) {
        problems.push(
          `the wildcard file ${path} can't be read and is left out: ` +
            `${firstLine((error as Error).message)}`,
        );
      }
    }
  return { lists, problems };
}

/** Returns the lines of a list without comments and blank lines. */
const itemsOf = (text: string): string[] => {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the line ends of Python's splitlines
  const lines = text.split(/\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]/);
  return lines.filter((line) => line.trim() !== '' && !line.trim().startsWith('#'));
};

/**
 * Characters that PyYAML refuses. The original then reads the file as UTF-8 instead of Latin-1, in
 * which most UTF-8 text contains control characters.
 */
const UNPRINTABLE = /[^\t\n\r\x20-\x7e\x85\xa0-\xff]/;

function readYaml(bytes: Buffer, lists: Map<string, readonly string[]>): void {
  const latin = bytes.toString('latin1');
  const text = UNPRINTABLE.test(latin) ? bytes.toString('utf8') : latin;
  const content: unknown = yaml().parse(text, {
    version: '1.1',
    uniqueKeys: false,
    logLevel: 'error',
    maxAliasCount: 1000,
  });
  if (!isJsonObject(content)) throw new Error('it is not a map of lists');
  for (const [key, value] of Object.entries(content)) addLists(lists, key, value);
}

/** Adds a list, a single item as a list, or the lists of a nested map. */
function addLists(lists: Map<string, readonly string[]>, key: string, value: unknown): void {
  if (Array.isArray(value)) lists.set(normaliseWildcardName(key), value.map(textOf));
  else if (isJsonObject(value))
    for (const [name, inner] of Object.entries(value))
      addLists(lists, normaliseWildcardName(`${key}/${name}`), inner);
  else if (['string', 'number', 'boolean'].includes(typeof value))
    lists.set(normaliseWildcardName(key), [textOf(value)]);
}

/** Returns a value as Python prints it; '' for null and nested values. */
const textOf = (value: unknown): string => {
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  return value === null || typeof value === 'object' ? '' : String(value);
};

/** Returns the `.txt`, `.yaml` and `.yml` files under a folder, sorted. */
const listFilesIn = (root: string, onUnreadable?: OnUnreadable): string[] =>
  filesUnder(root, { onUnreadable })
    .filter((name) => /\.(txt|ya?ml)$/.test(name))
    .sort();

const firstLine = (text: string): string => text.split('\n')[0];
