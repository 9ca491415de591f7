// Writes bytes or files of this machine to a bucket; large files part by part.
import { createHash } from 'node:crypto';
import { type FileHandle, open, readFile, stat } from 'node:fs/promises';
import type { Content } from '../storage.ts';
import type { Bucket } from './bucket.ts';

/** Writes an object, as `Bucket.put` does. */
export async function putContent(
  bucket: Bucket,
  key: string,
  content: Content,
  onlyNew: boolean,
): Promise<boolean> {
  if (content instanceof Uint8Array) return bucket.put(key, content, onlyNew);
  const { size } = await stat(content.path);
  if (size > bucket.partBytes) return putFile(bucket, key, content.path, onlyNew);
  return bucket.put(key, await readFile(content.path), onlyNew);
}

/** Writes a file as an object of several parts. */
export async function putFile(
  bucket: Bucket,
  key: string,
  path: string,
  onlyNew: boolean,
): Promise<boolean> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    const part = (offset: number, length: number) => readPart(file, offset, length);
    return await bucket.putLarge(key, size, part, onlyNew);
  } finally {
    await file.close();
  }
}

/**
 * What S3 puts in the ETag of an object that `putContent` writes: an MD5, or that of the parts'.
 */
export async function md5Of(bucket: Bucket, content: Content): Promise<string> {
  if (content instanceof Uint8Array) return md5(content).toString('hex');
  const file = await open(content.path, 'r');
  try {
    const { size } = await file.stat();
    const parts: Buffer[] = [];
    for (let offset = 0; offset < size || offset === 0; offset += bucket.partBytes)
      parts.push(md5(await readPart(file, offset, Math.min(bucket.partBytes, size - offset))));
    if (parts.length === 1) return parts[0].toString('hex');
    return `${md5(Buffer.concat(parts)).toString('hex')}-${parts.length}`;
  } finally {
    await file.close();
  }
}

const md5 = (bytes: Uint8Array): Buffer => createHash('md5').update(bytes).digest();

async function readPart(file: FileHandle, offset: number, length: number): Promise<Uint8Array> {
  const bytes = Buffer.alloc(length);
  await file.read(bytes, 0, length, offset);
  return bytes;
}
