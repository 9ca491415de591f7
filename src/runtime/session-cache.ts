// Sessions kept on the disk as ONNX Runtime holds them: the optimised graph, its weights laid out for this processor. Opened from there, a
// session maps its weights and copies nothing: tenths of a second, and memory that the system can take back. Results are the same to the bit.
// One folder per session, named by a hash of what goes into it: the graph, the content of its files, ONNX Runtime's version, the processor.
// It is made under a temporary name and renamed; one that is not as it was written is removed and made again; without room on the disk, or
// when anything fails, the session is opened as usual.
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { mkdir, open, readdir, readFile, rm, stat, statfs, writeFile } from 'node:fs/promises';
import { arch, cpus, platform } from 'node:os';
import { join } from 'node:path';
import { isAlive } from '../storage/atomic-write.ts';
import { contentHash } from '../storage/content-hash.ts';
import { fingerprint } from '../storage/fingerprint.ts';
import { ONNX_RUNTIME, openSession, type Session, type SessionOptions } from './session.ts';

export interface SessionCache {
  /** A session of this graph over these files, from what was kept or anew. `bytes`: what its weights take. Throws as openSession does. */
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
  /** Bytes of weights below which sessions are not kept: they open as fast without. */
  readonly minimumBytes?: number;
  readonly onNote?: (message: string) => void;
}

/** What stands in about.json. */
interface About {
  readonly source: string;
  readonly fingerprints: Readonly<Record<string, string>>;
  /** ONNX Runtime could not open what it wrote: it is not written again. */
  readonly useless?: boolean;
}

const VERSION = 1;
const SPARE = 2 ** 29;
const MODEL = 'model.onnx';
const WEIGHTS = 'weights.bin';
const ABOUT = 'about.json';
const TEMPORARY = /^\.tmp-(\d+)-/;

export function createSessionCache({
  folder,
  minimumBytes: from = 0,
  onNote: note = () => undefined,
}: SessionCacheOptions): SessionCache {
  const make = async (
    home: string,
    model: Uint8Array,
    bytes: number,
    options: SessionOptions,
    source: string,
  ): Promise<boolean> => {
    await mkdir(folder, { recursive: true });
    await removeAbandoned(folder);
    const { bavail, bsize } = await statfs(folder);
    if (bavail * bsize < bytes * 1.1 + SPARE) {
      note(
        `${options.name}: no room in ${folder} for ${(bytes / 1e9).toFixed(1)} GB of weights; it is opened without`,
      );
      return false;
    }
    note(
      `${options.name}: keeping weights laid out for this machine, ${(bytes / 1e9).toFixed(1)} GB in ${folder}`,
    );
    const temporary = join(folder, `.tmp-${process.pid}-${home.slice(-16)}`);
    const forget = (): void => rmSync(temporary, { recursive: true, force: true });
    process.once('exit', forget);
    try {
      await mkdir(temporary, { recursive: true });
      const session = await openSession(model, {
        ...options,
        save: { model: join(temporary, MODEL), weights: WEIGHTS },
      });
      await session.close();
      const names = (await readdir(temporary)).sort();
      for (const name of names) await flush(join(temporary, name));
      const about: About = {
        source,
        fingerprints: Object.fromEntries(
          names.map((name) => [name, fingerprint(join(temporary, name))]),
        ),
      };
      await writeFile(join(temporary, ABOUT), JSON.stringify(about), { flush: true });
      // another process may have made the same
      await rm(home, { recursive: true, force: true });
      renameSync(temporary, home);
      return true;
    } finally {
      forget();
      process.off('exit', forget);
    }
  };

  return {
    open: async (model, files, bytes, options) => {
      if (bytes < from || files.length === 0) return openSession(model, options);
      try {
        const home = join(folder, await keyOf(model, files, options, join(folder, '..', 'hashes')));
        const there = await whole(home);
        if (there === false) {
          note(`${home} is damaged; it is made again`);
          await rm(home, { recursive: true, force: true });
        }
        if (there === 'useless') return await openSession(model, options);
        if (there || (await make(home, model, bytes, options, files[0]))) {
          touch(join(home, ABOUT));
          return await openSession(join(home, MODEL), {
            ...options,
            folder: home,
            optimize: false,
          }).catch((error: unknown) => {
            giveUp(home, files[0]);
            throw error;
          });
        }
      } catch (error) {
        note(
          `${options.name}: its weights can't be kept in ${folder}: ${(error as Error).message}`,
        );
      }
      return openSession(model, options);
    },
  };
}

function giveUp(home: string, source: string): void {
  rmSync(home, { recursive: true, force: true });
  mkdirSync(home, { recursive: true });
  const about: About = { source, fingerprints: {}, useless: true };
  writeFileSync(join(home, ABOUT), JSON.stringify(about));
}

/** What decides what a session holds. */
async function keyOf(
  model: Uint8Array,
  files: readonly string[],
  options: SessionOptions,
  hashes: string,
): Promise<string> {
  const hash = createHash('sha256').update(model);
  for (const file of [...files].sort()) hash.update(await contentHash(file, hashes));
  const { providers, avoidInt8Saturation: wideSums = false } = options;
  hash.update(JSON.stringify([VERSION, ONNX_RUNTIME, processor(), providers, wideSums]));
  return hash.digest('hex').slice(0, 32);
}

/** The processor, and what it can do as far as the system says so: weights are laid out for its instructions. */
function processor(): string {
  const flags =
    platform() === 'linux'
      ? /^(?:flags|Features)\s*:.*$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[0]
      : '';
  return [platform(), arch(), cpus()[0]?.model, flags].join('\n');
}

/** Whether a kept session is as it was written; undefined where there is none. */
async function whole(home: string): Promise<boolean | 'useless' | undefined> {
  if (!(await stat(home).catch(() => undefined))) return undefined;
  try {
    const { fingerprints, useless } = JSON.parse(
      await readFile(join(home, ABOUT), 'utf8'),
    ) as About;
    if (useless) return 'useless';
    const names = Object.entries(fingerprints);
    return (
      names.length > 0 &&
      names.every(([name, expected]) => fingerprint(join(home, name)) === expected)
    );
  } catch {
    return false;
  }
}

/** The time of the last use. */
function touch(file: string): void {
  try {
    utimesSync(file, new Date(), new Date());
  } catch {
    // a cache that may only be read
  }
}

async function flush(file: string): Promise<void> {
  const handle = await open(file, 'r+');
  await handle.sync().finally(() => handle.close());
}

/** Removes what dead processes left. */
async function removeAbandoned(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const pid = TEMPORARY.exec(name)?.[1];
    if (pid !== undefined && Number(pid) !== process.pid && !isAlive(Number(pid)))
      await rm(join(folder, name), { recursive: true, force: true });
  }
}
