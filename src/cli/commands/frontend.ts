// darkroom frontend install: downloads ComfyUI's own frontend from an index of Python packages and
// unpacks it. It is not part of Darkroom.
import { existsSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { downloadFile } from '../../download/download-file.ts';
import { findWheel, INDEX_HINTS, type Wheel } from '../../download/python-index.ts';
import { indexAddress } from '../../download/python-index-address.ts';
import { createWebClient, failure, type WebClient } from '../../download/web-client.ts';
import { DarkroomError } from '../../errors.ts';
import { makeFolder } from '../../make-folder.ts';
import {
  FRONTEND_PACKAGE,
  FRONTEND_SHA256,
  FRONTEND_VERSION,
} from '../../server/http/frontend-files.ts';
import { removeAbandonedFolders, temporaryFolder } from '../../storage/atomic-write.ts';
import { unpackZip } from '../../storage/unpack-zip.ts';
import { cacheFolder } from '../../user-cache-folder.ts';
import { unwritableError } from '../../write-errors.ts';
import { badUsage } from '../bad-usage.ts';
import type { Invocation } from '../command.ts';
import { createFileProgress, downloadStopped } from '../download-progress.ts';
import type { Values } from '../options.ts';
import { stopSignal } from '../stop-signals.ts';
import type { Terminal } from '../terminal.ts';

/** The folder in the wheel that contains the frontend. */
const CONTENT = 'comfyui_frontend_package';
/** The folder beside it with licence and version. */
const METADATA = /^comfyui_frontend_package-[^/]*\.dist-info$/;

/** Runs the command; returns the exit code. */
export async function installCommand({
  values,
  positionals,
  terminal,
}: Invocation): Promise<number> {
  if (positionals.length !== 1 || positionals[0] !== 'install')
    throw badUsage('frontend needs an action: install', 'See darkroom frontend --help.');
  const folder = resolve(values.out ?? join(cacheFolder(), 'frontend'));
  const stop = stopSignal();
  try {
    await install({ folder, values, terminal, signal: stop.signal });
  } catch (error) {
    if (stop.signal.aborted) throw downloadStopped();
    if (error instanceof DarkroomError || !(error as NodeJS.ErrnoException).code) throw error;
    throw unwritableError(folder, error as NodeJS.ErrnoException, '--out');
  } finally {
    stop.release();
  }
  terminal.out(`darkroom serve --frontend ${JSON.stringify(folder)}`);
  return 0;
}

interface Installation {
  readonly folder: string;
  readonly values: Values;
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
}

async function install(installation: Installation): Promise<void> {
  const { folder, values, terminal, signal } = installation;
  const { version = FRONTEND_VERSION } = values;
  const index = indexAddress(values['index-url']);
  const client = createWebClient({ credentials: index.credentials, hints: INDEX_HINTS });
  const name = FRONTEND_PACKAGE;
  const wheel = await findWheel({ index: index.url, name, version, client, signal });
  if (!values.quiet) terminal.err(`installing ${name} ${version} (GPL-3) into ${folder}\n`);
  makeFolder(folder);
  await removeAbandonedFolders(folder);
  const file = join(folder, wheel.filename);
  try {
    await downloadWheel(installation, client, wheel, file);
    await unpack(file, folder, signal);
  } finally {
    rmSync(file, { force: true });
  }
}

async function downloadWheel(
  { values, terminal, signal }: Installation,
  client: WebClient,
  { filename, version, url, sha256 }: Wheel,
  target: string,
): Promise<void> {
  const value = version === FRONTEND_VERSION ? FRONTEND_SHA256 : sha256;
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

/** Unpacks a wheel beside the installed frontend, and then puts it in its place. */
async function unpack(file: string, folder: string, signal: AbortSignal): Promise<void> {
  const unpacked = temporaryFolder(folder, 'frontend');
  const removed = temporaryFolder(folder, 'removed');
  try {
    await unpackZip(file, unpacked, signal);
    if (!existsSync(join(unpacked, CONTENT, 'static', 'index.html'))) throw noFrontend(file);
    makeFolder(removed);
    const isOwn = (name: string): boolean => name === CONTENT || METADATA.test(name);
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

const noFrontend = (file: string): DarkroomError =>
  new DarkroomError('DR_DOWNLOAD', {
    message: `${file} contains no ${CONTENT}/static/index.html`,
    hint: 'Install another version with --version.',
  });
