// Names in A1111's parameters: model files without their extension, and embeddings as plain words.
import { posix } from 'node:path';

/** Lists the files of a model folder, relative to it, with `/`. */
export type ModelFiles = (folder: string) => readonly string[];

const EXTENSION = /\.(safetensors|ckpt|pt|pth|bin)$/i;
/** The extension of most files of a folder; `.safetensors` in the others. */
const USUAL_EXTENSIONS: ReadonlyMap<string, string> = new Map([['upscale_models', '.pth']]);

/**
 * The file that A1111 calls `name`: of this name, with an extension or in a subfolder; else the
 * first that begins with it, as in ComfyUI's editor; else the name with the usual extension.
 */
export function fileNamed(folder: string, name: string, modelFiles: ModelFiles): string {
  const files = modelFiles(folder);
  const found =
    files.find((file) => file === name) ??
    files.find((file) => file.replace(EXTENSION, '') === name) ??
    files.find((file) => posix.basename(file).replace(EXTENSION, '') === name) ??
    files.find((file) => file.startsWith(name));
  if (found !== undefined) return found;
  return EXTENSION.test(name) ? name : name + (USUAL_EXTENSIONS.get(folder) ?? '.safetensors');
}

/** The names of embeddings: those of the files, and those that `TI hashes` lists. */
export function knownEmbeddings(
  settings: ReadonlyMap<string, string>,
  modelFiles: ModelFiles,
): string[] {
  const files = modelFiles('embeddings').map((file) => file.replace(EXTENSION, ''));
  const hashes = (settings.get('ti hashes') ?? '').split(',');
  const listed = hashes.map((item) => item.split(':', 1)[0].trim());
  return [...files, ...files.map((file) => posix.basename(file)), ...listed];
}

const isWord = (c: string | undefined): boolean => c !== undefined && /\w/.test(c);
const ALREADY = 'embedding:';

/**
 * Puts `embedding:` before each of the names that stands in a text as whole words, in any case; of
 * several, the longest. Names are written as their files are.
 */
export function withEmbeddings(text: string, names: readonly string[]): string {
  const byFirstWord = new Map<string, string[]>();
  for (const name of new Set(names)) {
    const first = /^\w+/.exec(name)?.[0].toLowerCase();
    if (first === undefined) continue;
    byFirstWord.set(first, [...(byFirstWord.get(first) ?? []), name]);
  }
  for (const list of byFirstWord.values()) list.sort((a, b) => b.length - a.length);
  const parts: string[] = [];
  let end = 0;
  for (const { 0: word, index } of text.matchAll(/\w+/g)) {
    if (index < end || text.slice(Math.max(0, index - ALREADY.length), index) === ALREADY) continue;
    const name = byFirstWord.get(word.toLowerCase())?.find((name) => standsAt(text, index, name));
    if (name === undefined) continue;
    parts.push(text.slice(end, index), ALREADY, name);
    end = index + name.length;
  }
  return parts.join('') + text.slice(end);
}

/** Whether a name, in any case, begins at a position of a text and ends with a word there. */
const standsAt = (text: string, at: number, name: string): boolean =>
  text.slice(at, at + name.length).toLowerCase() === name.toLowerCase() &&
  isWord(name.at(-1)) !== isWord(text[at + name.length]);
