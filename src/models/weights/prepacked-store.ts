// The store of derived weights (models/derived.ts says what they are, and how to add a recipe): files in the cache that sessions map.
// One folder per content of a model file, named by its hash; in it one .safetensors per set of requests, beside it a .json that says what
// it is for. A file is made part by part under a temporary name and renamed; two processes may make the same one, the last one stays. A
// file that is not as it was written (size, samples of its bytes) is removed and made again. Where one can't be made, a note is given
// and the network runs without.
import { createHash } from 'node:crypto';
import { existsSync, renameSync, utimesSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, statfs, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { type DTypeName, decodeFloat32, encodeFloat32 } from '../../formats/dtypes.ts';
import { openSafetensors } from '../../formats/safetensors/safetensors.ts';
import {
  encodeSafetensorsLater,
  type TensorToMake,
} from '../../formats/safetensors/safetensors-write.ts';
import type { TensorFile, TensorInfo } from '../../formats/tensor-file.ts';
import { removeAbandoned, writeAtomicParts } from '../../storage/atomic-write.ts';
import { contentHash } from '../../storage/content-hash.ts';
import { fingerprint } from '../../storage/fingerprint.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import {
  outputBytes,
  type PrepackedOutput,
  type PrepackedRequest,
  requestKey,
  requestOutputs,
  requestsOf,
  withPrepacked,
} from './prepacked.ts';
import type { Weights } from './tensors.ts';

export interface PrepackedStore {
  /** `weights` with what `build` asks for, made now where it is not there yet. The same weights when nothing is asked for or can be kept. */
  ready(weights: Weights, build: (weights: Weights) => unknown): Promise<Weights>;
}

export interface PrepackedStoreOptions {
  /** `derived` in the cache folder (storage/cache.ts). */
  readonly folder: string;
  /** Bytes of derived weights below which none are kept: small networks are as fast without. */
  readonly minimumBytes?: number;
  /** Which recipes are used; all unless given. */
  readonly recipes?: (name: string) => boolean;
  /** Hears what takes long, and what could not be kept. */
  readonly onNote?: (message: string) => void;
}

/** What stands in the .json. */
export interface PrepackedFile {
  /** The model file that it was made from. */
  readonly source: string;
  /** Names of the recipes. */
  readonly recipes: readonly string[];
  readonly bytes: number;
  readonly made: string;
  readonly fingerprint: string;
}

/** Left free on the disk. */
const SPARE = 2 ** 29;
const ALIGN = 64;
const NAMES: Readonly<Record<PrepackedOutput['type'], DTypeName>> = {
  f32: 'F32',
  f16: 'F16',
  i8: 'I8',
  u8: 'U8',
};

type Places = Map<string, readonly { location: string; offset: number; length: number }[]>;

interface Wanted {
  readonly key: string;
  readonly request: PrepackedRequest;
  readonly outputs: readonly PrepackedOutput[];
}

/** One after another: two networks of one process may want the same file. */
let last: Promise<unknown> = Promise.resolve();

export function createPrepackedStore({
  folder,
  minimumBytes: from = 0,
  recipes = () => true,
  onNote: note = () => undefined,
}: PrepackedStoreOptions): PrepackedStore {
  const prepare = async (weights: Weights, wanted: readonly Wanted[]): Promise<Places> => {
    const name = basename(weights.file);
    try {
      const hash = await contentHash(weights.file, join(folder, '..', 'hashes'));
      const home = join(folder, hash.slice(0, 32));
      const places = await find(home, wanted, note);
      const missing = wanted.filter(({ key }) => !places.has(key));
      if (missing.length > 0) {
        await removeAbandoned(home);
        const bytes = missing.reduce(
          (sum, { outputs }) => sum + outputs.reduce((n, output) => n + outputBytes(output), 0),
          0,
        );
        await mkdir(home, { recursive: true });
        const { bavail, bsize } = await statfs(home);
        if (bavail * bsize < bytes + SPARE) {
          note(
            `${name}: no room for ${gigabytes(bytes)} of prepared weights in ${folder}; it runs without them, more slowly`,
          );
          return places;
        }
        note(`${name}: preparing weights once, ${gigabytes(bytes)} in ${folder}`);
        await make(home, weights, missing, bytes);
        for (const [key, place] of await find(home, missing, note)) places.set(key, place);
      }
      return places;
    } catch (error) {
      note(
        `${name}: prepared weights can't be kept in ${folder}: ${(error as Error).message}; it runs without them, more slowly`,
      );
      return new Map();
    }
  };
  return {
    ready: async (weights, build) => {
      if (weights.rounding !== undefined && weights.rounding !== 'f16') return weights;
      const requests = requestsOf(weights, build).filter(({ recipe }) => recipes(recipe.name));
      const wanted = requests.map((request) => ({
        key: requestKey(request, weights),
        request,
        outputs: requestOutputs(request, weights),
      }));
      const bytes = wanted.reduce(
        (sum, { outputs }) => sum + outputs.reduce((n, output) => n + outputBytes(output), 0),
        0,
      );
      if (wanted.length === 0 || bytes < from) return weights;
      const work = (): Promise<Places> => prepare(weights, wanted);
      const result = last.then(work, work);
      last = result.catch(() => undefined);
      return withPrepacked(weights, await result);
    },
  };
}

