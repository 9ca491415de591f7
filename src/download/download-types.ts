// What a download is made of, and what it reports.
import type { FileHash } from './model-source.ts';
import type { PartialFile } from './partial-file.ts';
import type { WebClient } from './web-client.ts';

export type DownloadPhase = 'downloading' | 'checking' | 'waiting';

export interface DownloadProgress {
  readonly phase: DownloadPhase;
  /** Bytes that are there, or were checked. */
  readonly done: number;
  readonly total?: number;
  /** While waiting: why. */
  readonly reason?: string;
}

export interface DownloadRequest {
  readonly url: string;
  /** Absolute path of the file. */
  readonly target: string;
  readonly hash?: FileHash;
  /** The option that names its folder, for errors (`--models`). */
  readonly option?: string;
}

export interface DownloadOptions {
  readonly client: WebClient;
  readonly signal: AbortSignal;
  readonly onProgress?: (progress: DownloadProgress) => void;
  /** How often an attempt without any new byte is made again (5). */
  readonly retries?: number;
  /** The wait before the first of these, in milliseconds; it doubles each time (1000). */
  readonly retryMs?: number;
  /** How long a host may send nothing, in milliseconds (60,000). */
  readonly idleMs?: number;
}

/** A running download. */
export interface Download extends DownloadOptions {
  readonly request: DownloadRequest;
  readonly address: URL;
  readonly partial: PartialFile;
}
