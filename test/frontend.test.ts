// ComfyUI's own frontend in a browser: it starts without errors, opens a workflow, runs it and
// shows the image; its default workflow and its templates run on the embedded model.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { frontendFolder, prepareUser } from '../src/server/http/frontend-files.ts';
import { TEMPLATES } from '../src/server/templates.ts';
import { cacheFolder } from '../src/user-cache-folder.ts';
import { browserProgram, NO_BROWSER, openBrowser, watchedPage } from './support/browser.ts';
import { type TestServer, testServer } from './support/server.ts';

const program = browserProgram();
const folder = process.env.DARKROOM_FRONTEND || join(cacheFolder(), 'frontend');
const skipReason = program
  ? existsSync(folder)
    ? undefined
    : 'skipped: it is not installed (darkroom frontend install)'
  : NO_BROWSER;
if (skipReason) console.warn(`ComfyUI's own frontend in a browser: ${skipReason}`);

/** Whether the editor has opened a workflow. */
const IS_OPEN =
  'globalThis.app?.graph?.nodes?.length > 0 && app.extensionManager?.workflow?.activeWorkflow';

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
    await page.waitForFunction(IS_OPEN);
    await page.getByRole('button', { name: 'Run', exact: true }).waitFor();
    await page.evaluate(`(async () => {
      const { prompt } = await (await fetch('/darkroom/examples/text-to-image')).json();
      await app.loadApiJson(prompt, 'example');
      // zoomed out to all nodes: images of nodes that are not visible are not loaded
      app.canvas.ds.scale = 0.4;
      app.canvas.setDirty(true, true);
    })()`);
    await page.getByRole('button', { name: 'Run', exact: true }).click();
    await page.waitForFunction(`app.nodeOutputs['7']?.images?.length === 1`);
    const showsImage = `app.graph.nodes.some(
      (node) => node.type === 'SaveImage' && node.imgs?.[0]?.naturalWidth === 128,
    )`;
    await page.waitForFunction(showsImage);
    expect(errors).toEqual([]);
  } finally {
    await browser.close();
    await test.close();
  }
});

/** The checkpoint and the prompt of the editor's default workflow. */
const DEFAULT_CHECKPOINT = 'v1-5-pruned-emaonly-fp16.safetensors';
const DEFAULT_PROMPT = 'beautiful scenery nature glass bottle landscape';

interface SentNode {
  readonly class_type: string;
  readonly inputs: Readonly<Record<string, unknown>>;
}
type SentPrompt = Readonly<Record<string, SentNode>>;

describe.skipIf(skipReason)('with the embedded model alone', () => {
  let test: TestServer;
  let browser: Browser;
  let address: string;
  beforeAll(async () => {
    test = await testServer({ builtIn: true, webRoot: frontendFolder(folder) });
    prepareUser(join(test.root, 'user'));
    address = await test.listen();
    browser = await openBrowser(program!);
  });
  afterAll(async () => {
    await browser.close();
    await test.close();
  });

  /** The editor as a new user sees it. */
  async function openEditor(): Promise<{ readonly page: Page; readonly errors: string[] }> {
    const opened = await watchedPage(browser, address);
    await opened.page.goto(address);
    await opened.page.waitForFunction(IS_OPEN);
    return opened;
  }
  /** The prompt that the editor would send. */
  const promptOf = async (page: Page): Promise<SentPrompt> =>
    (await page.evaluate('app.graphToPrompt().then(({ output }) => output)')) as SentPrompt;
  const inputsOf = (prompt: SentPrompt, type: string): SentNode['inputs'] =>
    Object.values(prompt).find(({ class_type }) => class_type === type)!.inputs;
  /** Runs what is open, and waits for its image. */
  async function run(page: Page): Promise<void> {
    await page.getByRole('button', { name: 'Run', exact: true }).click();
    await page.waitForFunction(
      `Object.values(app.nodeOutputs).some(({ images }) => images?.length === 1)`,
    );
  }

  it('the default workflow fits the model, and runs', async () => {
    const { page, errors } = await openEditor();
    const prompt = await promptOf(page);
    expect(inputsOf(prompt, 'CheckpointLoaderSimple')['ckpt_name']).toBe(
      'darkroom-tiny-base.safetensors',
    );
    expect(inputsOf(prompt, 'EmptyLatentImage')).toEqual({
      width: 128,
      height: 128,
      batch_size: 1,
    });
    expect(inputsOf(prompt, 'CLIPTextEncode')['text']).toContain('panda');
    await run(page);
    expect(errors).toEqual([]);
    await page.close();
  });

  it('a saved file stays as it is, also one with the default workflow’s checkpoint', async () => {
    const { page } = await openEditor();
    await page.evaluate(`(async () => {
      const file = await (await fetch('/templates/text-to-image.json')).json();
      const first = (type) => file.nodes.find((node) => node.type === type);
      first('CheckpointLoaderSimple').widgets_values = ['${DEFAULT_CHECKPOINT}'];
      first('CLIPTextEncode').widgets_values = ['${DEFAULT_PROMPT}'];
      await app.loadGraphData(file);
    })()`);
    const prompt = await promptOf(page);
    expect(inputsOf(prompt, 'CheckpointLoaderSimple')['ckpt_name']).toBe(DEFAULT_CHECKPOINT);
    expect(inputsOf(prompt, 'CLIPTextEncode')['text']).toContain(DEFAULT_PROMPT);
    await page.close();
  });

  it('all templates are what the examples are, and run', async () => {
    const { page, errors } = await openEditor();
    for (const { name } of TEMPLATES.filter(({ models }) => models === undefined)) {
      await page.evaluate("app.extensionManager.command.execute('Comfy.BrowseTemplates')");
      await page.getByTestId(`template-workflow-${name}`).click();
      await page.waitForFunction(
        `app.extensionManager.workflow.activeWorkflow.path.includes('/${name}')`,
      );
      const example: SentPrompt = JSON.parse(readFileSync(`examples/${name}.json`, 'utf8'));
      await expect.poll(() => promptOf(page)).toEqual(example);
      await run(page);
    }
    expect(errors).toEqual([]);
    await page.close();
  }, 900_000);

  it('the default workflow is the editor’s own where its checkpoint is there', async () => {
    writeFileSync(join(test.root, 'models', 'checkpoints', DEFAULT_CHECKPOINT), '');
    const { page } = await openEditor();
    const prompt = await promptOf(page);
    expect(inputsOf(prompt, 'CheckpointLoaderSimple')['ckpt_name']).toBe(DEFAULT_CHECKPOINT);
    expect(inputsOf(prompt, 'EmptyLatentImage')['width']).toBe(512);
    await page.close();
  });
});
