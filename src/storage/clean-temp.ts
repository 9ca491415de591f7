// Removes temporary images: those of earlier runs when a server starts, as ComfyUI does, and old
// ones while it runs. Files that waiting jobs read are kept.
import { parseJson } from '../formats/parse-json.ts';
import { makeFolder } from '../make-folder.ts';
import { withSlashes } from '../slashes.ts';
import { isAtOrUnder, isFolder, parseAnnotatedName } from './folder-paths.ts';
import { type Storage, type StoredFile, stringsIn } from './storage.ts';
import { lockTempFolder, TEMP_MARKER, type TempLock } from './temp-lock.ts';

export interface TempCleaningOptions {
  /** Returns the JSON texts of the jobs that wait or run, which may name temporary files. */
  readonly jobs: () => AsyncIterable<string> | Promise<readonly string[]>;
  /** Folders that must never be emptied with the temp folder that contains them. */
  readonly otherFolders?: readonly string[];
  readonly onProblem?: (message: string, error: unknown) => void;
  readonly limits?: Partial<typeof DEFAULT_LIMITS>;
}

export interface TempCleaning {
  /** Removes files over the limits now. */
  clean(): Promise<void>;
  stop(): void;
}

const HOUR_MS = 3600 * 1000;
const DEFAULT_LIMITS = { ageMs: 24 * HOUR_MS, bytes: 4 * 2 ** 30, intervalMs: 10 * 60 * 1000 };
/** The names of PreviewImage, which no other program gives to files that it keeps. */
const PREVIEW = /_temp_[a-z]{5}_\d{5,}_\.[a-z]+$/;

/**
 * Empties the temp folder of a storage, unless another server uses it, and keeps it within limits
 * of age and size until `stop`. A folder in which there were other files before Darkroom used it is
 * not emptied: only previews are removed. In a bucket, which other servers may use, only old files
 * are removed.
 */
export async function startTempCleaning(
  storage: Storage,
  { jobs, otherFolders = [], onProblem, limits }: TempCleaningOptions,
): Promise<TempCleaning> {
  const { ageMs, bytes, intervalMs } = { ...DEFAULT_LIMITS, ...limits };
  const folder = storage.folders.temp;
  const remove = async (isSurplus: (file: StoredFile) => boolean): Promise<void> => {
    const files = (await storage.temp.list()).filter(({ name }) => name !== TEMP_MARKER);
    const surplus = files.filter(isSurplus);
    if (surplus.length === 0) return;
    const mentioned = await namesIn(await jobs());
    for (const { name } of surplus) if (!mentioned.has(name)) await storage.temp.remove(name);
  };
  const report = (error: unknown): void =>
    onProblem?.(`temporary files in ${storage.location ?? folder} could not be removed`, error);
  const clean = (): Promise<void> =>
    storage.temp
      .list()
      .then((files) => remove(overLimits(files, Date.now() - ageMs, bytes)))
      .catch(report);

  let lock: TempLock | undefined;
  if (storage.location === undefined) {
    const isShared = otherFolders.some((other) => isAtOrUnder(other, folder));
    try {
      // throws where the folder does not answer
      await storage.temp.list();
      lock = await emptyFolder(folder, isShared, remove, storage);
    } catch (error) {
      report(error);
    }
  }
  await clean();
  const timer = setInterval(() => void clean(), intervalMs);
  timer.unref();
  return {
    clean,
    stop: () => {
      clearInterval(timer);
      lock?.release();
      lock = undefined;
    },
  };
}

/** Empties a folder that nobody else uses; returns the lock that says that it is in use. */
async function emptyFolder(
  folder: string,
  containsOthers: boolean,
  remove: (isSurplus: (file: StoredFile) => boolean) => Promise<void>,
  storage: Storage,
): Promise<TempLock | undefined> {
  const isNew = !isFolder(folder);
  if (isNew) makeFolder(folder);
  const lock = await lockTempFolder(folder, true);
  if (!lock?.isAlone) return lock;
  const isEmpty = async (): Promise<boolean> =>
    (await storage.temp.list()).every(({ name }) => name === TEMP_MARKER);
  if (lock.isOwn() && !containsOthers) await remove(() => true);
  else {
    const lastHour = Date.now() - HOUR_MS;
    await remove(({ name, modified }) => PREVIEW.test(name) && modified.getTime() < lastHour);
    if (!containsOthers && (await isEmpty())) lock.markOwn();
  }
  lock.share();
  return lock;
}

/** Selects the files that are older than `oldest` or, the oldest first, more than `bytes`. */
function overLimits(
  files: readonly StoredFile[],
  oldest: number,
  bytes: number,
): (file: StoredFile) => boolean {
  const surplus = new Set<string>();
  let total = 0;
  for (const { name, size, modified } of [...files].sort(
    (a, b) => b.modified.getTime() - a.modified.getTime(),
  )) {
    total += size;
    if (modified.getTime() < oldest || total > bytes) surplus.add(name);
  }
  return ({ name }) => surplus.has(name);
}

/** The temporary files that jobs name (`NAME [temp]`). */
async function namesIn(
  jobs: AsyncIterable<string> | Iterable<string>,
): Promise<ReadonlySet<string>> {
  const names = new Set<string>();
  for await (const json of jobs) {
    if (!json.includes('[temp]')) continue;
    for (const { name, type } of stringsIn(parseJson(json)).map(parseAnnotatedName))
      if (type === 'temp') names.add(withSlashes(name));
  }
  return names;
}

/** Holds a temp folder in which this process writes, so that no server empties it meanwhile. */
export async function holdTempFolder(folder: string): Promise<void> {
  await lockTempFolder(folder, false).catch(() => undefined);
}
