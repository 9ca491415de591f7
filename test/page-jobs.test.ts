// Jobs of the built-in page: the form it starts with, batches, what it says about jobs in the
// queue, while they run and when they failed.
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { violations } from './support/browser.ts';
import { fixtureModel } from './support/golden.ts';
import {
  describePage,
  ENDLESS,
  openExample,
  openJson,
  openTextToImage,
  SCREENS,
  waitForQueue,
} from './support/page.ts';
import { node } from './support/server.ts';

describePage('jobs on the page', ({ test, open, countFrames, waitForFrames }) => {
  it('says what waiting jobs are and how long the running one takes, and removes all', async () => {
    const { page } = await open({});
    await openTextToImage(page);
    await page.getByLabel('Seed', { exact: true }).fill('41');
    await page.getByLabel('Steps').fill(ENDLESS);
    await page.getByRole('button', { name: 'Run', exact: true }).click();
    const left = page.locator('#stage small').nth(1);
    await expect.poll(() => left.textContent()).toMatch(/^(about|a few) .*left$/);
    await expect
      .poll(() => page.locator('#stage small').first().textContent())
      .toMatch(/it\/s$|s\/it$/);
    for (const seed of ['42', '43']) {
      await page.getByLabel('Seed', { exact: true }).fill(seed);
      await page.getByRole('button', { name: 'Run', exact: true }).click();
    }
    await expect
      .poll(() => page.locator('#queue li').allTextContents())
      .toEqual([
        expect.stringMatching(/^Runningpanda.*seed 41 · Text to image/),
        expect.stringMatching(/^Waitingpanda.*seed 42 · Text to image/),
        expect.stringMatching(/^Waitingpanda.*seed 43 · Text to image/),
      ]);
    await page.getByRole('button', { name: 'Clear waiting jobs' }).click();
    await waitForQueue(page, 0);
    await page.getByRole('button', { name: /^Cancel/ }).click();
    await expect.poll(() => page.locator('#queue').isVisible()).toBe(false);
  });

  it('starts with a form that runs, and follows the checkpoint except where it was changed', async () => {
    const checkpoints = join(test().root, 'models', 'checkpoints');
    copyFileSync(fixtureModel('tiny_sd1'), join(checkpoints, 'sd1.safetensors'));
    const { page, errors } = await open({});
    const before = await countFrames(page);
    const width = page.getByLabel('Width');
    await expect.poll(() => width.inputValue()).toBe('512');
    await page.getByLabel('Steps').fill('3');
    await page.getByLabel('Prompt', { exact: true }).fill('owl, line drawing');
    await page
      .getByLabel('Checkpoint', { exact: true })
      .selectOption('darkroom-tiny-base.safetensors');
    await expect.poll(() => width.inputValue()).toBe('128');
    expect(await page.getByLabel('Steps').inputValue()).toBe('3');
    expect(await page.getByLabel('Prompt', { exact: true }).inputValue()).toBe('owl, line drawing');
    const seed = await page.getByLabel('Seed', { exact: true }).inputValue();
    await page.getByLabel('Prompt', { exact: true }).press('Control+Enter');
    await waitForFrames(page, before + 1);
    const name = new RegExp(`^Picture \\d+: owl, line drawing, seed ${seed} · New picture$`);
    await page.getByRole('button', { name }).waitFor();
    await expect.poll(() => page.getByLabel('Seed', { exact: true }).inputValue()).not.toBe(seed);

    // another workflow, and back
    await openExample(page, 'Text to image');
    await openExample(page, 'New picture');
    await expect.poll(() => width.inputValue()).toBe('512');
    expect(await violations(page)).toEqual([]);
    expect(errors).toEqual([]);
    rmSync(join(checkpoints, 'sd1.safetensors'));
  });

  it('queues a batch whose seeds step as the workflow says', async () => {
    const { page } = await open({});
    const seed = page.getByLabel('Seed', { exact: true });
    const control = page.getByLabel('Seed after each run');
    const queuedSeeds = async () =>
      (await page.locator('#queue small').allTextContents()).map((text) => /\d+/.exec(text)?.[0]);
    await openExample(page, 'Text to image');
    await page.getByLabel('Steps').fill(ENDLESS);
    await expect.poll(() => seed.inputValue()).toBe('7');
    await expect.poll(() => control.inputValue()).toBe('fixed');
    await page.getByLabel('Batch count').fill('3');
    await page.getByLabel('Batch count').press('Tab');
    await expect.poll(() => control.inputValue()).toBe('increment');
    await page.getByLabel('Prompt', { exact: true }).press('Control+Enter');
    await expect.poll(() => seed.inputValue()).toBe('10');
    await expect.poll(queuedSeeds).toEqual(['7', '8', '9']);
    await control.selectOption('decrement');
    await page.getByLabel('Batch count').fill('2');
    await page.getByRole('button', { name: 'Run', exact: true }).click();
    await expect.poll(queuedSeeds).toEqual(['7', '8', '9', '10', '9']);
    await page.getByRole('button', { name: 'Clear waiting jobs' }).click();
    await waitForQueue(page, 0);
    await page.getByRole('button', { name: /^Cancel/ }).click();
    await expect.poll(() => page.locator('#queue').isVisible()).toBe(false);
  });

  it('shows why a job failed on its tile, and opens it with the reason', async () => {
    const { page } = await open({});
    const before = await countFrames(page);
    const folder = join(test().root, 'models', 'upscale_models');
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'page.safetensors'), '<!DOCTYPE html><b>404</b>');
    await openJson(page, 'failing.json', failing);
    await page.locator('#check').getByText('is a web page (HTML), not a model').waitFor();
    await page.getByRole('button', { name: 'Run', exact: true }).click();
    await waitForFrames(page, before + 1);
    const tile = page.locator('#sheet li').first();
    await tile.getByText('Failed').waitFor();
    const text = (await tile.locator('.error').textContent())!;
    expect(text).toContain('page.safetensors is a web page (HTML), not a model');
    await page
      .getByRole('button', { name: /^Failed \d+: .* is a web page \(HTML\)/ })
      .first()
      .waitFor();
    expect(await violations(page)).toEqual([]);
    await openExample(page, 'Text to image');
    await expect.poll(() => page.locator('#stage figcaption').textContent()).not.toContain(text);
    await tile.getByRole('button').click();
    const alert = page.getByRole('alert');
    await expect.poll(() => alert.textContent()).toContain(text);
    expect(await alert.textContent()).toContain('Download the model itself');
    await expect.poll(() => page.locator('#form .file').textContent()).toBe('Failing');
  });

  it('adds pictures that others make to the contact sheet', async () => {
    const { page } = await open({});
    const before = await countFrames(page);
    await test().post('/prompt', { prompt: textToImage(51) });
    await waitForFrames(page, before + 1);
    await page.getByRole('button', { name: /^Picture \d+: .*, seed 51/ }).waitFor();
  });

  it('reads the history one request at a time, so that the newest answer counts', async () => {
    const { page } = await open({});
    const before = await countFrames(page);
    let requests = 0;
    let answer: (() => void) | undefined;
    await page.route(/\/history\?/, async (route) => {
      requests++;
      const response = await route.fetch();
      if (requests === 1)
        await new Promise<void>((resolve) => {
          answer = resolve;
        });
      await route.fulfill({ response });
    });
    await test().post('/prompt', { prompt: textToImage(52, Number(ENDLESS)) });
    await test().post('/prompt', { prompt: textToImage(53) });
    await waitForQueue(page, 1);
    await expect.poll(() => answer).toBeDefined();
    await test().queue.interrupt();
    await expect.poll(() => page.locator('#queue').isVisible()).toBe(false);
    expect(requests).toBe(1);
    answer?.();
    await waitForFrames(page, before + 1);
  });

  it('clears the contact sheet when that is confirmed', async () => {
    const { page } = await open({});
    const before = await countFrames(page);
    await openExample(page, 'Text to image');
    await page.getByRole('button', { name: 'Run', exact: true }).click();
    await waitForFrames(page, before + 1);
    const clear = page.locator('#sheet').getByRole('button', { name: 'Clear' });
    const removals: string[] = [];
    page.on('request', (request) => {
      if (request.method() === 'POST') removals.push(new URL(request.url()).pathname);
    });
    page.once('dialog', (dialog) => void dialog.dismiss());
    await clear.click();
    page.once('dialog', (dialog) => void dialog.accept());
    await clear.click();
    await waitForFrames(page, 0);
    expect(removals).toEqual(['/history']);
    await page.getByText('Pictures you make appear here and stay.').waitFor();
  });

  it('says nothing of dropping on a phone, and has large targets', async () => {
    const { page } = await open({ ...SCREENS[1][1] });
    await page.locator('#open').getByText('Open a workflow').waitFor();
    expect(
      await page
        .getByText(/\b[Dd](rop|rag)\b/)
        .filter({ visible: true })
        .count(),
    ).toBe(0);
    await openExample(page, 'Text to image');
    const small = await page
      .locator('button:visible, select:visible')
      .evaluateAll((elements) =>
        (elements as unknown as { offsetHeight: number; outerHTML: string }[])
          .filter(({ offsetHeight }) => offsetHeight < 44)
          .map(({ outerHTML }) => outerHTML),
      );
    expect(small).toEqual([]);
  });
});

/** The graph of the example. */
function textToImage(seed: number, steps = 2): unknown {
  const graph = JSON.parse(readFileSync('examples/text-to-image.json', 'utf8'));
  Object.assign(graph['5'].inputs, { seed, steps });
  return graph;
}

/** A job that fails when its upscale model is loaded. */
const failing = {
  '1': node('EmptyImage', { width: 16, height: 16, batch_size: 1, color: 0 }),
  '2': node('UpscaleModelLoader', { model_name: 'page.safetensors' }),
  '3': node('ImageUpscaleWithModel', { upscale_model: ['2', 0], image: ['1', 0] }),
  '4': node('PreviewImage', { images: ['3', 0] }),
};
