// Keeps passwords, tokens and keys out of what is printed, logged and sent to clients: errors of
// drivers quote the addresses they were given.

const MASK = '…';
const URL_PATTERN = /\b[a-z][a-z0-9+.-]{0,20}:\/\/[^\s"'<>`]+/gi;
const ASSIGNMENT = /\b((?:ssl)?passw(?:or)?d|pwd|secret|token)(\s*=\s*)(?:'(?:[^'\\]|\\.)*'|\S+)/gi;
const BEARER = /\b(bearer) [^\s"']+/gi;
const SECRET_NAME = /pass|pwd|secret|token|key|signature|credential|auth/i;

/**
 * Masks what looks like a secret in a text: credentials and tokens in URLs, `password=…`, bearer
 * tokens; and each of `secrets` wherever it occurs, as it is and as URLs encode it.
 */
export function maskSecrets(text: string, secrets: readonly string[] = []): string {
  let masked = text;
  for (const secret of new Set(secrets.flatMap(spellings)))
    if (secret !== '') masked = masked.replaceAll(secret, MASK);
  return masked
    .replace(URL_PATTERN, maskUrl)
    .replace(ASSIGNMENT, `$1$2${MASK}`)
    .replace(BEARER, `$1 ${MASK}`);
}

/**
 * An address without its password, and without the values of parameters that are named like
 * secrets: a URL, or the `key=value` settings of a database. In what is no valid URL, all before
 * the last `@` may be a password.
 */
export function maskUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const [scheme, rest] = splitOnce(text, '://');
  if (rest === undefined) return maskBefore(text.replace(ASSIGNMENT, `$1$2${MASK}`));
  if (!url || (rest.includes('@') && !url.password && !isWeb(url)))
    return `${scheme}://${maskUserInfo(rest)}`;
  const [front, query] = splitOnce(rest, '?');
  const [authority, ...path] = front.split('/');
  const visible = [isWeb(url) ? maskBefore(authority) : maskUserInfo(authority), ...path].join('/');
  return `${scheme}://${visible}${query === undefined ? '' : `?${maskQuery(query)}`}`;
}

/** The secrets that the address of a database contains, decoded. */
export function secretsInUrl(text: string): string[] {
  const [, rest = ''] = splitOnce(text, '://');
  const end = rest.lastIndexOf('@');
  const [, password] = splitOnce(end < 0 ? '' : rest.slice(0, end), ':');
  const [, query = ''] = splitOnce(rest.slice(end + 1), '?');
  const parameters = [...new URLSearchParams(query)].filter(([name]) => SECRET_NAME.test(name));
  return [decoded(password ?? ''), ...parameters.map(([, value]) => value)].filter(Boolean);
}

/** An error that says the same without `secrets` and without the fields that drivers add. */
export function maskError(error: unknown, secrets: readonly string[] = []): Error {
  const { message, stack, code } = (error instanceof Error ? error : new Error(String(error))) as {
    readonly message: string;
    readonly stack?: string;
    readonly code?: unknown;
  };
  const masked = new Error(maskSecrets(message, secrets));
  masked.stack = stack && maskSecrets(stack, secrets);
  return Object.assign(masked, code === undefined ? {} : { code });
}

const isWeb = (url: URL): boolean => /^https?:$/.test(url.protocol);

/** `user:…@host` of `user:password@host`. */
function maskUserInfo(text: string): string {
  const end = text.lastIndexOf('@');
  if (end < 0) return text;
  const [user, password] = splitOnce(text.slice(0, end), ':');
  return `${password === undefined ? user : `${user}:${MASK}`}${text.slice(end)}`;
}

/** `…@host`: what is before the host of a web address may be a token alone. */
const maskBefore = (text: string): string =>
  text.includes('@') ? MASK + text.slice(text.lastIndexOf('@')) : text;

const maskQuery = (query: string): string =>
  query
    .split('&')
    .map((parameter) => {
      const [name, value] = splitOnce(parameter, '=');
      return value !== undefined && SECRET_NAME.test(name) ? `${name}=${MASK}` : parameter;
    })
    .join('&');

/** A secret as it is, as a part of a URL, and as it is in JSON. */
const spellings = (secret: string): string[] =>
  [
    ...new Set([
      secret,
      encodeURIComponent(secret),
      encodeURI(secret),
      JSON.stringify(secret).slice(1, -1),
    ]),
  ].sort((a, b) => b.length - a.length);

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function splitOnce(text: string, separator: string): [string, string?] {
  const at = text.indexOf(separator);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + separator.length)];
}
