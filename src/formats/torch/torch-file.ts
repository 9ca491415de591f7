// Reads files of torch.save without torch: the zip format (since torch 1.6: data.pkl and a stored
// entry per storage) and the older sequential one (five pickles, then the storages). The pickle is
// read without running anything. Tensors are only described; their bytes are not read.
import { createHash } from 'node:crypto';
import type { ByteSource } from '../byte-source.ts';
import { DTYPES } from '../dtypes.ts';
import { CUT_OFF, invalidModel, unsafeModel, unsupportedModel } from '../model-file-errors.ts';
import { isAllowedInModels } from '../pickle/allowed-globals.ts';
import { malformed, PickleError, printableName } from '../pickle/pickle-error.ts';
import { entriesOf, isKind, type PickleValue } from '../pickle/pickle-values.ts';
import { type Unpickled, unpickle } from '../pickle/unpickle.ts';
import { readEntry, readZip, type ZipEntries, type ZipEntry } from '../zip.ts';
import {
  type TorchStorage,
  type TorchTensor,
  TorchTensors,
  UnsupportedTensor,
} from './torch-tensors.ts';

export interface TorchOptions {
  /** Allows more classes in the pickle than those of checkpoints; they stay inert too. */
  readonly classes?: (name: string) => boolean;
}

/**
 * Where the bytes of a storage are: unchanged in the file from `offset`, or in a compressed entry.
 */
export type StorageLocation = { readonly offset: number } | { readonly entry: ZipEntry };

export interface TorchFile {
  /** What was saved. */
  readonly root: PickleValue;
  /**
   * The tensors of the state dictionary by name; names of nested dictionaries are joined by dots.
   */
  readonly tensors: ReadonlyMap<string, TorchTensor>;
  /** The texts and numbers beside them. */
  readonly metadata: Readonly<Record<string, string>>;
  /** A hash of everything that describes the tensors. */
  readonly hash: string;
  locate(storage: TorchStorage): StorageLocation;
  /**
   * The tensor that a value in `root` stands for; undefined for other values. `name` is used in
   * messages. Throws as reading the file does.
   */
  tensorOf(value: PickleValue, name: string): TorchTensor | undefined;
}

const MAX_PICKLE = 2 ** 26;

/** Reads a zip of torch.save. Throws DR_MODEL_INVALID, DR_MODEL_UNSAFE, DR_MODEL_UNSUPPORTED. */
export async function readTorchZip(
  source: ByteSource,
  options: TorchOptions = {},
): Promise<TorchFile> {
  const { file } = source;
  const entries = await readZip(source);
  const folder = folderOf(file, entries);
  const order = entries.get(`${folder}/byteorder`);
  if (order && Buffer.from(await readEntry(source, order, 100)).toString('latin1') !== 'little')
    throw bigEndian(file);
  const pickle = await readEntry(source, entries.get(`${folder}/data.pkl`)!, MAX_PICKLE);
  return withFileInErrors(file, () => {
    const unpickled = unpickle(pickle, { allowed: allowedGlobals(options) });
    const content = contentOf(file, unpickled);
    const locate = (storage: TorchStorage): StorageLocation => {
      const entry = entries.get(`${folder}/data/${storage.key}`);
      if (!entry) throw invalidModel(file, `has no storage ${printableName(storage.key)}`);
      if (entry.size < storage.bytes)
        throw invalidModel(
          file,
          `has only ${entry.size} of the ${storage.bytes} bytes of its storage ` +
            `${printableName(storage.key)}`,
        );
      return entry.stored ? { offset: entry.offset } : { entry };
    };
    for (const { storage } of content.tensors.values()) locate(storage);
    return { root: unpickled.value, ...content, hash: hashOf(pickle), locate };
  });
}