const gigabytes = (bytes: number): string =>
  bytes >= 1e9 ? `${(bytes / 1e9).toFixed(1)} GB` : `${Math.ceil(bytes / 1e6)} MB`;

/** Where what is wanted lies among the files of a model; damaged files are removed. */
async function find(
  home: string,
  wanted: readonly Wanted[],
  note: (message: string) => void,
): Promise<Places> {
  const places: Places = new Map();
  for (const entry of await readdir(home).catch(() => [])) {
    if (!entry.endsWith('.json')) continue;
    const file = join(home, `${entry.slice(0, -5)}.safetensors`);
    const tensors = await openKept(file, join(home, entry)).catch(() => undefined);
    if (!tensors) {
      note(`${file} is damaged; what it held is made again`);
      await rm(join(home, entry), { force: true });
      await rm(file, { force: true });
      continue;
    }
    let used = false;
    for (const { key, outputs } of wanted) {
      if (places.has(key)) continue;
      const found = outputs.map((output) => placeOf(tensors.get(`${key} ${output.name}`), output));
      if (!found.every((info) => info !== undefined)) continue;
      used = true;
      places.set(
        key,
        found.map(({ offset, byteLength }) => ({ location: file, offset, length: byteLength })),
      );
    }
    if (used) touch(join(home, entry));
  }
  return places;
}

const placeOf = (
  info: TensorInfo | undefined,
  { type, dims }: PrepackedOutput,
): TensorInfo | undefined =>
  info?.dtype === NAMES[type] && `${info.shape}` === `${dims}` ? info : undefined;

/** Throws when the file is not as it was written. */
async function openKept(file: string, about: string): Promise<ReadonlyMap<string, TensorInfo>> {
  const { fingerprint: expected } = JSON.parse(await readFile(about, 'utf8')) as PrepackedFile;
  if (!existsSync(file) || fingerprint(file) !== expected)
    throw new Error(`internal: ${file} is not what was written`);
  const { tensors, close } = await openSafetensors(file);
  await close();
  return tensors;
}

/** The time of the last use is that of the .json. */
function touch(file: string): void {
  try {
    utimesSync(file, new Date(), new Date());
  } catch {
    // a cache that may only be read
  }
}

async function make(
  home: string,
  weights: Weights,
  wanted: readonly Wanted[],
  bytes: number,
): Promise<void> {
  const name = createHash('sha256')
    .update(wanted.map(({ key }) => key).join('\n'))
    .digest('hex')
    .slice(0, 24);
  const source = await weights.open();
  try {
    const sorted = [...wanted].sort(
      (a, b) => offsetOf(source, weights, a) - offsetOf(source, weights, b),
    );
    const parts = encodeSafetensorsLater(tensorsOf(source, weights, sorted));
    const file = join(home, `${name}.safetensors`);
    await writeAtomicParts(home, `${name}.safetensors`, parts, (temporary) =>
      renameSync(temporary, file),
    );
    const about: PrepackedFile = {
      source: weights.file,
      recipes: [...new Set(wanted.map(({ request }) => request.recipe.name))],
      bytes,
      made: new Date().toISOString(),
      fingerprint: fingerprint(file),
    };
    const temporary = join(home, `${name}.json.${process.pid}`);
    await writeFile(temporary, `${JSON.stringify(about, null, 2)}\n`);
    renameSync(temporary, join(home, `${name}.json`));
  } finally {
    await source.close();
  }
}

/** The order of the file, which is the fastest to read. */
const offsetOf = ({ tensors }: TensorFile, { fullName }: Weights, { request }: Wanted): number =>
  tensors.get(fullName(request.tensors[0]))?.offset ?? 0;

/** Each request is computed when its first output is written, and forgotten after its last; all tensors begin at multiples of ALIGN. */
function tensorsOf(
  source: TensorFile,
  weights: Weights,
  wanted: readonly Wanted[],
): TensorToMake[] {
  const made: TensorToMake[] = [];
  for (const { key, request, outputs } of wanted) {
    let computed: Promise<readonly Uint8Array[]> | undefined;
    const compute = async (): Promise<readonly Uint8Array[]> => {
      const tensors: Tensor[] = [];
      for (const tensor of request.tensors)
        tensors.push(rounded(await source.read(weights.fullName(tensor)), weights));
      return request.recipe.compute(tensors);
    };
    outputs.forEach((output, i) => {
      const bytes = async (): Promise<Uint8Array> => {
        computed ??= compute();
        const result = (await computed)[i];
        if (i === outputs.length - 1) computed = undefined;
        return result;
      };
      made.push({
        name: `${key} ${output.name}`,
        dtype: NAMES[output.type],
        shape: output.dims,
        bytes,
      });
      const rest = outputBytes(output) % ALIGN;
      if (rest > 0) {
        const gap = ALIGN - rest;
        made.push({
          name: `gap ${made.length}`,
          dtype: 'U8',
          shape: [gap],
          bytes: async () => new Uint8Array(gap),
        });
      }
    });
  }
  return made;
}

const rounded = (x: Tensor, { rounding }: Weights): Tensor =>
  rounding === 'f16'
    ? { shape: x.shape, data: decodeFloat32('F16', encodeFloat32('F16', x.data)) }
    : x;
