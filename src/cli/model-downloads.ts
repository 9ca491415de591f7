// Model files that workflows say the origin of: lists what is missing and downloads it.
import { resolve } from 'node:path';
import { downloadFile } from '../download/download-file.ts';
import type { DownloadPlan, MissingFile, PlanOptions } from '../download/plan.ts';
import { createWebClient } from '../download/web-client.ts';
import type { DarkroomError } from '../errors.ts';
import { formatSize } from '../format-size.ts';
import { isExtraModelPaths } from '../storage/extra-model-paths.ts';
import type { Folders } from '../storage/folders.ts';
import { createFileProgress, downloadStopped } from './download-progress.ts';
import { asDarkroomError, report } from './error-report.ts';
import { stopSignal } from './stop-signals.ts';
import { coloured, printable, type Terminal } from './terminal.ts';

export interface Downloads extends PlanOptions {
  /** Lets signals end the program again. */
  release(): void;
}

/**
 * Prepares downloads into the first models folder, which Ctrl-C stops; a second Ctrl-C ends the
 * program.
 */
export function startDownloads(folders: Folders): Downloads {
  return {
    folders,
    root: folders.models.find((entry) => !isExtraModelPaths(entry)) ?? resolve('models'),
    client: createWebClient({ huggingFaceToken: process.env.HF_TOKEN || undefined }),
    ...stopSignal(),
  };
}

/** Prints the missing files with size, origin and licence to standard error, and their sum. */
export function printPlan(terminal: Terminal, { missing }: DownloadPlan, root: string): void {
  if (missing.length === 0) return;
  terminal.err(`missing in ${printable(root)}:\n`);
  for (const file of missing) terminal.err(`  ${printable(missingLine(file))}\n`);
  if (missing.length > 1) terminal.err(`  ${sumOf(missing)}\n`);
}

/** `checkpoints/sd15.safetensors: 2.1 GB from huggingface.co/o/r, licence: openrail` */
function missingLine({ path, source, remote, loaded }: MissingFile): string {
  const size = remote.size === undefined ? 'size unknown' : formatSize(remote.size);
  const part = loaded > 0 ? ` (${formatSize(loaded)} are there)` : '';
  const licence = `licence: ${remote.licence ?? 'unknown'}`;
  return `${path}: ${size}${part} from ${originOf(source.url)}, ${licence}`;
}

/** Host and first two folders of an address: on Hugging Face, the repository. */
function originOf(address: string): string {
  const { host, pathname } = new URL(address);
  const folders = pathname.split('/').slice(1, -1).slice(0, 2);
  return [host, ...folders].join('/');
}

/** `3 files, 5.6 GB`; `at least` where some sizes are unknown. */
export function sumOf(missing: readonly MissingFile[]): string {
  const bytes = missing.reduce((sum, { remote, loaded }) => sum + (remote.size ?? 0) - loaded, 0);
  const isExact = missing.every(({ remote }) => remote.size !== undefined);
  const size = bytes > 0 || isExact ? formatSize(Math.max(0, bytes)) : 'an unknown size';
  const files = missing.length === 1 ? '1 file' : `${missing.length} files`;
  return `${files}, ${isExact || bytes <= 0 ? '' : 'at least '}${size}`;
}

export interface DownloadOutcome {
  readonly downloaded: readonly string[];
  readonly errors: readonly DarkroomError[];
}

export interface DownloadSettings {
  readonly quiet?: boolean;
  /** Skips the check of the hashes. */
  readonly noHash?: boolean;
  /** Is called with the path of each file when it is there. */
  readonly onFile?: (path: string) => void;
}

/**
 * Downloads missing files one after the other; a file that fails does not stop the others. Throws
 * DR_INTERRUPTED.
 */
export async function downloadMissing(
  terminal: Terminal,
  missing: readonly MissingFile[],
  { client, signal }: Downloads,
  { quiet, noHash, onFile }: DownloadSettings = {},
): Promise<DownloadOutcome> {
  const errors: DarkroomError[] = [];
  const downloaded: string[] = [];
  for (const { source, target, path, remote } of missing) {
    const progress = quiet ? undefined : createFileProgress(terminal, path);
    try {
      if (remote.error) throw remote.error;
      const hash = noHash ? undefined : (source.hash ?? remote.hash);
      await downloadFile(
        { url: source.url, target, hash },
        { client, signal, onProgress: (event) => progress?.show(event) },
      );
      progress?.end();
      downloaded.push(path);
      onFile?.(target);
    } catch (thrown) {
      progress?.end();
      const error = asDarkroomError(thrown);
      if (error.code === 'DR_INTERRUPTED') throw downloadStopped();
      errors.push(error);
    }
  }
  return { downloaded, errors };
}

/** Prints what was refused and what failed. */
export function reportDownloads(
  terminal: Terminal,
  { refused }: Pick<DownloadPlan, 'refused'>,
  { errors }: Pick<DownloadOutcome, 'errors'>,
): void {
  for (const error of [...refused, ...errors]) report(terminal, error);
}

/** `yes` or `no` of the user; undefined where nobody can be asked. */
export async function confirm(terminal: Terminal, question: string): Promise<boolean | undefined> {
  if (!terminal.ask) return undefined;
  const answer = await terminal.ask(`${coloured(terminal, 36, question)} [y/N] `);
  return /^\s*y(es)?\s*$/i.test(answer);
}
