// Sessions saved to disk as ONNX Runtime has optimised them: the graph, and its weights laid out
// for this processor. A session opened from there maps its weights and copies nothing: it takes
// tenths of a second, and memory that the system can take back. Results are bit-identical.
// Each session has a folder, named by a hash of what determines it: the graph, the content of its
// files, ONNX Runtime's version, the processor. It is written under a temporary name and renamed. A
// damaged folder is removed and written again. Without space on the disk, or
// when anything fails, the session is opened as usual.
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { mkdir, open, readdir, rm, stat, statfs, writeFile } from 'node:fs/promises';
import { arch, cpus, platform } from 'node:os';
import { join } from 'node:path';
import { formatSize } from '../format-size.ts';
import { readRegularFile } from '../formats/regular-file.ts';
import { removeAbandonedFolders, temporaryFolder } from '../storage/atomic-write.ts';
import { contentHash } from '../storage/cache/content-hash.ts';
import { fingerprint } from '../storage/cache/fingerprint.ts';
import { touch } from '../storage/cache/touch.ts';
import { ONNX_RUNTIME } from './native-library.ts';
import { openSession, type Session, type SessionOptions } from './session.ts';

export interface SessionCache {
  /**
   * Opens a session of a graph over these files, from the cache where possible. `bytes`: the size
   * of its weights. Throws as openSession does.
   */
  open(
    model: Uint8Array,
    files: readonly string[],
    bytes: number,
    options: SessionOptions,
  ): Promise<Session>;
}

export interface SessionCacheOptions {
  /** `sessions` in the cache folder. */
  readonly folder: string;
  /** Bytes of weights below which sessions are not saved: they open as fast without. */
  readonly minimumBytes?: number;
  /** Is called with messages about slow steps and about what could not be saved. */
  readonly onNote?: (message: string) => void;
}

/** The content of about.json. */
interface About {
  /** One of the model files. */
  readonly source: string;
  readonly fingerprints: Readonly<Record<string, string>>;
  /** ONNX Runtime could not open what it saved; the session is not saved again. */
  readonly useless?: boolean;
}

/** A session to be saved. */
interface SessionToSave {
  readonly model: Uint8Array;
  readonly source: string;
  readonly bytes: number;
  readonly options: SessionOptions;
}

const VERSION = 1;
/** Left free on the disk. */
const SPARE_BYTES = 2 ** 29;
const MODEL = 'model.onnx';
const WEIGHTS = 'weights.bin';
const ABOUT = 'about.json';

export function createSessionCache({
  folder,
  minimumBytes = 0,
  onNote = () => undefined,
}: SessionCacheOptions): SessionCache {
  const hashes = join(folder, '..', 'hashes');

  /**
   * Returns a session from the cache, saved now if it is not there; undefined where it cannot be.
   */
  const openCached = async (
    toSave: SessionToSave,
    files: readonly string[],
  ): Promise<Session | undefined> => {
    const { model, options, source } = toSave;
    const sessionFolder = join(folder, await keyOf(model, files, options, hashes));
    const state = await stateOf(sessionFolder);
    if (state === 'useless') return undefined;
    if (state === 'damaged') {
      onNote(`${sessionFolder} is damaged; it is saved again`);
      await rm(sessionFolder, { recursive: true, force: true });
    }
    if (state !== 'intact' && !(await hasSpace(folder, toSave, onNote))) return undefined;
    if (state !== 'intact') await save(folder, sessionFolder, toSave);
    touch(join(sessionFolder, ABOUT));
    try {
      const savedModel = join(sessionFolder, MODEL);
      return await openSession(savedModel, { ...options, folder: sessionFolder, optimize: false });
    } catch (error) {
      markUseless(sessionFolder, source);
      throw error;
    }
  };

  return {
    open: async (model, files, bytes, options) => {
      if (bytes < minimumBytes || files.length === 0) return openSession(model, options);
      try {
        const cached = await openCached({ model, source: files[0], bytes, options }, files);
        if (cached) return cached;
      } catch (error) {
        onNote(
          `${options.name}: its weights cannot be stored in ${folder}: ${(error as Error).message}`,
        );
      }
      return openSession(model, options);
    },
  };
}

