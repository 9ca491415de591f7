// Where a model file comes from, and where it belongs. Names and addresses come from workflows of
// strangers: what could lead out of the models folder is refused.
import { posix } from 'node:path';
import { DarkroomError } from '../errors.ts';
import { isLocalHost } from '../local-host.ts';
import { maskUrl } from '../mask-secrets.ts';
import { withSlashes } from '../slashes.ts';
import { isModelName } from '../storage/model-folders.ts';

export interface ModelSource {
  /** The name by which workflows use the file, relative to its folder, with `/`. */
  readonly name: string;
  /** The folder inside a models folder: `checkpoints`, `loras` … */
  readonly folder: string;
  readonly url: string;
  readonly hash?: FileHash;
}

export interface FileHash {
  readonly type: HashType;
  /** Lower-case hexadecimal. */
  readonly value: string;
}

export type HashType = 'sha256' | 'sha512' | 'sha1' | 'md5';

/** Hexadecimal digits of each kind of hash. */
const HASH_DIGITS: Readonly<Record<HashType, number>> = {
  sha256: 64,
  sha512: 128,
  sha1: 40,
  md5: 32,
};

const isHashType = (type: string): type is HashType => Object.hasOwn(HASH_DIGITS, type);

/** A hash as workflows write it (`SHA256`); undefined for one that can't be checked. */
export function fileHash(value: unknown, type: unknown = 'sha256'): FileHash | undefined {
  if (typeof value !== 'string' || typeof type !== 'string') return undefined;
  const kind = type.toLowerCase().replaceAll('-', '');
  const digits = value.toLowerCase();
  if (!isHashType(kind) || !/^[0-9a-f]+$/.test(digits)) return undefined;
  return digits.length === HASH_DIGITS[kind] ? { type: kind, value: digits } : undefined;
}

/** `checkpoints/sd15.safetensors` */
export const pathOfSource = ({ folder, name }: Pick<ModelSource, 'folder' | 'name'>): string =>
  posix.join(withSlashes(folder), withSlashes(name));

const MAX_SEGMENT_BYTES = 200;
/** Names of devices on Windows, with any extension. */
const DEVICE = /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i;
// biome-ignore lint/suspicious/noControlCharactersInRegex: file systems or terminals act on them
const FORBIDDEN = /[\u0000-\u001f\u007f-\u009f<>:"|?*\u200e\u200f\u202a-\u202e\u2066-\u2069]/;

const isSafeSegment = (segment: string): boolean =>
  segment !== '' &&
  !segment.startsWith('.') &&
  !/[. ]$/.test(segment) &&
  !FORBIDDEN.test(segment) &&
  !DEVICE.test(segment) &&
  Buffer.byteLength(segment) <= MAX_SEGMENT_BYTES;

/** Whether a path cannot lead out of a models folder. */
export const isSafePath = (path: string): boolean =>
  withSlashes(path).split('/').every(isSafeSegment);

/** Returns why a file must not be downloaded; undefined if nothing speaks against it. */
export function refuseSource(source: ModelSource): DarkroomError | undefined {
  const { folder, name, url } = source;
  const refused = (message: string, hint: string): DarkroomError =>
    new DarkroomError('DR_BAD_USAGE', { message, hint, file: name });
  if (!isSafePath(folder) || !isSafePath(name))
    return refused(
      `'${folder}/${name}' is no path inside a models folder`,
      'The workflow names a file that could be written elsewhere; do not trust it.',
    );
  if (!isModelName(folder, name))
    return refused(
      `'${name}' is not the name of a model file`,
      'Only files with extensions of models (.safetensors, .ckpt, .pt …) are downloaded.',
    );
  if (!isSecureAddress(url))
    return refused(
      `${name} can't be downloaded from '${maskUrl(url)}', which is not an https address`,
      'Download it yourself and put it into the models folder.',
    );
  return undefined;
}

/** Whether nobody on the way can change what an address sends: https, or this machine. */
function isSecureAddress(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname } = new URL(text);
  return protocol === 'https:' || (protocol === 'http:' && isLocalHost(hostname));
}
