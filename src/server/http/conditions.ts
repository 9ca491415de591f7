// Conditional requests and ranges of files, after aiohttp's FileResponse: ETag, If-Match,
// If-None-Match, If-Modified-Since, If-Unmodified-Since, If-Range and one Range.
import type { FileRange } from '../../storage/storage.ts';

export interface FileInfo {
  readonly size: number;
  readonly modified: Date;
}

/** Returns a header of the request by its name in lower case. */
export type HeaderReader = (name: string) => string | undefined;

export interface FileCondition {
  readonly status: 200 | 206 | 304 | 412 | 416;
  /** With the status 206. */
  readonly range?: FileRange;
}

/** HTTP dates have no fractions of a second. */
const seconds = (date: Date): number => Math.floor(date.getTime() / 1000);

export const lastModified = ({ modified }: FileInfo): string =>
  new Date(seconds(modified) * 1000).toUTCString();

/** A strong validator of a file's content. */
export const etagOf = ({ size, modified }: FileInfo): string =>
  `"${Math.trunc(modified.getTime()).toString(16)}-${size.toString(16)}"`;

/** How to respond to a request for a file. */
export function conditionOf(file: FileInfo, header: HeaderReader): FileCondition {
  const match = header('if-match');
  const noneMatch = header('if-none-match');
  if (match === undefined ? isNewer(file, header('if-unmodified-since')) : !names(match, file))
    return { status: 412 };
  const isUnchanged =
    noneMatch === undefined
      ? isNewer(file, header('if-modified-since')) === false
      : names(noneMatch.replaceAll('W/', ''), file);
  if (isUnchanged) return { status: 304 };
  const range = header('range');
  if (range === undefined || !isSame(file, header('if-range'))) return { status: 200 };
  const found = rangeOf(range, file.size);
  return found ? { status: 206, range: found } : { status: 416 };
}

/** Whether a file was changed after a date; undefined without a valid date. */
function isNewer({ modified }: FileInfo, date: string | undefined): boolean | undefined {
  const time = date === undefined ? Number.NaN : Date.parse(date);
  return Number.isNaN(time) ? undefined : seconds(modified) * 1000 > time;
}

/** Whether a list of ETags contains that of a file. */
const names = (etags: string, file: FileInfo): boolean =>
  etags.split(',').some((etag) => etag.trim() === '*' || etag.trim() === etagOf(file));

/** Whether a file is that of an If-Range: an ETag or a date. */
const isSame = (file: FileInfo, condition: string | undefined): boolean =>
  condition === undefined || condition.startsWith('"')
    ? condition === undefined || condition === etagOf(file)
    : isNewer(file, condition) === false;

/**
 * A range in a file of `size` bytes; undefined for several, for an invalid one and one behind it.
 */
function rangeOf(text: string, size: number): FileRange | undefined {
  const [, first, last] = /^bytes=(\d*)-(\d*)$/.exec(text.trim()) ?? [];
  if (first === undefined || (first === '' && last === '')) return undefined;
  const start = first === '' ? Math.max(0, size - Number(last)) : Number(first);
  const end = first === '' || last === '' ? size - 1 : Math.min(Number(last), size - 1);
  return start < size && start <= end ? { start, end } : undefined;
}
