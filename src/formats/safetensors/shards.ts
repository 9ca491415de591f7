// Models in several .safetensors files, as Hugging Face's libraries write them: parts named
// NAME-00001-of-00003.safetensors, and an index, NAME.safetensors.index.json, of their tensors.
import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { DarkroomError } from '../../errors.ts';
import { entriesOf, isJsonObject, type Json } from '../json.ts';
import { invalidModel } from '../model-file-errors.ts';
import { parseJson } from '../parse-json.ts';
import { readRegularFile } from '../regular-file.ts';
import type { TensorFile } from '../tensor-file.ts';
import type { TensorInfo } from '../tensor-info.ts';
import { openSafetensors } from './safetensors.ts';

const PART = /^(.+)-(\d{5})-of-(\d{5})(\.(?:safetensors|sft))$/i;
const INDEX = /\.safetensors\.index\.json$/i;
/** Whether a file is the index of a model in several files, by its name. */
export const isShardIndex = (file: string): boolean => INDEX.test(file);

/** Of the files that are known, none is in more parts than 200. */
const MAX_PARTS = 1000;

/**
 * Returns the files of a model of which `file` is one part, or the index; undefined for a model in
 * one file. Throws DR_FILE_MISSING for a missing part, and DR_MODEL_INVALID for an index that cannot
 * be read.
 */
export async function shardFiles(file: string): Promise<readonly string[] | undefined> {
  const names = isShardIndex(file) ? await indexedParts(file) : numberedParts(basename(file));
  if (!names) return undefined;
  const missing = names.find((name) => !existsSync(join(dirname(file), name)));
  if (missing !== undefined)
    throw new DarkroomError('DR_FILE_MISSING', {
      message: `${missing} is missing: ${basename(file)} belongs to a model in ${names.length} files`,
      hint: `Put all parts of the model into ${dirname(file)}.`,
      file: join(dirname(file), missing),
    });
  return names.map((name) => join(dirname(file), name));
}

/** Returns the names of all parts of a model by the name of one. */
function numberedParts(name: string): readonly string[] | undefined {
  const [, start, part, total, end] = PART.exec(name) ?? [];
  const count = Number(total);
  if (start === undefined || count < 2 || count > MAX_PARTS || Number(part) > count)
    return undefined;
  const padded = (index: number): string => `${index + 1}`.padStart(5, '0');
  return Array.from({ length: count }, (_, i) => `${start}-${padded(i)}-of-${total}${end}`);
}

/** Returns the names of the parts in an index. */
async function indexedParts(file: string): Promise<readonly string[]> {
  const invalid = (what: string): Error => invalidModel(file, `is no index of a model: ${what}`);
  let index: Json;
  try {
    index = parseJson((await readRegularFile(file)).toString('utf8'), { file });
  } catch (error) {
    throw invalid((error as Error).message);
  }
  const map = isJsonObject(index) ? index.weight_map : undefined;
  if (!isJsonObject(map)) throw invalid('it has no weight_map');
  const names = new Set(entriesOf(map).map(([, name]) => name));
  for (const name of names)
    if (typeof name !== 'string' || basename(name) !== name || name.includes('\\'))
      throw invalid(`${JSON.stringify(name)} is not the name of a file beside it`);
  if (names.size === 0 || names.size > MAX_PARTS) throw invalid(`it names ${names.size} files`);
  return [...names] as string[];
}

/**
 * Opens the tensors of all parts. Throws as openSafetensors does, and DR_MODEL_INVALID when two
 * parts have a tensor of the same name.
 */
export async function openShards(files: readonly string[]): Promise<TensorFile> {
  const [first, ...others] = files;
  const opened = await openSafetensors(first);
  try {
    const tensors = new Map<string, TensorInfo>(opened.tensors);
    for (const file of others) {
      const part = await openSafetensors(file);
      await part.close();
      for (const [name, info] of part.tensors) {
        if (tensors.has(name)) throw invalidModel(file, `has a tensor of another part, ${name}`);
        tensors.set(name, { ...info, file });
      }
    }
    return opened.withTensors(tensors);
  } catch (error) {
    await opened.close();
    throw error;
  }
}
