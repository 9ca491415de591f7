// The progress of downloads: on a terminal one line with bar, rate and remaining time; else a line
// when a file begins.
import type { DownloadProgress } from '../download/download-types.ts';
import { DarkroomError } from '../errors.ts';
import { formatSize } from '../format-size.ts';
import { bar, formatDuration } from './progress-text.ts';
import { createStatusLine } from './status-line.ts';
import { printable, type Terminal } from './terminal.ts';

export interface FileProgress {
  show(progress: DownloadProgress): void;
  /** Removes the line. */
  end(): void;
}

const REDRAW_MS = 250;

/** Shows the progress of one file on standard error. */
export function createFileProgress(terminal: Terminal, path: string): FileProgress {
  const name = printable(path);
  let start: { readonly at: number; readonly done: number } | undefined;
  const line = createStatusLine(terminal);
  let drawnAt = 0;
  let phase = '';
  return {
    show: (progress) => {
      const now = terminal.now();
      const isNew = progress.phase !== phase;
      if (isNew) start = { at: now, done: progress.done };
      phase = progress.phase;
      if (progress.phase === 'waiting') {
        line.clear();
        terminal.err(`${name}: ${printable(progress.reason ?? '')}; trying again\n`);
      } else if (terminal.interactive && (isNew || now - drawnAt >= REDRAW_MS)) {
        const seconds = (now - start!.at) / 1000;
        line.draw(downloadLine(name, progress, progress.done - start!.done, seconds));
        drawnAt = now;
      } else if (!terminal.interactive && isNew) terminal.err(`${beginning(name, progress)}\n`);
    },
    end: line.clear,
  };
}

const VERBS = { downloading: 'downloading', checking: 'checking', waiting: 'waiting for' } as const;

/** `downloading vae/kl.safetensors (335 MB)`, for output that is no terminal. */
function beginning(name: string, { phase, done, total }: DownloadProgress): string {
  const size = total === undefined ? '' : ` (${formatSize(total)})`;
  const from = phase === 'downloading' && done > 0 ? `, from ${formatSize(done)} on` : '';
  return `${VERBS[phase]} ${name}${size}${from}`;
}

/** One line; `loaded` bytes have come in `seconds`. */
function downloadLine(
  name: string,
  { phase, done, total }: DownloadProgress,
  loaded: number,
  seconds: number,
): string {
  const rate = seconds > 0 ? loaded / seconds : 0;
  const speed = rate > 0 ? `  ${formatSize(rate)}/s` : '';
  if (total === undefined) return `${name}  ${formatSize(done)}${speed}`;
  const eta = rate > 0 ? `  ETA ${formatDuration((total - done) / rate)}` : '';
  const verb = phase === 'checking' ? 'checking ' : '';
  return `${verb}${name}  ${bar(done, total)} ${formatSize(done)} of ${formatSize(total)}${speed}${eta}`;
}

/** The error of a download that the user has stopped. */
export const downloadStopped = (): DarkroomError =>
  new DarkroomError('DR_INTERRUPTED', {
    message: 'interrupted',
    hint: 'what was loaded is kept, and the same command goes on from there',
  });
