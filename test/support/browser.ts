// Chromium as installed on the machine, through playwright-core.
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { type Browser, chromium, type Page } from 'playwright-core';

const PROGRAMS = [
  process.env.CHROMIUM,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
];

/** The path of the browser; undefined when none is installed. */
export const browserProgram = (): string | undefined =>
  PROGRAMS.find((path) => path && existsSync(path));

/** How long a page waits for an element: on a busy machine, an engine takes a while to start. */
const WAIT_MS = 120_000;

/** Why tests are skipped without a browser. */
export const NO_BROWSER =
  'skipped: Chromium is not installed (apt install chromium, or CHROMIUM=/path/to/it)';

export const openBrowser = (program: string): Promise<Browser> =>
  chromium.launch({ executablePath: program, args: ['--no-sandbox'] });

export interface Watched {
  readonly page: Page;
  /** Errors of the console and of the page's scripts. */
  readonly errors: string[];
  /** URLs of requests to other hosts. */
  readonly foreignRequests: string[];
}

/** A page whose errors and requests to other hosts are recorded. */
export async function watchedPage(
  browser: Browser,
  address: string,
  options: Parameters<Browser['newPage']>[0] = {},
): Promise<Watched> {
  const page = await browser.newPage(options);
  page.setDefaultTimeout(WAIT_MS);
  const errors: string[] = [];
  const foreignRequests: string[] = [];
  const isOurs = (url: string): boolean => url.startsWith(address) || /^(blob|data|ws):/.test(url);
  page.on('console', (message) => {
    if (message.type() === 'error' && isOurs(message.location().url))
      errors.push(`${message.text()} (${message.location().url})`);
  });
  page.on('pageerror', (error) => errors.push(error.message));
  page.on('request', (request) => {
    if (!isOurs(request.url())) foreignRequests.push(request.url());
  });
  return { page, errors, foreignRequests };
}

const axeSource = (): string =>
  readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** What axe-core finds wrong with a page as it is shown: rule and HTML of each element. */
export async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axeSource());
  return page.evaluate(`axe.run().then(({ violations }) => violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => id + ': ' + html + ' ' + failureSummary)))`);
}
