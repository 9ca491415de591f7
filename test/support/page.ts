// The built-in page in a browser: a server with the embedded models, and pages whose errors are
// recorded. Tests are skipped without a browser.
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { browserProgram, NO_BROWSER, openBrowser, type Watched, watchedPage } from './browser.ts';
import { type TestServer, testServer } from './server.ts';

export const SCREENS = [
  ['a wide screen', { viewport: { width: 1280, height: 800 }, colorScheme: 'dark' }],
  [
    'a phone',
    { viewport: { width: 390, height: 800 }, colorScheme: 'light', hasTouch: true, isMobile: true },
  ],
] as const;

export interface PageTest {
  test(): TestServer;
  /** Opens the page; waits for the pictures of earlier tests, which others count from. */
  open(options: Parameters<Browser['newPage']>[0]): Promise<Watched>;
  countFrames(page: Page): Promise<number>;
  waitForFrames(page: Page, count: number): Promise<void>;
}

/** Describes the page on a server of its own. */
export function describePage(name: string, tests: (context: PageTest) => void): void {
  const program = browserProgram();
  if (!program) console.warn(`${name}: ${NO_BROWSER}`);
  describe.skipIf(!program)(name, () => {
    let test: TestServer;
    let browser: Browser;
    let address: string;
    beforeAll(async () => {
      test = await testServer({ builtIn: true });
      test.queue.requestPreviews(test.server.wantsPreviews);
      address = await test.listen();
      browser = await openBrowser(program!);
    });
    afterAll(async () => {
      await browser.close();
      await test.close();
    });

    const countFrames = (page: Page) => page.locator('#sheet li').count();
    const waitForFrames = (page: Page, count: number) =>
      expect.poll(() => countFrames(page), { timeout: 60_000 }).toBeGreaterThanOrEqual(count);
    const open: PageTest['open'] = async (options) => {
      const watched = await watchedPage(browser, address, options);
      const { page } = watched;
      await page.goto(address);
      await page.waitForSelector('#examples button');
      const history = Object.values((await test.get('/history')).json() as object) as {
        readonly outputs: Readonly<Record<string, { readonly images?: readonly unknown[] }>>;
      }[];
      const hasPictures = history.some(({ outputs }) =>
        Object.values(outputs).some(({ images = [] }) => images.length > 0),
      );
      if (hasPictures) await waitForFrames(page, 1);
      return watched;
    };
    tests({ test: () => test, open, countFrames, waitForFrames });
  });
}

/** Opens a workflow as a file. */
export const openJson = (page: Page, name: string, json: unknown): Promise<void> =>
  page.setInputFiles('#file', {
    ...{ name, mimeType: 'application/json' },
    buffer: Buffer.from(JSON.stringify(json)),
  });
