// Installs a Python package that has only files: downloads its wheel from an index of packages,
// checks it and unpacks it, whole or not at all. Python is not needed.
import { existsSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { downloadFile } from '../download/download-file.ts';
import { findWheel, INDEX_HINTS, type Wheel } from '../download/python-index.ts';
import { indexAddress } from '../download/python-index-address.ts';
import { createWebClient, failure, type WebClient } from '../download/web-client.ts';
import { DarkroomError } from '../errors.ts';
import { makeFolder } from '../make-folder.ts';
import { removeAbandonedFolders, temporaryFolder } from '../storage/atomic-write.ts';
import { unpackZip } from '../storage/unpack-zip.ts';
import { cacheFolder } from '../user-cache-folder.ts';
import { unwritableError } from '../write-errors.ts';
import type { Invocation } from './command.ts';
import { createFileProgress, downloadStopped } from './download-progress.ts';
import { stopSignal } from './stop-signals.ts';

/** A package whose files are used. */
export interface FilePackage {
  /** Its name in the index. */
  readonly name: string;
  /** What it is under, in short. */
  readonly licence: string;
  /** The folder of the cache that it is installed into unless --out names another. */
  readonly folder: string;
  /** The folder in the wheel that contains the files. */
  readonly content: string;
  /** A file that must be in it. */
  readonly proof: string;
  /** The version to install unless --version names another; by default the newest. */
  readonly tested?: { readonly version: string; readonly sha256: string };
}

/** Installs a package; returns the folder. Throws DR_DOWNLOAD, DR_OUTPUT_UNWRITABLE … */
export async function installPackage(
  source: FilePackage,
  { values, terminal }: Pick<Invocation, 'values' | 'terminal'>,
): Promise<string> {
  const folder = resolve(values.out ?? join(cacheFolder(), source.folder));
  const stop = stopSignal();
  try {
    await install({ ...{ source, folder, values, terminal }, signal: stop.signal });
  } catch (error) {
    if (stop.signal.aborted) throw downloadStopped();
    if (error instanceof DarkroomError || !(error as NodeJS.ErrnoException).code) throw error;
    throw unwritableError(folder, error as NodeJS.ErrnoException, '--out');
  } finally {
    stop.release();
  }
  return folder;
}

interface Installation extends Pick<Invocation, 'values' | 'terminal'> {
  readonly source: FilePackage;
  readonly folder: string;
  readonly signal: AbortSignal;
}

async function install(installation: Installation): Promise<void> {
  const { source, folder, values, terminal, signal } = installation;
  const { name, licence, tested } = source;
  const index = indexAddress(values['index-url']);
  const client = createWebClient({ credentials: index.credentials, hints: INDEX_HINTS });
  const version = values.version ?? tested?.version;
  const wheel = await findWheel({ index: index.url, name, version, client, signal });
  if (!values.quiet)
    terminal.err(`installing ${name} ${wheel.version} (${licence}) into ${folder}\n`);
  makeFolder(folder);
  await removeAbandonedFolders(folder);
  const file = join(folder, wheel.filename);
  try {
    await downloadWheel(installation, client, wheel, file);
    await unpack(source, file, folder, signal);
  } finally {
    rmSync(file, { force: true });
  }
}

async function downloadWheel(
  { source: { tested }, values, terminal, signal }: Installation,
  client: WebClient,
  { filename, version, url, sha256 }: Wheel,
  target: string,
): Promise<void> {
  const value = version === tested?.version ? tested.sha256 : sha256;
  if (value === undefined)
    throw failure(
      new URL(url),
      'has no sha256 in the index, so it cannot be checked',
      'Use another index: --index-url https://pypi.org/simple.',
    );
  rmSync(target, { force: true });
  const progress = values.quiet ? undefined : createFileProgress(terminal, filename);
  try {
    await downloadFile(
      { url, target, hash: { type: 'sha256', value }, option: '--out' },
      { client, signal, onProgress: (event) => progress?.show(event) },
    );
  } finally {
    progress?.end();
  }
}

/** Unpacks a wheel beside the installed package, and then puts it in its place. */
async function unpack(
  { content, proof }: FilePackage,
  file: string,
  folder: string,
  signal: AbortSignal,
): Promise<void> {
  const unpacked = temporaryFolder(folder, 'unpacked');
  const removed = temporaryFolder(folder, 'removed');
  try {
    await unpackZip(file, unpacked, signal);
    if (!existsSync(join(unpacked, content, proof))) throw incomplete(file, `${content}/${proof}`);
    makeFolder(removed);
    const isOwn = (name: string): boolean => name === content || isMetadata(name, content);
    const former = readdirSync(folder).filter(isOwn);
    for (const name of former) renameSync(join(folder, name), join(removed, name));
    try {
      for (const name of readdirSync(unpacked).filter(isOwn))
        renameSync(join(unpacked, name), join(folder, name));
    } catch (error) {
      for (const name of readdirSync(folder).filter(isOwn))
        rmSync(join(folder, name), { recursive: true });
      for (const name of former) renameSync(join(removed, name), join(folder, name));
      throw error;
    }
  } finally {
    for (const path of [unpacked, removed]) rmSync(path, { recursive: true, force: true });
  }
}

/** Whether a folder beside the files has the package's licence and version. */
const isMetadata = (name: string, content: string): boolean =>
  name.startsWith(`${content}-`) && name.endsWith('.dist-info');

const incomplete = (file: string, missing: string): DarkroomError =>
  new DarkroomError('DR_DOWNLOAD', {
    message: `${file} contains no ${missing}`,
    hint: 'Install another version with --version.',
  });
