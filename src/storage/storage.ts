// The storage of inputs, outputs and temporary images: folders, or a bucket that machines share.
import type { Readable } from 'node:stream';
import type { FolderType } from './folder-paths.ts';
import type { LargeOutputRequest, OutputRequest, WrittenFile } from './output.ts';

export type StorageFolders = Readonly<Record<FolderType, string>>;

export interface StoredFile {
  /** Relative to its folder, with `/`. */
  readonly name: string;
  readonly size: number;
  readonly modified: Date;
}

/** Bytes `start` to `end`, both included. */
export interface FileRange {
  readonly start: number;
  readonly end: number;
}

/** The content of a file: its bytes, or the path of a local file, which is moved. */
export type Content = Uint8Array | { readonly path: string };

/** The files of the temp folder, those of its subfolders too. */
export interface TempFiles {
  list(): Promise<readonly StoredFile[]>;
  /** Removes a file; does nothing when there is none of this name. */
  remove(name: string): Promise<void>;
}

/** A request to save outputs to a storage. */
export type StorageRequest<R> = Omit<R, 'root'> & { readonly type: FolderType };

/**
 * Names are relative, with `/`. Names that lead elsewhere do not exist and cannot be written. All
 * methods throw DR_STORAGE when a bucket fails.
 */
export interface Storage {
  /** `s3://BUCKET[/PREFIX]` of a bucket; undefined for folders. */
  readonly location?: string;
  /**
   * Where programs read files: the folders themselves, or the folders of the copies that
   * `fetchMentioned` makes of a bucket's files.
   */
  readonly folders: StorageFolders;
  /**
   * Copies the files that some strings may name (`a.png`, `sub/a.png [output]`) to the folders, as
   * they are now.
   */
  fetchMentioned(strings: readonly string[]): Promise<void>;
  /** Lists the files directly in the input folder; `inputNames` returns them. */
  refreshInputNames(): Promise<void>;
  /** Returns the names that `refreshInputNames` found; undefined: the files in the folder. */
  inputNames(): readonly string[] | undefined;
  find(type: FolderType, name: string): Promise<StoredFile | undefined>;
  /** Returns a file's bytes, or some of them; undefined when it does not exist. */
  read(type: FolderType, name: string, range?: FileRange): Promise<Readable | undefined>;
  /** Returns the path of an up-to-date copy, or of the file itself. */
  localPath(type: FolderType, name: string): Promise<string | undefined>;
  /** Lists the files directly in a folder. */
  list(type: FolderType): Promise<readonly StoredFile[]>;
  readonly temp: TempFiles;
  /**
   * Writes a file under a free name, `name (1).png` …, unless one of that name and content exists.
   * Returns the name. Throws DR_OUTPUT_UNWRITABLE for a full or read-only disk, and the error of
   * the file system for a name that it does not accept; so does `replace`.
   */
  add(type: FolderType, name: string, content: Content): Promise<string>;
  /** Writes a file, over an existing one. */
  replace(type: FolderType, name: string, content: Content): Promise<void>;
  /**
   * Writes outputs under ComfyUI's counters, each file whole or not at all. `onFolder` is called
   * with the folder of this machine that is written to.
   */
  save(
    request: StorageRequest<OutputRequest>,
    onFolder?: (folder: string) => void,
  ): Promise<readonly WrittenFile[]>;
  saveLarge(
    request: StorageRequest<LargeOutputRequest>,
    onFolder?: (folder: string) => void,
  ): Promise<WrittenFile>;
}

/** Returns all strings in a JSON value. */
export function stringsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(stringsIn) : [];
}
