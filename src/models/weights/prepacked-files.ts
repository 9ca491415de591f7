// The files of prepacked weights. Each model file has a folder, named by the hash of its content.
// In it is one .safetensors per set of requests, and beside it a .json that describes it. A file is
// written under a temporary name and renamed; when two processes write the same one, the last one
// stays. A file that is not as it was written (size, samples of its bytes) is removed and computed
// again.
import { createHash } from 'node:crypto';
import { existsSync, renameSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type DTypeName, decodeFloat32, encodeFloat32 } from '../../formats/dtypes.ts';
import { readRegularFile } from '../../formats/regular-file.ts';
import { openSafetensors } from '../../formats/safetensors/safetensors.ts';
import {
  encodeLazySafetensors,
  type LazyTensor,
} from '../../formats/safetensors/safetensors-write.ts';
import type { TensorFile, TensorInfo } from '../../formats/tensor-file.ts';
import { writeAtomic, writeAtomicParts } from '../../storage/atomic-write.ts';
import { fingerprint } from '../../storage/cache/fingerprint.ts';
import { touch } from '../../storage/cache/touch.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { PrepackedLocation, PrepackedLocations, PrepackedRequest } from './prepacked.ts';
import { outputBytes, type PrepackedOutput } from './recipe.ts';
import type { Weights } from './tensors.ts';

export interface KeyedRequest extends PrepackedRequest {
  readonly key: string;
  readonly outputs: readonly PrepackedOutput[];
}

/** The content of the .json. Its modification time is the time of the last use. */
export interface PrepackedFile {
  /** The model file that the weights were computed from. */
  readonly source: string;
  /** Names of the recipes. */
  readonly recipes: readonly string[];
  readonly bytes: number;
  readonly made: string;
  readonly fingerprint: string;
}

/** Tensors begin at multiples of this. */
const ALIGNMENT = 64;
const DTYPES: Readonly<Record<PrepackedOutput['type'], DTypeName>> = {
  f32: 'F32',
  f16: 'F16',
  i8: 'I8',
  u8: 'U8',
};

/** Returns the bytes that the outputs of requests take. */
export const bytesOf = (requests: readonly KeyedRequest[]): number =>
  requests.flatMap(({ outputs }) => outputs).reduce((sum, output) => sum + outputBytes(output), 0);

/** Returns where requests are stored among the files of a model. Removes damaged files. */
export async function findPrepacked(
  folder: string,
  requests: readonly KeyedRequest[],
  onNote: (message: string) => void,
): Promise<PrepackedLocations> {
  const locations = new Map<string, readonly PrepackedLocation[]>();
  for (const entry of await readdir(folder).catch(() => [])) {
    if (!entry.endsWith('.json')) continue;
    const description = join(folder, entry);
    const location = join(folder, `${entry.slice(0, -'.json'.length)}.safetensors`);
    const tensors = await readIntact(location, description).catch(() => undefined);
    if (!tensors) {
      onNote(`${location} is damaged; its content is computed again`);
      await rm(description, { force: true });
      await rm(location, { force: true });
      continue;
    }
    const found = requests.flatMap((request) => {
      const stored = locations.has(request.key) ? undefined : storedOutputs(tensors, request);
      return stored ? [{ key: request.key, stored }] : [];
    });
    for (const { key, stored } of found) locations.set(key, locationsOf(location, stored));
    if (found.length > 0) touch(description);
  }
  return locations;
}

/** Returns where tensors of a file are. */
export const locationsOf = (
  location: string,
  tensors: readonly TensorInfo[],
): PrepackedLocation[] =>
  tensors.map(({ offset, byteLength }) => ({ location, offset, length: byteLength }));

/** Returns the tensors of all outputs of a request; undefined where one is missing. */
export function storedOutputs(
  tensors: ReadonlyMap<string, TensorInfo>,
  { key, outputs }: KeyedRequest,
): TensorInfo[] | undefined {
  const found = outputs.map(({ name, type, dims }) => {
    const info = tensors.get(`${key} ${name}`);
    return info?.dtype === DTYPES[type] && `${info.shape}` === `${dims}` ? info : undefined;
  });
  return found.every((info) => info !== undefined) ? found : undefined;
}

