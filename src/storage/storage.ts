// Where inputs, outputs and temporary pictures lie: folders, or a bucket that machines share, behind one face.
import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { DarkroomError } from '../errors.ts';
import { createFolderStorage } from './folder-storage.ts';
import type { FolderType } from './folders.ts';
import type { LargeOutputRequest, OutputRequest, WrittenFile } from './output.ts';

export type StorageFolders = Readonly<Record<FolderType, string>>;

export interface StoredFile {
  /** Relative to its folder, with `/`. */
  readonly name: string;
  readonly size: number;
  readonly modified: Date;
}

export type StorageRequest<R> = Omit<R, 'root'> & { readonly type: FolderType };

/** Names are relative, with `/`; those that lead elsewhere are not there, and can't be written. Throws DR_STORAGE when a bucket fails. */
export interface Storage {
  /** What another process opens it by; undefined for folders that need no opening. */
  readonly location?: string;
  /** Where programs read files: the folders themselves, or the copies of a bucket's that `bring` makes. */
  readonly folders: StorageFolders;
  /** Makes the files that some texts may name (`a.png`, `sub/a.png [output]`) readable in the folders, as they are now. */
  fetchMentioned(texts: readonly string[]): Promise<void>;
  /** Looks what is directly in the input folder; `inputNames` tells it. */
  refreshInputNames(): Promise<void>;
  /** What `look` found; undefined: what lies in the folder. */
  inputNames(): readonly string[] | undefined;
  find(type: FolderType, name: string): Promise<StoredFile | undefined>;
  /** Its bytes; undefined when it is not there. */
  read(type: FolderType, name: string): Promise<Readable | undefined>;
  /** The path of a copy that is up to date, or of the file itself. */
  localPath(type: FolderType, name: string): Promise<string | undefined>;
  /** Files directly in the folder. */
  list(type: FolderType): Promise<readonly StoredFile[]>;
  /** Writes under a name that is free, `name (1).png` …; a file of that name and content counts as written. Gives the name. */
  add(type: FolderType, name: string, bytes: Uint8Array): Promise<string>;
  /** Writes over what may be there. */
  replace(type: FolderType, name: string, bytes: Uint8Array): Promise<void>;
  /** Writes outputs under ComfyUI's counters, each whole or not at all. `onFolder` hears what folder of this machine is written to. */
  save(
    request: StorageRequest<OutputRequest>,
    onFolder?: (folder: string) => void,
  ): Promise<readonly WrittenFile[]>;
  saveLarge(
    request: StorageRequest<LargeOutputRequest>,
    onFolder?: (folder: string) => void,
  ): Promise<WrittenFile>;
}

/** Opens a place that all machines see: `s3://BUCKET[/PREFIX]`, or a folder. Throws DR_BAD_USAGE, DR_STORAGE. */
export async function openStorage(place: string): Promise<Storage> {
  if (/^s3:\/\//i.test(place))
    return await (await import('./bucket-storage.ts')).openBucketStorage(place);
  if (/^[a-z][a-z0-9+.-]+:\/\//i.test(place))
    throw new DarkroomError('DR_BAD_USAGE', {
      message: `${place} can't be used as storage`,
      hint: 'Give s3://BUCKET or s3://BUCKET/PREFIX, or a folder that all machines have mounted.',
      file: place,
    });
  const root = resolve(place);
  const folders = {
    input: join(root, 'input'),
    output: join(root, 'output'),
    temp: join(root, 'temp'),
  };
  try {
    for (const folder of Object.values(folders)) mkdirSync(folder, { recursive: true });
  } catch (error) {
    throw new DarkroomError('DR_BAD_USAGE', {
      message: `${place} can't be used as storage: ${(error as Error).message}`,
      hint: 'Give a folder that can be written to.',
      file: place,
      cause: error,
    });
  }
  return createFolderStorage(folders);
}

/** All texts in a value of JSON. */
export function stringsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(stringsIn) : [];
}
