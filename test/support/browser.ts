// Debian's Chromium through playwright-core, where it is installed.
import { existsSync } from 'node:fs';
import { type Browser, chromium, type Page } from 'playwright-core';

const PROGRAMS = [
  process.env.CHROMIUM,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
];

/** The browser's program; undefined where there is none. */
export const browserProgram = (): string | undefined =>
  PROGRAMS.find((path) => path && existsSync(path));

/** Said once by tests that are left out. */
export const NO_BROWSER =
  'left out: no Chromium is installed (apt install chromium, or CHROMIUM=/path/to/it)';

export const openBrowser = (program: string): Promise<Browser> =>
  chromium.launch({ executablePath: program, args: ['--no-sandbox'] });

export interface Watched {
  readonly page: Page;
  /** Errors of the console and of scripts. */
  readonly errors: string[];
  /** Requests that went elsewhere. */
  readonly foreign: string[];
}

/** A page whose errors and requests to elsewhere are noted. */
export async function watchedPage(
  browser: Browser,
  address: string,
  options: Parameters<Browser['newPage']>[0] = {},
): Promise<Watched> {
  const page = await browser.newPage(options);
  const errors: string[] = [];
  const foreign: string[] = [];
  const isOurs = (url: string): boolean => url.startsWith(address) || /^(blob|data|ws):/.test(url);
  page.on('console', (message) => {
    if (message.type() === 'error' && isOurs(message.location().url))
      errors.push(`${message.text()} (${message.location().url})`);
  });
  page.on('pageerror', (error) => errors.push(error.message));
  page.on('request', (request) => {
    if (!isOurs(request.url())) foreign.push(request.url());
  });
  return { page, errors, foreign };
}
