// The tensors of a torch file as byte ranges, the form that ONNX Runtime needs. torch stores
// tensors uncompressed, so nearly all are contiguous in the user's file and are read there. The
// others (transposed or strided views, entries that a zip program compressed) are copied once: up
// to 16 MiB into memory, which covers embeddings, LoRAs and upscalers; above that into a
// .safetensors file in the cache, because ONNX models in memory are limited to 2 GiB and would need
// twice the memory.
import { createHash } from 'node:crypto';
import { dirname, join } from 'node:path';
import { DarkroomError } from '../../errors.ts';
import { makeFolder } from '../../make-folder.ts';
import { sizeOf } from '../../tensor/tensor.ts';
import { cacheFolder } from '../../user-cache-folder.ts';
import type { ByteSource } from '../byte-source.ts';
import { DTYPES } from '../dtypes.ts';
import { invalidModel } from '../model-file-errors.ts';
import { openSafetensors } from '../safetensors/safetensors.ts';
import { type LazyTensor, writeLazySafetensors } from '../safetensors/safetensors-write.ts';
import type { TensorInfo } from '../tensor-file.ts';
import { readEntry, type ZipEntry } from '../zip.ts';
import type { TorchFile } from './torch-file.ts';
import { extentOf, gather, isContiguous, type TorchTensor } from './torch-tensors.ts';

export interface LocateOptions {
  /** The cache folder; the user's cache unless given. */
  readonly cache?: string;
  /** The largest number of bytes to copy into memory. */
  readonly inMemory?: number;
}

const IN_MEMORY = 2 ** 24;
/** Bytes that may be copied in addition to a multiple of the file size. */
const SPARE = 2 ** 26;
/** Increase it whenever the layout of the files in the cache changes. */
const VERSION = 1;

/**
 * The location of the bytes of each tensor. May write into the cache. Throws DR_MODEL_INVALID and
 * DR_OUTPUT_UNWRITABLE.
 */
export async function locateTensors(
  source: ByteSource,
  torch: TorchFile,
  options: LocateOptions = {},
): Promise<Map<string, TensorInfo>> {
  const locations = new Map<string, TensorInfo>();
  const scattered = new Map<string, TorchTensor>();
  const packed = new Set<ZipEntry>();
  for (const [name, tensor] of torch.tensors) {
    const { dtype, shape, storage, start } = tensor;
    const storageLocation = torch.locate(storage);
    const byteLength = bytesIn(tensor);
    const isInOnePiece = 'offset' in storageLocation && isContiguous(tensor);
    locations.set(name, {
      dtype,
      shape,
      offset: isInOnePiece ? storageLocation.offset + start : 0,
      byteLength,
    });
    if (!isInOnePiece) scattered.set(name, tensor);
    if ('entry' in storageLocation) packed.add(storageLocation.entry);
  }
  const total = [...scattered.values()].reduce((sum, tensor) => sum + bytesIn(tensor), 0);
  const unpacked = [...packed].reduce((sum, entry) => sum + entry.size, 0);
  if (Math.max(total, unpacked) > 4 * source.size + SPARE)
    throw invalidModel(
      source.file,
      `is a zip bomb: its tensors would take ${Math.max(total, unpacked)} bytes, ` +
        `but the file has ${source.size}`,
    );
  const copyTensor = tensorCopier(source, torch);
  if (total <= (options.inMemory ?? IN_MEMORY))
    for (const [name, tensor] of scattered)
      locations.set(name, { ...locations.get(name)!, bytes: await copyTensor(tensor) });
  else
    for (const [name, location] of await copyToCache(scattered, {
      file: cacheFileOf(source, torch, options.cache ?? cacheFolder()),
      copyTensor,
    }))
      locations.set(name, location);
  return locations;
}

const bytesIn = ({ dtype, shape }: TorchTensor): number => sizeOf(shape) * DTYPES[dtype].size;

/** Copies the elements of a tensor one after another. */
type CopyTensor = (tensor: TorchTensor) => Promise<Uint8Array>;

/** The last unpacked entry stays in memory for its other tensors, which follow. */
function tensorCopier(source: ByteSource, torch: TorchFile): CopyTensor {
  let last: { readonly entry: ZipEntry; readonly bytes: Uint8Array } | undefined;
  const unpacked = async (entry: ZipEntry): Promise<Uint8Array> => {
    if (last?.entry !== entry) last = { entry, bytes: await readEntry(source, entry) };
    return last.bytes;
  };
  return async (tensor) => {
    const storageLocation = torch.locate(tensor.storage);
    const length = extentOf(tensor);
    const { start } = tensor;
    if ('offset' in storageLocation)
      return gather(tensor, await source.read(storageLocation.offset + start, length));
    return gather(tensor, (await unpacked(storageLocation.entry)).slice(start, start + length));
  };
}

/** Returns the cache file for the tensors of a torch file that are not contiguous in it. */
function cacheFileOf(source: ByteSource, torch: TorchFile, cache: string): string {
  const key = createHash('sha256')
    .update(`${VERSION} ${source.size} ${source.modified} ${torch.hash}`)
    .digest('hex')
    .slice(0, 32);
  return join(cache, 'torch', `${key}.safetensors`);
}

/** Copies tensors into the cache file, unless it holds them already; returns their locations. */
async function copyToCache(
  scattered: ReadonlyMap<string, TorchTensor>,
  { file, copyTensor }: { readonly file: string; readonly copyTensor: CopyTensor },
): Promise<Map<string, TensorInfo>> {
  // stored under numbers, because names in the file may be any text
  const numbered = [...scattered]
    .sort(([, a], [, b]) => compareForCache(a, b))
    .map(([name, tensor], i) => ({ name, tensor, number: String(i) }));
  const readLocations = async (): Promise<Map<string, TensorInfo> | undefined> => {
    const opened = await openSafetensors(file);
    await opened.close();
    const locations = new Map<string, TensorInfo>();
    for (const { name, tensor, number } of numbered) {
      const found = opened.tensors.get(number);
      if (found?.dtype !== tensor.dtype || String(found.shape) !== String(tensor.shape))
        return undefined;
      locations.set(name, { ...found, file });
    }
    return locations;
  };
  const cached = await readLocations().catch(() => undefined);
  if (cached) return cached;
  const folder = dirname(file);
  try {
    makeFolder(folder);
  } catch (cause) {
    throw new DarkroomError('DR_OUTPUT_UNWRITABLE', {
      message: `${folder} can't be created: ${(cause as Error).message}`,
      hint:
        'Some weights of this file must be copied into the cache. ' +
        'Name another cache folder in DARKROOM_CACHE.',
      file: folder,
      cause,
    });
  }
  const tensors = numbered.map(({ tensor, number }): LazyTensor => {
    return {
      name: number,
      dtype: tensor.dtype,
      shape: tensor.shape,
      bytes: () => copyTensor(tensor),
    };
  });
  await writeLazySafetensors(file, tensors);
  const written = await readLocations();
  if (!written) throw new Error(`internal: ${file} differs from what was written`);
  return written;
}

/**
 * Sorts larger dtypes first, which keeps all aligned; then by storage, so that each is unpacked
 * once.
 */
const compareForCache = (a: TorchTensor, b: TorchTensor): number =>
  DTYPES[b.dtype].size - DTYPES[a.dtype].size ||
  (a.storage.key < b.storage.key ? -1 : a.storage.key > b.storage.key ? 1 : a.start - b.start);
