// Opens model files: .safetensors, GGUF and both formats of torch.save, recognised by their first
// bytes, whatever the file name. All other files are refused with a message that says what they are.
import { existsSync, statSync } from 'node:fs';
import { extname, join } from 'node:path';
import { type ByteSource, openSource } from './byte-source.ts';
import { GGUF_MAGIC, readGguf } from './gguf/gguf-file.ts';
import { foreignFile } from './identify/foreign-files.ts';
import { invalidModel } from './model-file-errors.ts';
import { withScales } from './quantised/recognise-scales.ts';
import { openSafetensors } from './safetensors/safetensors.ts';
import { isShardIndex, openShards, shardFiles } from './safetensors/shards.ts';
import { type TensorFile, type TensorInfo, tensorReader } from './tensor-file.ts';
import { type LocateOptions, locateTensors } from './torch/tensor-locations.ts';
import {
  readTorchLegacy,
  readTorchZip,
  type TorchFile,
  type TorchOptions,
} from './torch/torch-file.ts';

export interface ModelDescription {
  readonly file: string;
  readonly format: ModelFormat;
  readonly tensors: ReadonlyMap<string, Pick<TensorInfo, 'dtype' | 'shape' | 'scaling' | 'blocks'>>;
  readonly metadata: Readonly<Record<string, string>>;
}

export type ModelFormat = 'safetensors' | 'torch zip' | 'torch sequential' | 'GGUF';

const HEAD = 512;
const MAX_HEADER = 100_000_000;

