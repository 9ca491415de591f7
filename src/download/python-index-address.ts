// The address of the index of Python packages, from where pip and uv take it.
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { DarkroomError } from '../errors.ts';
import { maskUrl } from '../mask-secrets.ts';
import type { Credentials } from './web-client.ts';

const DEFAULT_INDEX = 'https://pypi.org/simple';
const VARIABLES = ['PIP_INDEX_URL', 'UV_DEFAULT_INDEX', 'UV_INDEX_URL'] as const;

export interface IndexAddress {
  /** Without user and password. */
  readonly url: string;
  /** Those that were in the address, for the host of the index alone. */
  readonly credentials?: Credentials;
}

/**
 * The index that is named by the option, else by a variable of pip or uv, else by pip's
 * configuration, else PyPI. Throws DR_BAD_USAGE for one that is no http(s) address.
 */
export function indexAddress(
  option: string | undefined,
  environment: NodeJS.ProcessEnv = process.env,
): IndexAddress {
  const text =
    option ??
    VARIABLES.map((name) => environment[name]).find(Boolean) ??
    configuredIndex(pipFiles(environment)) ??
    DEFAULT_INDEX;
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol))
    throw new DarkroomError('DR_BAD_USAGE', {
      message: `the index of Python packages is no http(s) address: ${maskUrl(text)}`,
      hint: 'Name one with --index-url, for example https://pypi.org/simple.',
    });
  const url = new URL(text);
  const login = [url.username, url.password].map(decodeURIComponent).join(':');
  [url.username, url.password] = ['', ''];
  const credentials = { origin: url.origin, authorization: `Basic ${base64(login)}` };
  return { url: url.href, ...(login !== ':' && { credentials }) };
}

const base64 = (text: string): string => Buffer.from(text).toString('base64');

/** The files that pip reads its configuration from, the most important first. */
function pipFiles(environment: NodeJS.ProcessEnv): string[] {
  const { PIP_CONFIG_FILE, VIRTUAL_ENV, APPDATA, ProgramData } = environment;
  const { XDG_CONFIG_HOME, XDG_CONFIG_DIRS } = environment;
  const home = homedir();
  const system = (XDG_CONFIG_DIRS || '/etc/xdg').split(delimiter);
  const folders =
    process.platform === 'win32'
      ? [VIRTUAL_ENV, APPDATA && join(APPDATA, 'pip'), ProgramData && join(ProgramData, 'pip')]
      : [
          VIRTUAL_ENV,
          join(home, 'Library', 'Application Support', 'pip'),
          join(XDG_CONFIG_HOME || join(home, '.config'), 'pip'),
          join(home, '.pip'),
          ...system.map((folder) => join(folder, 'pip')),
          '/Library/Application Support/pip',
          '/etc',
        ];
  const name = process.platform === 'win32' ? 'pip.ini' : 'pip.conf';
  const files = folders.filter(Boolean).map((folder) => join(folder!, name));
  return PIP_CONFIG_FILE ? [PIP_CONFIG_FILE, ...files] : files;
}

/** `index-url` of the first file that has one; that of `[install]` goes before `[global]`. */
function configuredIndex(files: readonly string[]): string | undefined {
  for (const file of files) {
    const values = indexUrls(textOf(file));
    const found = values.get('install') ?? values.get('global');
    if (found) return found;
  }
  return undefined;
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

/** `index-url` by section, of a file as Python's configparser reads it. */
function indexUrls(text: string): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  let section = '';
  for (const line of text.split(/\r?\n/)) {
    const header = /^\[([^\]]+)\]/.exec(line);
    if (header) section = header[1];
    const value = /^index[-_]url\s*[=:]\s*(\S+)/i.exec(line);
    if (value) values.set(section, value[1]);
  }
  return values;
}