/** Archives that are not models, recognised by the name of an entry. */
const OTHER_ARCHIVES: readonly (readonly [entry: RegExp, what: string])[] = [
  [/^([^/]+\/)?constants\.pkl$/, 'is a TorchScript program, not plain weights'],
  [/(^|\/)model_index\.json$/, 'is a packed diffusers folder'],
  [/\.npy$/, 'is a NumPy archive'],
  [/\.safetensors$/, 'is an archive that contains a .safetensors file'],
  [/\.(ckpt|pth?|bin)$/, 'is an archive that contains a model file'],
  [/^\[Content_Types\]\.xml$/, 'is an office document'],
  [/^META-INF\//, 'is a Java archive'],
];

const USE_SAFETENSORS =
  'Get the model as .safetensors, or as plain weights (a state dict saved by torch).';

/** The folder in the archive that contains the model. */
function folderOf(file: string, entries: ZipEntries): string {
  const names = [...entries.keys()];
  const folders = names.flatMap((name) => /^([^/]+)\/data\.pkl$/.exec(name)?.[1] ?? []);
  const other = OTHER_ARCHIVES.find(([pattern]) => names.some((name) => pattern.test(name)));
  if (other) throw invalidModel(file, other[1], USE_SAFETENSORS);
  if (folders.length !== 1)
    throw invalidModel(file, 'is an archive without a model', USE_SAFETENSORS);
  return folders[0];
}

const MAGIC = 0x1950a86a20f9469cfc6cn;
const FORMAT = 1001;
const FIRST_WINDOW = 2 ** 20;

/** Reads the sequential format. Throws DR_MODEL_INVALID, DR_MODEL_UNSAFE, DR_MODEL_UNSUPPORTED. */
export async function readTorchLegacy(
  source: ByteSource,
  options: TorchOptions = {},
): Promise<TorchFile> {
  const { file, size } = source;
  const { parts, bytes } = await readPickles(source, allowedGlobals(options));
  const [, , { value: system }, saved, { value: keys }] = parts;
  const content = withFileInErrors(file, () => {
    if (entriesOf(system)?.get('little_endian') === false) throw bigEndian(file);
    return contentOf(file, saved);
  });
  const offsets = new Map<string, number>();
  let at = parts[4].end;
  for (const key of isKind(keys, 'list') ? keys.items : []) {
    const storage = typeof key === 'string' ? content.storages.get(key) : undefined;
    if (storage === undefined || offsets.has(storage.key))
      throw invalidModel(file, 'has storages that no tensor uses');
    if (at + 8 > size) throw invalidModel(file, 'ends before its last tensor', CUT_OFF);
    const count = Number(new DataView((await source.read(at, 8)).buffer).getBigInt64(0, true));
    if (count * (storage.dtype ? DTYPES[storage.dtype].size : 1) !== storage.bytes)
      throw invalidModel(file, `gives two sizes for its storage ${printableName(storage.key)}`);
    offsets.set(storage.key, at + 8);
    at += 8 + storage.bytes;
    if (at > size) throw invalidModel(file, 'ends before its last tensor', CUT_OFF);
  }
  const locate = ({ key }: TorchStorage): StorageLocation => {
    const offset = offsets.get(key);
    if (offset === undefined) throw invalidModel(file, `has no storage ${printableName(key)}`);
    return { offset };
  };
  for (const { storage } of content.tensors.values()) locate(storage);
  return {
    root: saved.value,
    ...content,
    hash: hashOf(bytes.subarray(0, parts[4].end)),
    locate,
  };
}

/**
 * Reads the five pickles: magic number, version, system, the saved value, names of the storages.
 */
async function readPickles(
  source: ByteSource,
  allowed: (name: string) => boolean,
): Promise<{ parts: Unpickled[]; bytes: Uint8Array }> {
  const { file, size } = source;
  for (let window = FIRST_WINDOW; ; window *= 4) {
    const bytes = await source.read(0, Math.min(window, size, MAX_PICKLE));
    try {
      return { parts: fivePickles(bytes, allowed), bytes };
    } catch (error) {
      const canReadMore =
        error instanceof PickleError &&
        error.fault === 'cut off' &&
        bytes.length < Math.min(size, MAX_PICKLE);
      if (canReadMore) continue;
      if (error instanceof PickleError && error.fault === 'cut off' && bytes.length < size)
        throw invalidModel(
          file,
          `has a pickle of more than ${MAX_PICKLE} bytes, more than any model needs`,
        );
      return withFileInErrors(file, () => {
        throw error;
      });
    }
  }
}

function fivePickles(bytes: Uint8Array, allowed: (name: string) => boolean): Unpickled[] {
  const first = unpickle(bytes, { allowed });
  if (first.value !== MAGIC) throw malformed('is a Python pickle, but none that torch wrote');
  const parts = [first];
  while (parts.length < 5)
    parts.push(unpickle(bytes, { allowed, start: parts[parts.length - 1].end }));
  if (parts[1].value !== FORMAT) throw malformed('has an unknown format version');
  return parts;
}

const allowedGlobals =
  ({ classes }: TorchOptions) =>
  (name: string): boolean =>
    isAllowedInModels(name) || (classes?.(name) ?? false);

const hashOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

const bigEndian = (file: string) =>
  unsupportedModel(
    file,
    'was written by a big-endian machine',
    'Load it in Python and save it on a little-endian machine, preferably as .safetensors.',
  );

/** Calls `work` and converts its errors to errors that name the file. */
function withFileInErrors<T>(file: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof UnsupportedTensor)
      throw unsupportedModel(
        file,
        `contains a tensor that can't be used: ${error.message}`,
        'Get the model with plain float weights.',
      );
    if (!(error instanceof PickleError)) throw error;
    if (error.fault === 'forbidden') throw unsafeModel(file, error.message);
    throw invalidModel(file, error.message, error.fault === 'cut off' ? CUT_OFF : undefined);
  }
}

