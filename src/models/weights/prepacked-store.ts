// The store of prepacked weights: files in the cache that sessions map. prepacked.ts describes the
// weights and how to add a recipe.
import { mkdir, statfs } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { formatSize } from '../../format-size.ts';
import { serial } from '../../serial.ts';
import { removeAbandoned } from '../../storage/atomic-write.ts';
import { contentHash } from '../../storage/cache/content-hash.ts';
import {
  type PrepackedLocations,
  requestKey,
  requestOutputs,
  requestsOf,
  withPrepacked,
} from './prepacked.ts';
import { bytesOf, findPrepacked, type KeyedRequest, writePrepacked } from './prepacked-files.ts';
import { preparationProgress } from './preparation-progress.ts';
import type { Weights } from './tensors.ts';

export interface PrepackedStore {
  /**
   * Returns `weights` with what `build` requests, computed now where it is not stored yet. Returns
   * the same weights when nothing is requested or can be stored.
   */
  ready(weights: Weights, build: (weights: Weights) => unknown): Promise<Weights>;
}

export interface PrepackedStoreOptions {
  /** `derived` in the cache folder (storage/cache/cache-entries.ts). */
  readonly folder: string;
  /** Bytes of prepacked weights below which none are stored: small networks are as fast without. */
  readonly minimumBytes?: number;
  /** Which recipes are used; all by default. */
  readonly recipes?: (name: string) => boolean;
  /** Is called with messages about what is stored, and about what could not be. */
  readonly onNote?: (message: string) => void;
  /** Is called with messages about how far a slow step is. */
  readonly onStatus?: (message: string) => void;
}

/** Left free on the disk. */
const SPARE_BYTES = 2 ** 29;

/** One at a time in this process: two networks may need the same file. */
const inTurn = serial();

export function createPrepackedStore(options: PrepackedStoreOptions): PrepackedStore {
  const { minimumBytes = 0, recipes = () => true } = options;
  return {
    ready: async (weights, build) => {
      if (weights.rounding !== undefined && weights.rounding !== 'f16') return weights;
      const requests = requestsOf(weights, build)
        .filter(({ recipe }) => recipes(recipe.name))
        .map(
          (request): KeyedRequest => ({
            ...request,
            key: requestKey(request, weights),
            outputs: requestOutputs(request, weights),
          }),
        );
      if (requests.length === 0 || bytesOf(requests) < minimumBytes) return weights;
      return withPrepacked(weights, await inTurn(() => locate(options, weights, requests)));
    },
  };
}

/** Returns where the outputs of requests are stored, after computing those that are missing. */
async function locate(
  { folder, onNote = () => undefined, onStatus = () => undefined }: PrepackedStoreOptions,
  weights: Weights,
  requests: readonly KeyedRequest[],
): Promise<PrepackedLocations> {
  const name = basename(weights.file);
  try {
    const identified = preparationProgress(`${name}: reading its content once`, onStatus);
    const hash = await contentHash(weights.file, join(folder, '..', 'hashes'), (done, size) =>
      identified(done / size),
    );
    const modelFolder = join(folder, hash.slice(0, 32));
    const stored = await findPrepacked(modelFolder, requests, onNote);
    const missing = requests.filter(({ key }) => !stored.has(key));
    if (missing.length === 0) return stored;
    const bytes = bytesOf(missing);
    await removeAbandoned(modelFolder);
    await mkdir(modelFolder, { recursive: true });
    if ((await freeBytes(modelFolder)) < bytes + SPARE_BYTES) {
      onNote(
        `${name}: there is not enough space in ${folder} for ${formatSize(bytes)} of prepared ` +
          'weights; the model runs without them, more slowly',
      );
      return stored;
    }
    const what = `${name}: preparing weights once, ${formatSize(bytes)}`;
    onNote(`${what} in ${folder}`);
    const prepared = preparationProgress(what, onStatus);
    await writePrepacked(modelFolder, weights, missing, (done) => prepared(done / bytes));
    return new Map([...stored, ...(await findPrepacked(modelFolder, missing, onNote))]);
  } catch (error) {
    onNote(
      `${name}: prepared weights cannot be stored in ${folder}: ${(error as Error).message}; ` +
        'the model runs without them, more slowly',
    );
    return new Map();
  }
}

async function freeBytes(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}
