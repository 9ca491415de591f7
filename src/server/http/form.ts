// Reads multipart forms. Files are streamed to temporary files, so that memory does not grow with
// them.
import type { IncomingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Busboy, type BusboyHeaders, type BusboyInstance } from '@fastify/busboy';
import { makeFolder } from '../../make-folder.ts';
import { writeAtomicParts } from '../../storage/atomic-write.ts';
import { uniqueName } from '../../storage/move-file.ts';
import { unwritableError } from '../../write-errors.ts';
import { type BodyLimit, tooLarge } from './request-body.ts';
import { empty, errorBody, json, Refusal, refuse } from './responses.ts';
import type { Form, UploadedFile } from './route.ts';

const LIMITS = {
  files: 4,
  fields: 32,
  parts: 40,
  fieldSize: 64 * 1024,
  headerPairs: 20,
  headerSize: 16 * 1024,
} as const;

const TOO_MANY = json(
  errorBody(
    'body_too_large',
    `the form has more than ${LIMITS.files} files or ${LIMITS.fields} fields, or a field longer ` +
      `than ${LIMITS.fieldSize} characters`,
    '',
  ),
  413,
);

export interface StoredForm extends Form {
  /** Removes the files that were not moved. */
  close(): Promise<void>;
}

export interface FormOptions {
  /** Where files are written. */
  readonly folder: string;
  /** The limit of each file. */
  readonly fileLimit: BodyLimit;
}

/**
 * Reads a form. Refuses with 400 a body that is not a form, with 413 one with too many parts or too
 * large a file.
 */
export async function readForm(
  body: Readable,
  headers: IncomingHttpHeaders,
  { folder, fileLimit }: FormOptions,
): Promise<StoredForm> {
  const parser = parserOf(body, headers, fileLimit.maxBytes);
  const fields = new Map<string, string>();
  const files = new Map<string, Promise<StoredFile>>();
  const streams: Readable[] = [];
  const stop = (error: Error): void => void parser.destroy(error);
  for (const event of ['partsLimit', 'filesLimit', 'fieldsLimit'])
    parser.on(event, () => stop(new Refusal(TOO_MANY)));
  parser.on('field', (name, value, _nameTruncated, valueTruncated) => {
    if (valueTruncated) stop(new Refusal(TOO_MANY));
    if (!fields.has(name)) fields.set(name, value);
  });
  parser.on('file', (name, stream, filename) => {
    streams.push(stream.on('error', () => undefined));
    stream.on('limit', () => stop(new Refusal(tooLarge(fileLimit))));
    // a part has to be read to its end, also when it is ignored
    if (files.has(name)) return void stream.resume();
    const file = storeFile(stream, filename ?? '', folder);
    file.catch(stop);
    files.set(name, file);
  });
  try {
    await pipeline(body, parser).catch(refuseForm);
    return { fields, files: await settled(files), close: () => removeAll(files) };
  } catch (error) {
    for (const stream of streams) stream.destroy(error as Error);
    await removeAll(files);
    throw error;
  }
}

function parserOf(body: Readable, headers: IncomingHttpHeaders, fileSize: number): BusboyInstance {
  try {
    if (/^multipart\/form-data/i.test(headers['content-type'] ?? ''))
      return new Busboy({ headers: headers as BusboyHeaders, limits: { ...LIMITS, fileSize } });
  } catch {
    // without a boundary
  }
  // so that its connection can be used again
  body.destroy();
  return refuse(empty(400));
}

/** Errors of the parser are those of the form; others are thrown as they are. */
function refuseForm(error: NodeJS.ErrnoException): never {
  if (error instanceof Refusal || error.code !== undefined) throw error;
  return refuse(empty(400));
}

interface StoredFile extends UploadedFile {
  remove(): Promise<void>;
}

/** Writes a file under a temporary name, where it stays until `remove` is called. */
function storeFile(stream: Readable, filename: string, folder: string): Promise<StoredFile> {
  return new Promise((resolve, reject) => {
    const write = async (): Promise<void> => {
      makeFolder(folder);
      await writeAtomicParts(folder, uniqueName(), stream, (path) => {
        return new Promise<void>((removed) => {
          const remove = async (): Promise<void> => {
            removed();
            await written;
          };
          resolve({ filename, path, remove });
        });
      });
    };
    const written = write();
    written.catch((error: NodeJS.ErrnoException) => {
      const isOfDisk = error.code !== undefined && !(error instanceof Refusal);
      reject(isOfDisk ? unwritableError(folder, error, '--input') : error);
    });
  });
}

const settled = async (
  files: ReadonlyMap<string, Promise<StoredFile>>,
): Promise<Map<string, UploadedFile>> =>
  new Map(await Promise.all([...files].map(async ([name, file]) => [name, await file] as const)));

async function removeAll(files: ReadonlyMap<string, Promise<StoredFile>>): Promise<void> {
  for (const file of await Promise.allSettled(files.values()))
    if (file.status === 'fulfilled') await file.value.remove();
}