/** Returns whether a session can be saved, and notes either. */
async function hasSpace(
  folder: string,
  { bytes, options }: SessionToSave,
  onNote: (message: string) => void,
): Promise<boolean> {
  await mkdir(folder, { recursive: true });
  await removeAbandonedFolders(folder);
  const { bavail, bsize } = await statfs(folder);
  const isEnough = bavail * bsize >= bytes * 1.1 + SPARE_BYTES;
  onNote(
    isEnough
      ? `${options.name}: storing weights laid out for this machine, ${formatSize(bytes)} in ` +
          `${folder}`
      : `${options.name}: there is not enough space in ${folder} for ${formatSize(bytes)} of ` +
          'weights; the network is opened without them',
  );
  return isEnough;
}

async function save(
  folder: string,
  sessionFolder: string,
  { model, source, options }: SessionToSave,
): Promise<void> {
  const temporary = temporaryFolder(folder, sessionFolder.slice(-16));
  const remove = (): void => rmSync(temporary, { recursive: true, force: true });
  process.once('exit', remove);
  try {
    await mkdir(temporary, { recursive: true });
    const session = await openSession(model, {
      ...options,
      save: { model: join(temporary, MODEL), weights: WEIGHTS },
    });
    await session.close();
    const names = (await readdir(temporary)).sort();
    for (const name of names) await flush(join(temporary, name));
    const fingerprints = names.map((name) => [name, fingerprint(join(temporary, name))]);
    const about: About = { source, fingerprints: Object.fromEntries(fingerprints) };
    await writeFile(join(temporary, ABOUT), JSON.stringify(about), { flush: true });
    // another process may have saved the same session
    await rm(sessionFolder, { recursive: true, force: true });
    renameSync(temporary, sessionFolder);
  } finally {
    remove();
    process.off('exit', remove);
  }
}

function markUseless(sessionFolder: string, source: string): void {
  rmSync(sessionFolder, { recursive: true, force: true });
  mkdirSync(sessionFolder, { recursive: true });
  const about: About = { source, fingerprints: {}, useless: true };
  writeFileSync(join(sessionFolder, ABOUT), JSON.stringify(about));
}

/** Returns a hash of everything that determines the content of a saved session. */
async function keyOf(
  model: Uint8Array,
  files: readonly string[],
  options: SessionOptions,
  hashes: string,
): Promise<string> {
  const hash = createHash('sha256').update(model);
  for (const file of [...files].sort()) hash.update(await contentHash(file, hashes));
  const { providers, avoidInt8Saturation = false } = options;
  hash.update(JSON.stringify([VERSION, ONNX_RUNTIME, processor(), providers, avoidInt8Saturation]));
  return hash.digest('hex').slice(0, 32);
}

/** Returns the processor with its instruction sets, for which weights are laid out. */
function processor(): string {
  const flags =
    platform() === 'linux'
      ? /^(?:flags|Features)\s*:.*$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[0]
      : '';
  return [platform(), arch(), cpus()[0]?.model, flags].join('\n');
}

async function stateOf(
  sessionFolder: string,
): Promise<'absent' | 'intact' | 'damaged' | 'useless'> {
  if (!(await stat(sessionFolder).catch(() => undefined))) return 'absent';
  try {
    const about = JSON.parse(
      (await readRegularFile(join(sessionFolder, ABOUT))).toString('utf8'),
    ) as About;
    if (about.useless) return 'useless';
    const files = Object.entries(about.fingerprints);
    const isIntact =
      files.length > 0 &&
      files.every(([name, expected]) => fingerprint(join(sessionFolder, name)) === expected);
    return isIntact ? 'intact' : 'damaged';
  } catch {
    return 'damaged';
  }
}

async function flush(file: string): Promise<void> {
  const handle = await open(file, 'r+');
  await handle.sync().finally(() => handle.close());
}
