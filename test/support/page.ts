// The built-in page in a browser: a server with the embedded models, and pages whose errors are
// recorded. Tests are skipped without a browser.
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect } from 'vitest';
import type { Queue } from '../../src/queue/contract.ts';
import type { HistoryResponse } from '../../src/server/api-types.ts';
import { type JsonNumber, type JsonValue, parseJson } from '../../web/exact-json.ts';
import { framesOf } from '../../web/history-frames.ts';
import { browserProgram, NO_BROWSER, openBrowser, type Watched, watchedPage } from './browser.ts';
import { listQueue } from './queue/queue.ts';
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
  /**
   * Opens the page until the test has ended; waits for the frames of earlier tests, which others
   * count from.
   */
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
      // a second thread would be started again and again, which takes a busy machine a minute
      test = await testServer({ builtIn: true, threads: { threads: 1, taskMs: 120_000 } });
      test.queue.requestPreviews(test.server.wantsPreviews);
      address = await test.listen();
      browser = await openBrowser(program!);
    });
    afterAll(async () => {
      await browser.close();
      await test.close();
    });

    const pages: Page[] = [];
    afterEach(async () => {
      await Promise.all(pages.splice(0).map((page) => page.close()));
      await endJobs(test.queue);
    });

    const countFrames = (page: Page) => page.locator('#sheet li').count();
    const waitForFrames = (page: Page, count: number) =>
      expect.poll(() => countFrames(page)).toBe(count);
    const open: PageTest['open'] = async (options) => {
      const watched = await watchedPage(browser, address, options);
      const { page } = watched;
      pages.push(page);
      await page.goto(address);
      await page.waitForSelector('#examples button');
      await page.locator('#form .file').waitFor();
      await waitForFrames(page, framesIn((await test.get('/history')).body));
      return watched;
    };
    tests({ test: () => test, open, countFrames, waitForFrames });
  });
}

/** Ends what a test has left in the queue, so that it does not run during the next one. */
async function endJobs(queue: Queue): Promise<void> {
  await queue.clear();
  const { running } = await listQueue(queue);
  await queue.interrupt();
  for (const { promptId } of running) await queue.waitForEnd(promptId);
}

/** How many frames the page shows of a history. */
function framesIn(history: string): number {
  const entries = Object.entries(parseJson<HistoryResponse<JsonValue, JsonNumber>>(history));
  return entries.flatMap(([id, entry]) => framesOf(id, entry)).length;
}

/** Waits for the form of a workflow, before which the form of another one may be shown. */
const waitForForm = (page: Page, name: string): Promise<void> =>
  page.locator('#form .file').getByText(name, { exact: true }).waitFor();

/** Opens an example, and waits for its form. */
export async function openExample(page: Page, name: string): Promise<void> {
  await page.getByRole('button', { name, exact: true }).click();
  await waitForForm(page, name);
}

/** Opens the file of an example, and waits for its form. */
export async function openTextToImage(page: Page): Promise<void> {
  await page.setInputFiles('#file', 'examples/text-to-image.json');
  await waitForForm(page, 'Text to image');
}

/** Steps of a job that runs until it is stopped. */
export const ENDLESS = '10000';

/** Waits until a job runs and others wait, as many as that. */
export async function waitForQueue(page: Page, waiting: number): Promise<void> {
  const states = ['Running', ...Array<string>(waiting).fill('Waiting')];
  await expect.poll(() => page.locator('#queue .state').allTextContents()).toEqual(states);
}

/** Opens a workflow as a file; its form is shown later. */
export const openJson = (page: Page, name: string, json: unknown): Promise<void> =>
  page.setInputFiles('#file', {
    ...{ name, mimeType: 'application/json' },
    buffer: Buffer.from(JSON.stringify(json)),
  });
