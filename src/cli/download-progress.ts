// The progress of downloads: on a terminal one line with bar, rate and remaining time; else a line
// when a file begins.
import type { DownloadProgress } from '../download/download-types.ts';
import { formatSize } from '../format-size.ts';
import { bar, formatDuration } from './progress-text.ts';
import { printable, type Terminal } from './terminal.ts';

export interface FileProgress {
  show(progress: DownloadProgress): void;
  /** Removes the line. */
  end(): void;
}

const REDRAW_MS = 250;
const CLEAR_LINE = '\r\x1b[2K';

/** Shows the progress of one file on standard error. */
export function createFileProgress(terminal: Terminal, path: string): FileProgress {
  const name = printable(path);
  let start: { readonly at: number; readonly done: number } | undefined;
  let drawnAt = Number.NEGATIVE_INFINITY;
  let phase = '';
  const clear = (): void => {
    if (terminal.interactive && drawnAt > Number.NEGATIVE_INFINITY) terminal.err(CLEAR_LINE);
    drawnAt = Number.NEGATIVE_INFINITY;
  };
  return {
    show: (progress) => {
      const now = terminal.now();
      const isNew = progress.phase !== phase;
      if (isNew) start = { at: now, done: progress.done };
      phase = progress.phase;
      if (progress.phase === 'waiting') {
        clear();
        terminal.err(`${name}: ${printable(progress.reason ?? '')}; trying again\n`);
      } else if (terminal.interactive && (isNew || now - drawnAt >= REDRAW_MS)) {
        const seconds = (now - start!.at) / 1000;
        const text = downloadLine(name, progress, progress.done - start!.done, seconds);
        terminal.err(`${CLEAR_LINE}${text.slice(0, Math.max(10, terminal.columns() - 1))}`);
        drawnAt = now;
      } else if (!terminal.interactive && isNew) terminal.err(`${beginning(name, progress)}\n`);
    },
    end: clear,
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
export function downloadLine(
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