type Content = Pick<TorchFile, 'tensors' | 'metadata' | 'tensorOf'> & {
  readonly storages: ReadonlyMap<string, TorchStorage>;
};

const MAX_DEPTH = 16;
const MAX_VISITS = 1_000_000;

/**
 * The tensors that comfy.utils.load_torch_file finds: under `state_dict`, else under the only key,
 * else at the top level.
 */
function contentOf(file: string, { value: root, persistent }: Unpickled): Content {
  const builder = new TorchTensors(persistent);
  const tensors = new Map<string, TorchTensor>();
  let visits = 0;
  const visit = (value: PickleValue, name: string, depth: number): void => {
    if (++visits > MAX_VISITS)
      throw new PickleError('too large', `contains more than ${MAX_VISITS} values`);
    const entries = entriesOf(value);
    if (entries) {
      if (depth >= MAX_DEPTH)
        throw new PickleError(
          'too large',
          `contains dictionaries nested more than ${MAX_DEPTH} deep`,
        );
      for (const [key, inner] of entries) {
        const part = nameOf(key);
        if (part !== undefined) visit(inner, name === '' ? part : `${name}.${part}`, depth + 1);
      }
      return;
    }
    const tensor = builder.tensorOf(value, name);
    if (!tensor) return;
    if (tensors.has(name)) throw malformed(`contains two tensors named ${printableName(name)}`);
    tensors.set(name, tensor);
  };
  const state = stateOf(root);
  if (isKind(state, 'list'))
    for (const [i, item] of state.items.entries()) visit(item, String(i), 1);
  else if (entriesOf(state)) visit(state, '', 0);
  else throw malformed('contains no table of tensors');
  const tensorOf: TorchFile['tensorOf'] = (value, name) =>
    withFileInErrors(file, () => builder.tensorOf(value, name));
  return { tensors, metadata: metadataOf(root), storages: builder.storages, tensorOf };
}

const nameOf = (key: PickleValue): string | undefined =>
  typeof key === 'string'
    ? key
    : typeof key === 'number' || typeof key === 'bigint'
      ? String(key)
      : undefined;

function stateOf(root: PickleValue): PickleValue {
  const entries = entriesOf(root);
  if (!entries) return root;
  const state = entries.get('state_dict');
  if (state !== undefined) return state;
  const [only] = entries.values();
  return entries.size === 1 && entriesOf(only) ? only : root;
}

const MAX_METADATA = 100;

function metadataOf(root: PickleValue): Record<string, string> {
  const found: [string, string][] = [];
  for (const [key, value] of entriesOf(root) ?? []) {
    if (found.length >= MAX_METADATA) break;
    const plain =
      typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
    if (typeof key === 'string' && plain) found.push([key, String(value).slice(0, 1000)]);
  }
  return Object.fromEntries(found);
}
