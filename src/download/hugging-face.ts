// Hugging Face: its addresses, its token, and what its API says about a repository.

/** Whether a host is huggingface.co or one of its subdomains. */
export const isHuggingFace = (host: string): boolean => /^(.+\.)?huggingface\.co$/i.test(host);

const FILE_PATH = /^\/(?:(?:datasets|spaces)\/)?([^/]+\/[^/]+)\/(?:resolve|blob)\/([^/]+)\/./;

/** The repository of a file, `owner/name`; undefined for other addresses. */
export function repositoryOf(url: URL): string | undefined {
  if (!isHuggingFace(url.hostname)) return undefined;
  return FILE_PATH.exec(url.pathname)?.[1];
}

/** The address of a file itself where that of the page about it is given. */
export function fileAddress(text: string): string {
  const url = new URL(text);
  if (repositoryOf(url) !== undefined) url.pathname = url.pathname.replace('/blob/', '/resolve/');
  return url.href;
}

/** The address of what the API says about a repository. */
export const repositoryApi = (url: URL, repository: string): string =>
  `https://${url.host}/api/models/${repository}`;

/** The licence in an answer of the API. */
export function licenceIn(answer: unknown): string | undefined {
  const { cardData, tags } = (answer ?? {}) as {
    readonly cardData?: { readonly license?: unknown; readonly license_name?: unknown };
    readonly tags?: unknown;
  };
  const named = cardData?.license === 'other' ? cardData.license_name : undefined;
  const stated = [named, cardData?.license].find((value) => typeof value === 'string');
  if (stated !== undefined) return stated as string;
  const tag = Array.isArray(tags)
    ? tags.find((one) => typeof one === 'string' && one.startsWith('license:'))
    : undefined;
  return tag?.slice('license:'.length);
}
