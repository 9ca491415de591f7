// An index of Python packages (PEP 503 in HTML, PEP 691 in JSON): which wheel a version has, where
// it is, and its hash.
import { checkAborted, DarkroomError } from '../errors.ts';
import { isJsonObject, type Json } from '../formats/json.ts';
import { bytesOf } from './remote-file.ts';
import { failure, TemporaryFailure, type WebClient } from './web-client.ts';

export interface Wheel {
  /** `comfyui_frontend_package-1.28.8-py3-none-any.whl` */
  readonly filename: string;
  readonly version: string;
  readonly url: string;
  /** In lower case; undefined where the index states none. */
  readonly sha256?: string;
}

export interface WheelRequest {
  /** The address of the index: `https://pypi.org/simple`. */
  readonly index: string;
  /** The name of the package, in its normal form: lower case, with `-`. */
  readonly name: string;
  /** By default the newest. */
  readonly version?: string;
  readonly client: WebClient;
  readonly signal: AbortSignal;
}

const ACCEPT =
  'application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, ' +
  'text/html;q=0.1';
const MAX_INDEX_BYTES = 64 * 1024 * 1024;
const MAX_SHOWN = 5;
const INDEX_HINT =
  'Check the address of the index: --index-url, PIP_INDEX_URL, UV_DEFAULT_INDEX, or index-url in ' +
  'pip.conf.';

/** What to do where an index refuses. */
export const INDEX_HINTS = {
  login: 'Put USER:TOKEN@ before the host in the address of the index.',
  missing: INDEX_HINT,
} as const;

/**
 * The wheel of a version that runs on every platform. Throws DR_DOWNLOAD when the index can't be
 * read or has none, DR_INTERRUPTED.
 */
export async function findWheel(request: WheelRequest): Promise<Wheel> {
  const { index, name, version } = request;
  const address = new URL(`${name}/`, index.endsWith('/') ? index : `${index}/`);
  const wheels = await readIndex(address, request);
  const newest = wheels.map((one) => one.version).sort(byVersion);
  const wheel = wheels.find((one) => one.version === (version ?? newest[0]));
  if (wheel) return wheel;
  throw failure(
    address,
    `has no wheel of ${name}${version === undefined ? '' : ` ${version}`}`,
    newest.length === 0
      ? INDEX_HINT
      : `Its newest versions are ${newest.slice(0, MAX_SHOWN).join(', ')}.`,
  );
}

async function readIndex(
  address: URL,
  { name, client, signal }: WheelRequest,
): Promise<readonly Wheel[]> {
  try {
    const response = await client.get({ url: address.href, headers: { accept: ACCEPT }, signal });
    const text = Buffer.from(await bytesOf(response, MAX_INDEX_BYTES)).toString('utf8');
    const isJson = /\bjson\b/i.test(response.headers.get('content-type') ?? '');
    const base = response.url || address.href;
    const files = isJson ? jsonFiles(JSON.parse(text)) : htmlFiles(text);
    return files.flatMap((file) => wheelOf(file, name, base) ?? []);
  } catch (error) {
    checkAborted(signal);
    if (error instanceof DarkroomError) throw error;
    if (error instanceof TemporaryFailure)
      throw failure(address, `can't be read: ${error.message}`, `Try again later. ${INDEX_HINT}`);
    throw failure(address, `is not an index of packages: ${(error as Error).message}`, INDEX_HINT);
  }
}

interface IndexFile {
  readonly filename: string;
  /** May be relative to the index. */
  readonly url: string;
  readonly sha256?: string;
}

/** The files of PEP 691's `files`. */
function jsonFiles(index: Json): IndexFile[] {
  const files = isJsonObject(index) ? index['files'] : undefined;
  if (!Array.isArray(files)) throw new Error("it has no list 'files'");
  return files.flatMap((file): IndexFile[] => {
    if (!isJsonObject(file)) return [];
    const { filename, url, hashes } = file;
    if (typeof filename !== 'string' || typeof url !== 'string') return [];
    return [{ filename, url, sha256: hashIn(isJsonObject(hashes) ? hashes['sha256'] : undefined) }];
  });
}

const ANCHOR = /<a\s([^<>]*)>/gi;
const HREF = /\bhref\s*=\s*(?:"([^"]*)"|'([^']*)')/i;

/** The files of PEP 503's anchors, whose addresses end with `#sha256=…`. */
function htmlFiles(page: string): IndexFile[] {
  return [...page.matchAll(ANCHOR)].flatMap(([, attributes]): IndexFile[] => {
    const href = HREF.exec(attributes);
    if (!href) return [];
    const [url, fragment = ''] = unescapeHtml(href[1] ?? href[2]).split('#');
    const filename = decoded(url.split('?')[0].split('/').at(-1)!);
    return [{ filename, url, sha256: hashIn(/(?:^|&)sha256=([^&]*)/i.exec(fragment)?.[1]) }];
  });
}

const hashIn = (value: Json | undefined): string | undefined =>
  typeof value === 'string' && /^[0-9a-f]{64}$/i.test(value) ? value.toLowerCase() : undefined;

/** A file as a wheel of the package for every platform; undefined for all others. */
function wheelOf(file: IndexFile, name: string, base: string): Wheel | undefined {
  const { filename, url, sha256 } = file;
  if (!filename.endsWith('.whl')) return undefined;
  // name, version, perhaps a build, then Python, ABI and platform (PEP 427)
  const [distribution, version, ...tags] = filename.slice(0, -'.whl'.length).split('-');
  const [python, abi, platform] = tags.slice(-3);
  const isAny = python?.includes('py3') && abi === 'none' && platform === 'any';
  if (!isAny || distribution.toLowerCase().replaceAll(/[_.]/g, '-') !== name) return undefined;
  if (!URL.canParse(url, base)) return undefined;
  const address = new URL(url, base);
  return /^https?:$/.test(address.protocol)
    ? { filename, version, url: address.href, sha256 }
    : undefined;
}

/** Newest first; numbers count as numbers. */
const byVersion = (a: string, b: string): number =>
  b.localeCompare(a, 'en', { numeric: true, sensitivity: 'base' });

const ENTITIES: Readonly<Record<string, string>> = {
  amp: '&',
  quot: '"',
  '#39': "'",
  '#x27': "'",
  lt: '<',
  gt: '>',
};

const unescapeHtml = (text: string): string =>
  text.replaceAll(/&([a-z]+|#\w+);/gi, (whole, name: string) => {
    const key = name.toLowerCase();
    return Object.hasOwn(ENTITIES, key) ? ENTITIES[key] : whole;
  });

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