/** Returns the tensors of a file. Throws when the file is not as it was written. */
async function readIntact(
  file: string,
  description: string,
): Promise<ReadonlyMap<string, TensorInfo>> {
  const { fingerprint: expected } = JSON.parse(
    (await readRegularFile(description)).toString('utf8'),
  ) as PrepackedFile;
  if (!existsSync(file) || fingerprint(file) !== expected)
    throw new Error(`internal: ${file} is not as it was written`);
  const { tensors, close } = await openSafetensors(file);
  await close();
  return tensors;
}

/**
 * Computes requests and writes them to a new file of a model's folder. `onBytes` is called with the
 * number of bytes computed so far.
 */
export async function writePrepacked(
  folder: string,
  weights: Weights,
  requests: readonly KeyedRequest[],
  onBytes: (done: number) => void = () => undefined,
): Promise<void> {
  const keys = requests.map(({ key }) => key).join('\n');
  const name = createHash('sha256').update(keys).digest('hex').slice(0, 24);
  const file = join(folder, `${name}.safetensors`);
  const source = await weights.open();
  try {
    // the order of the source file is the fastest to read
    const offsetOf = ({ tensors }: KeyedRequest): number =>
      source.tensors.get(weights.fullName(tensors[0]))?.offset ?? 0;
    const sorted = [...requests].sort((a, b) => offsetOf(a) - offsetOf(b));
    await writeAtomicParts(
      folder,
      `${name}.safetensors`,
      encodeLazySafetensors(tensorsToWrite(valuesReader(source, weights), sorted, onBytes)),
      (temporary) => renameSync(temporary, file),
    );
  } finally {
    await source.close();
  }
  const description: PrepackedFile = {
    source: weights.file,
    recipes: [...new Set(requests.map(({ recipe }) => recipe.name))],
    bytes: bytesOf(requests),
    made: new Date().toISOString(),
    fingerprint: fingerprint(file),
  };
  const text = `${JSON.stringify(description, null, 2)}\n`;
  writeAtomic(folder, `${name}.json`, Buffer.from(text), (temporary) =>
    renameSync(temporary, join(folder, `${name}.json`)),
  );
}

/**
 * Returns the tensors of a file, which are computed while it is written: each request when its
 * first output is written. Its results are released after the last one.
 */
export function tensorsToWrite(
  valuesOf: (names: readonly string[]) => Promise<readonly Tensor[]>,
  requests: readonly KeyedRequest[],
  onBytes: (done: number) => void = () => undefined,
): LazyTensor[] {
  const tensors: LazyTensor[] = [];
  let done = 0;
  for (const { key, outputs, recipe, tensors: names } of requests) {
    let computed: Promise<readonly Uint8Array[]> | undefined;
    for (const [i, { name, type, dims }] of outputs.entries()) {
      const bytes = async (): Promise<Uint8Array> => {
        computed ??= valuesOf(names).then(recipe.compute);
        const result = (await computed)[i];
        if (i === outputs.length - 1) computed = undefined;
        done += result.byteLength;
        onBytes(done);
        return result;
      };
      tensors.push({ name: `${key} ${name}`, dtype: DTYPES[type], shape: dims, bytes });
      const remainder = outputBytes(outputs[i]) % ALIGNMENT;
      if (remainder > 0) tensors.push(padding(`gap ${tensors.length}`, ALIGNMENT - remainder));
    }
  }
  return tensors;
}

/**
 * Returns a reader of tensors as float32. The last ones stay in memory: layers that use parts of
 * one tensor follow one another.
 */
function valuesReader(
  source: TensorFile,
  weights: Weights,
): (names: readonly string[]) => Promise<readonly Tensor[]> {
  let last: { readonly names: readonly string[]; readonly values: readonly Tensor[] } | undefined;
  return async (names) => {
    if (last && `${last.names}` === `${names}`) return last.values;
    last = undefined;
    const values: Tensor[] = [];
    for (const name of names)
      values.push(rounded(await source.read(weights.fullName(name)), weights, name));
    last = { names, values };
    return values;
  };
}

const padding = (name: string, length: number): LazyTensor => ({
  name,
  dtype: 'U8',
  shape: [length],
  bytes: async () => new Uint8Array(length),
});

const rounded = (x: Tensor, { rounding, isExact }: Weights, tensor: string): Tensor =>
  rounding === 'f16' && !isExact?.(tensor)
    ? { shape: x.shape, data: decodeFloat32('F16', encodeFloat32('F16', x.data)) }
    : x;
