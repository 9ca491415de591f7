// Wildcard lists in files: `NAME.txt` has an item per line, `.yaml` maps of lists whose keys are
// joined by `/`. Reading follows the Impact Pack (modules/impact/wildcards.py), its encodings too:
// text files are Latin-1.
import { type Dirent, readdirSync, readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { normaliseWildcardName, type Wildcards } from '../text/wildcards.ts';

export interface WildcardFiles {
  readonly lists: Wildcards;
  /** What could not be read, a sentence each. */
  readonly problems: readonly string[];
}

const KINDS = ['wildcards', 'custom_wildcards'];
const PACKS = ['ComfyUI-Impact-Pack', 'comfyui-impact-pack'];

/**
 * Where lists may lie: in a models folder and beside it, beside the input folder, and in an Impact
 * Pack that is installed beside them. Later ones win, custom ones over the others.
 */
export function wildcardFolders(models: readonly string[], input: string): string[] {
  const beside = [...models.map((folder) => dirname(folder)), dirname(input)];
  const roots = [
    ...beside.flatMap((folder) => PACKS.map((pack) => join(folder, 'custom_nodes', pack))),
    ...beside,
    ...models,
  ];
  return KINDS.flatMap((kind) => [...new Set(roots)].map((root) => join(root, kind)));
}

/**
 * The lists of some folders, those that exist; a list that is there again takes the place of the
 * earlier one.
 */
export function readWildcards(folders: readonly string[]): WildcardFiles {
  const lists = new Map<string, readonly string[]>();
  const problems: string[] = [];
  for (const folder of folders)
    for (const name of filesIn(folder)) {
      const path = join(folder, name);
      try {
        if (name.endsWith('.txt'))
          lists.set(
            normaliseWildcardName(name.slice(0, -'.txt'.length)),
            linesOf(readFileSync(path, 'latin1')),
          );
        else readYaml(readFileSync(path), lists);
      } catch (error) {
        problems.push(
          `the wildcard file ${path} can't be read and is left out: ` +
            `${firstLine((error as Error).message)}`,
        );
      }
    }
  return { lists, problems };
}

const linesOf = (text: string): string[] => {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the line ends of Python's splitlines
  const lines = text.split(/\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]/);
  if (lines.at(-1) === '') lines.pop();
  return lines.filter((line) => !line.trim().startsWith('#'));
};

/**
 * What PyYAML can't read as Latin-1 it reads as UTF-8: control characters, which most UTF-8 text
 * has.
 */
const UNPRINTABLE = /[^\t\n\r\x20-\x7e\x85\xa0-\xff]/;

// read in where there is such a file
const yaml = (): typeof import('yaml') => createRequire(import.meta.url)('yaml');

function readYaml(bytes: Buffer, lists: Map<string, readonly string[]>): void {
  const latin = bytes.toString('latin1');
  const text = UNPRINTABLE.test(latin) ? bytes.toString('utf8') : latin;
  const content: unknown = yaml().parse(text, {
    version: '1.1',
    uniqueKeys: false,
    logLevel: 'error',
    maxAliasCount: 1000,
  });
  if (!isMap(content)) throw new Error('it is no map of lists');
  for (const [key, value] of Object.entries(content)) add(lists, key, value);
}

function add(lists: Map<string, readonly string[]>, key: string, value: unknown): void {
  if (Array.isArray(value)) lists.set(normaliseWildcardName(key), value.map(plain));
  else if (isMap(value))
    for (const [name, inner] of Object.entries(value))
      add(lists, normaliseWildcardName(`${key}/${name}`), inner);
  else if (typeof value === 'string') lists.set(normaliseWildcardName(key), [value]);
}

const isMap = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** As Python prints it; what is no plain value is nothing to choose. */
const plain = (value: unknown): string => {
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  return value === null || typeof value === 'object' ? '' : String(value);
};

/** The `.txt` and `.yaml` files under a folder, links followed, sorted; relative, with `/`. */
function filesIn(root: string, folder = '', depth = 0): string[] {
  const found: string[] = [];
  for (const entry of entries(join(root, folder))) {
    const name = folder ? `${folder}/${entry.name}` : entry.name;
    const isLink = entry.isSymbolicLink();
    const target = isLink ? statSync(join(root, name), { throwIfNoEntry: false }) : entry;
    if (target?.isDirectory() && depth < 16) found.push(...filesIn(root, name, depth + 1));
    else if (target?.isFile() && /\.(txt|yaml)$/.test(name)) found.push(name);
  }
  return found.sort();
}

function entries(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}

const firstLine = (text: string): string => text.split('\n')[0];
