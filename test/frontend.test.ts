// ComfyUI's own frontend in a browser: it starts without errors, opens a workflow, runs it and
// shows the image.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { frontendFolder, prepareUser } from '../src/server/http/frontend-files.ts';
import { cacheFolder } from '../src/user-cache-folder.ts';
import { browserProgram, NO_BROWSER, openBrowser, watchedPage } from './support/browser.ts';
import { testServer } from './support/server.ts';

const program = browserProgram();
const folder = process.env.DARKROOM_FRONTEND || join(cacheFolder(), 'frontend');
const skipReason = program
  ? existsSync(folder)
    ? undefined
    : 'skipped: it is not installed (darkroom frontend install)'
  : NO_BROWSER;
if (skipReason) console.warn(`ComfyUI's own frontend in a browser: ${skipReason}`);

it.skipIf(skipReason)('ComfyUI’s own frontend opens a workflow and runs it', async () => {
  const test = await testServer({ builtIn: true, webRoot: frontendFolder(folder) });
  prepareUser(join(test.root, 'user'));
  test.queue.requestPreviews(test.server.wantsPreviews);
  const address = await test.listen();
  const browser = await openBrowser(program!);
  try {
    const { page, errors } = await watchedPage(browser, address, {
      viewport: { width: 1600, height: 900 },
    });
    await page.goto(address);
    await page.waitForFunction(
      'globalThis.app?.graph?.nodes?.length > 0 && app.extensionManager?.workflow?.activeWorkflow',
      undefined,
      {
        timeout: 90_000,
      },
    );
    await page.getByRole('button', { name: 'Run', exact: true }).waitFor();
    await page.evaluate(`(async () => {
      const { prompt } = await (await fetch('/darkroom/examples/text-to-image')).json();
      await app.loadApiJson(prompt, 'example');
      // zoomed out to all nodes: images of nodes that are not visible are not loaded
      app.canvas.ds.scale = 0.4;
      app.canvas.setDirty(true, true);
    })()`);
    await page.getByRole('button', { name: 'Run', exact: true }).click();
    await page.waitForFunction(`app.nodeOutputs['7']?.images?.length === 1`, undefined, {
      timeout: 60_000,
    });
    const showsImage = `app.graph.nodes.some(
      (node) => node.type === 'SaveImage' && node.imgs?.[0]?.naturalWidth === 128,
    )`;
    await page.waitForFunction(showsImage, undefined, { timeout: 60_000 });
    expect(errors).toEqual([]);
  } finally {
    await browser.close();
    await test.close();
  }
});