/** A global, instance, list, dictionary, text or number as written by pickle protocols 0 and 1. */
const OLD_PICKLE = /^\(*([ci][\w.]+\n[\w.]+\n|[ld]p\d+\n|[SVIL]['\d][^\n\0]*\n)/;

type TorchReader = (source: ByteSource, options?: TorchOptions) => Promise<TorchFile>;

/**
 * torch's formats, recognised by their first bytes. Old pickles (protocols 0 and 1) are not among
 * them; they are read so that the error can say what they import.
 */
const TORCH: readonly {
  readonly format: ModelFormat;
  readonly matches: (head: Buffer) => boolean;
  readonly read: TorchReader;
}[] = [
  {
    format: 'torch zip',
    matches: (head) => head.subarray(0, 4).toString('hex') === '504b0304',
    read: readTorchZip,
  },
  {
    format: 'torch sequential',
    matches: (head) => head[0] === 0x80 && head[1] >= 2 && head[1] <= 5,
    read: readTorchLegacy,
  },
  {
    format: 'torch sequential',
    matches: (head) => OLD_PICKLE.test(head.toString('latin1')),
    read: readTorchLegacy,
  },
];

/**
 * Opens the tensors of a model file, to be closed after use. May write copies of tensors into the
 * cache (torch/tensor-locations.ts). Throws DR_FILE_MISSING, DR_FILE_UNREADABLE,
 * DR_SAFETENSORS_INVALID, DR_MODEL_INVALID, DR_MODEL_UNSAFE, DR_MODEL_UNSUPPORTED and
 * DR_OUTPUT_UNWRITABLE.
 */
export async function openModelFile(
  file: string,
  options: LocateOptions = {},
): Promise<TensorFile> {
  const source = await sniff(file);
  if (!source) return openSafetensorsModel(file);
  const { bytes } = source;
  const opening = closedOnError(bytes, async () => {
    if (!('read' in source)) return tensorReader(bytes, await readGguf(bytes));
    const torch = await source.read(bytes);
    const tensors = await locateTensors(bytes, torch, options);
    return tensorReader(bytes, { tensors, metadata: torch.metadata });
  });
  return openQuantised(opening);
}

/** Opens a model in one or several .safetensors files. */
async function openSafetensorsModel(file: string): Promise<TensorFile> {
  const shards = await shardFiles(file);
  return openQuantised(shards ? openShards(shards) : openSafetensors(file));
}

/** Returns an opened file with the scales of its quantised weights. */
async function openQuantised(opening: Promise<TensorFile>): Promise<TensorFile> {
  const opened = await opening;
  return closedOnError(opened, async () => opened.withTensors(await withScales(opened)));
}

/** Returns what `work` does; closes `opened` when it fails. */
async function closedOnError<T>(
  opened: Pick<TensorFile, 'close'>,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    await opened.close();
    throw error;
  }
}

/**
 * Opens a model file, calls `work` with its tensors, and closes it. Throws as openModelFile does.
 */
export async function withModelFile<T>(
  file: string,
  work: (opened: TensorFile) => Promise<T> | T,
): Promise<T> {
  const opened = await openModelFile(file);
  try {
    return await work(opened);
  } finally {
    await opened.close();
  }
}

/**
 * Calls `work` with a file of torch.save, in which `options` may allow more classes; they stay
 * inert. Returns undefined for .safetensors and GGUF files. Throws as openModelFile does.
 */
export async function withTorchFile<T>(
  file: string,
  options: TorchOptions,
  work: (torch: TorchFile, source: ByteSource) => Promise<T>,
): Promise<T | undefined> {
  const source = await sniff(file);
  if (!source) return undefined;
  try {
    return 'read' in source
      ? await work(await source.read(source.bytes, options), source.bytes)
      : undefined;
  } finally {
    await source.bytes.close();
  }
}

/** Describes the tensors of a model file. Writes nothing. Throws as openModelFile does. */
export async function describeModelFile(file: string): Promise<ModelDescription> {
  const source = await sniff(file);
  if (!source) {
    const { tensors, metadata, close } = await openSafetensorsModel(file);
    await close();
    return { file, format: 'safetensors', tensors, metadata };
  }
  try {
    const { bytes, format } = source;
    const { tensors, metadata } = await ('read' in source ? source.read(bytes) : readGguf(bytes));
    return { file, format, tensors, metadata };
  } finally {
    await source.bytes.close();
  }
}

interface TorchSource {
  readonly format: ModelFormat;
  readonly bytes: ByteSource;
  readonly read: TorchReader;
}

interface GgufSource {
  readonly format: 'GGUF';
  readonly bytes: ByteSource;
}

/**
 * Opens a torch or GGUF file; returns undefined for .safetensors files and their indexes, and throws
 * for all others.
 */
async function sniff(file: string): Promise<TorchSource | GgufSource | undefined> {
  refuseFolder(file);
  const bytes = await openSource(file);
  let returned = false;
  try {
    const head = Buffer.from(await bytes.read(0, Math.min(HEAD, bytes.size)));
    if (looksLikeSafetensors(head) || isShardIndex(file)) return undefined;
    if (head.subarray(0, 4).toString('latin1') === GGUF_MAGIC) {
      returned = true;
      return { format: 'GGUF', bytes };
    }
    const torch = TORCH.find(({ matches }) => matches(head));
    const foreign = torch?.format === 'torch zip' ? undefined : foreignFile(head);
    if (foreign) throw invalidModel(file, foreign.what, foreign.hint);
    const hasSafetensorsName = /^\.(safetensors|sft)$/i.test(extname(file));
    if (torch && (!hasSafetensorsName || head[0] === 0x80 || torch.format === 'torch zip')) {
      returned = true;
      return { ...torch, bytes };
    }
    if (hasSafetensorsName) return undefined;
    const start = head
      .subarray(0, 8)
      .toString('hex')
      .replace(/..(?=.)/g, '$& ');
    throw invalidModel(
      file,
      `is not in a model format (it begins with ${start})`,
      'Use .safetensors, .gguf, .ckpt, .pt or .pth files.',
    );
  } finally {
    if (!returned) await bytes.close();
  }
}

function looksLikeSafetensors(head: Buffer): boolean {
  return head.length > 8 && head.readBigUInt64LE(0) <= MAX_HEADER && head[8] === 0x7b;
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}

function refuseFolder(file: string): void {
  if (!isFolder(file)) return;
  const diffusers = existsSync(join(file, 'model_index.json'));
  const what = diffusers
    ? 'is a diffusers folder, not a model file'
    : 'is a folder, not a model file';
  throw invalidModel(
    file,
    what,
    diffusers ? 'Use the single-file checkpoint of this model.' : 'Choose a file in it.',
  );
}
