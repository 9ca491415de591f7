// The built-in page in a browser, on a wide screen and on a phone: it opens and runs workflows,
// also by keyboard alone, and is accessible.
import { readFileSync } from 'node:fs';
import type { Page, Route } from 'playwright-core';
import { expect, it } from 'vitest';
import { violations } from './support/browser.ts';
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

describePage('the built-in page', ({ open, countFrames, waitForFrames }) => {
  for (const [screen, options] of SCREENS)
    it(`opens and runs workflows on ${screen}`, async () => {
      const { page, errors, foreignRequests } = await open(options);
      const before = await countFrames(page);
      const chooser = page.waitForEvent('filechooser');
      await page.getByText('Choose a file').click();
      await (await chooser).setFiles('examples/text-to-image.json');
      await expect
        .poll(() => page.getByLabel('Prompt', { exact: true }).inputValue())
        .toBe('panda, flat style, green background');
      await page.getByLabel('Steps').fill('40');
      await page.getByRole('button', { name: 'New seed', exact: true }).click();
      const seed = await page.getByLabel('Seed', { exact: true }).inputValue();
      await recordStage(page);
      await page.getByRole('button', { name: 'Run', exact: true }).click();
      await page.locator('#stage img[alt^="Picture made"]').waitFor();
      expect(await page.evaluate('recorded')).toContain('Preview of the picture in progress');
      await waitForFrames(page, before + 1);

      await page.locator('#sheet li button').first().click();
      const dialog = page.getByRole('dialog');
      await dialog.getByText(seed, { exact: true }).waitFor();
      await expect
        .poll(() => page.evaluate(`document.querySelector('#viewer img').naturalWidth`))
        .toBe(128);
      const file = page.waitForEvent('download');
      await dialog.getByRole('link', { name: 'Download picture' }).click();
      const picture = readFileSync(await (await file).path());
      await dialog.getByRole('button', { name: 'Run again with a new seed' }).click();
      await waitForFrames(page, before + 2);

      // a picture that is dropped on the page opens as a workflow
      const handle = await page.evaluateHandle(droppedFile(picture));
      await page.dispatchEvent('body', 'drop', { dataTransfer: handle });
      await expect.poll(() => page.locator('#form .file').textContent()).toBe('Made');
      expect(await page.getByLabel('Seed', { exact: true }).inputValue()).toBe(seed);
      expect(await page.getByLabel('Steps').inputValue()).toBe('40');
      expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
      expect({ errors, foreignRequests }).toEqual({ errors: [], foreignRequests: [] });
    });

  it('can be used by keyboard alone', async () => {
    const { page, errors } = await open({ viewport: { width: 1280, height: 800 } });
    const before = await countFrames(page);
    const focused = () =>
      page.evaluate('document.activeElement.textContent.trim() || document.activeElement.id');
    const tabTo = async (target: string) => {
      for (let i = 0; i < 60 && (await focused()) !== target; i++) await page.keyboard.press('Tab');
      expect(await focused()).toBe(target);
    };
    await tabTo('Text to image');
    await page.keyboard.press('Enter');
    await expect.poll(() => page.evaluate('document.activeElement.tagName')).toBe('TEXTAREA');
    await page.keyboard.press('ControlOrMeta+a');
    await page.keyboard.type('owl, line drawing');
    await tabTo('New seed and run');
    await page.keyboard.press('Enter');
    await waitForFrames(page, before + 1);
    await expect.poll(() => page.locator('#live').textContent()).toBe('Done');
    await page.locator('#sheet li button').first().focus();
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').getByText('owl, line drawing', { exact: true }).waitFor();
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('Escape');
    await expect.poll(() => page.getByRole('dialog').count()).toBe(0);
    expect(errors).toEqual([]);
  });

  it('shows errors at their fields', async () => {
    const { page } = await open({});
    await page.setInputFiles('#file', {
      name: 'notes.json',
      mimeType: 'application/json',
      buffer: Buffer.from('[1, 2]'),
    });
    await expect.poll(() => page.getByRole('alert').textContent()).toContain('notes.json');
    await openTextToImage(page);
    await page.getByLabel('Seed', { exact: true }).fill('18446744073709551616');
    await page.getByRole('button', { name: 'Run', exact: true }).click();
    await page.getByText('Enter at most 18446744073709551615.').waitFor();
    expect(await page.evaluate('document.activeElement.getAttribute("aria-invalid")')).toBe('true');
  });

  it('says what a workflow lacks and what to do about it, as text', async () => {
    const { page, errors, foreignRequests } = await open({});
    await openJson(page, 'lacking.json', lacking('<img src=x onerror=alert(1)>'));
    const panel = page.getByRole('region', { name: 'This workflow cannot run here yet' });
    await panel.getByText('<img src=x onerror=alert(1)>').waitFor();
    await panel.getByText('It belongs to ComfyUI-WD14-Tagger, which is not built in').waitFor();
    await panel.getByText('Put it into the folder models/checkpoints').waitFor();
    const link = panel.getByRole('link', { name: 'Download from example.org' });
    expect(await link.getAttribute('href')).toBe('https://example.org/x.safetensors');
    await panel.getByText('darkroom models get "lacking.json"').waitFor();
    await panel.getByText('embedding:nothing').waitFor();
    await panel.getByText('Upload it, or choose another one.').waitFor();
    await panel.getByRole('button', { name: 'Show the field' }).first().click();
    expect(await page.evaluate('document.activeElement.value')).toBe('eulr_x');
    expect(await violations(page)).toEqual([]);

    // what was corrected goes, and all of it when another workflow is opened
    await page.getByLabel('Sampler name').selectOption('euler');
    await panel.getByText('eulr_x').waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Run', exact: true }).click();
    await expect.poll(() => page.getByRole('alert').textContent()).not.toBe('');
    await page.getByRole('button', { name: 'Text to image', exact: true }).click();
    await panel.waitFor({ state: 'detached' });
    await expect.poll(() => page.getByRole('alert').textContent()).toBe('');
    // the run, and the missing picture, whose preview may take longer
    await expect
      .poll(() => errors.toSorted())
      .toEqual([
        expect.stringContaining('400 (Bad Request)'),
        expect.stringContaining('filename=nothing.png'),
      ]);
    expect(foreignRequests).toEqual([]);
  });

  it('opens a workflow of 5000 nodes that are all missing', async () => {
    const { page, errors } = await open({});
    const nodes = Array.from({ length: 5000 }, (_, i) => [`${i}`, node(`Unknown ${i}`)] as const);
    const long = 'n'.repeat(200);
    const text = { '0': node('CLIPTextEncode', { text: `<b>${long.repeat(20)}`, clip: ['1', 1] }) };
    const lora = {
      a: node('LoraLoader', { lora_name: long.repeat(20) }),
      b: node(long.repeat(20)),
    };
    await openJson(page, `<b>${long}.json`, { ...lora, ...Object.fromEntries(nodes), ...text });
    const panel = page.getByRole('region', { name: 'This workflow cannot run here yet' });
    await panel.getByText(/^And 4\d\d\d more\.$/).waitFor();
    expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
    expect(errors).toEqual([]);
  });

  it('shows the workflow that was opened last, however long others take to read', async () => {
    const { page } = await open({});
    const request = new Promise<Route>((resolve) => {
      void page.route(/darkroom\/read\?name=slow/, resolve);
    });
    const read = page.waitForResponse(/darkroom\/read\?name=slow/);
    await openJson(page, 'slow.json', { '1': node('EmptyLatentImage') });
    const route = await request;
    await openExample(page, 'Text to image');
    await route.continue();
    await (await read).finished();
    // whatever the page does with the answer, it has done when it has the next one
    await page.evaluate(`fetch('features').then((response) => response.text())`);
    expect(await page.locator('#form .file').textContent()).toBe('Text to image');
    expect(await page.getByRole('alert').textContent()).toBe('');
  });

  it('stops running jobs and removes waiting ones', async () => {
    const { page } = await open({});
    await openExample(page, 'Text to image');
    await page.getByLabel('Steps').fill(ENDLESS);
    for (const waiting of [0, 1]) {
      await page.getByRole('button', { name: 'New seed and run' }).click();
      await waitForQueue(page, waiting);
    }
    await page.getByRole('button', { name: /^Remove/ }).click();
    await waitForQueue(page, 0);
    await page.getByRole('button', { name: /^Cancel/ }).click();
    await expect.poll(() => page.locator('#queue').isVisible()).toBe(false);
    await page.getByText('Cancelled').first().waitFor();
  });

  it.each([
    ['dark', 1280],
    ['light', 1280],
    ['light', 390],
  ] as const)('has nothing that axe-core objects to: %s, %i px', async (colorScheme, width) => {
    const { page } = await open({ colorScheme, viewport: { width, height: 800 } });
    expect(await violations(page)).toEqual([]);
    await openExample(page, 'Three regions');
    await page.getByText('All settings').click();
    expect(await violations(page)).toEqual([]);
    await page.locator('#sheet li button').first().click();
    expect(await violations(page)).toEqual([]);
  });
});

/**
 * Records the texts of the pictures on the stage; previews are there for some milliseconds only.
 */
const recordStage = (page: Page): Promise<unknown> =>
  page.evaluate(`(() => {
    const image = document.querySelector('#stage img');
    globalThis.recorded = [];
    new MutationObserver(() => recorded.push(image.alt)).observe(image, { attributes: true });
  })()`);

/** A workflow in UI format with unknown node types, a missing model, embedding and value. */
const lacking = (type: string): unknown => {
  const url = 'https://example.org/x.safetensors';
  const models = [{ name: 'x.safetensors', url, directory: 'checkpoints' }];
  const ui = (id: number, type: string, values: unknown[], inputs: object[] = [], rest = {}) => ({
    ...{ id, type, widgets_values: values, inputs, outputs: [], ...rest },
  });
  const link = (name: string, socket: string, id: number) => ({ name, type: socket, link: id });
  const sampler = [7, 'fixed', 20, 7, 'eulr_x', 'normal', 1];
  return {
    version: 0.4,
    nodes: [
      ui(1, 'CheckpointLoaderSimple', ['x.safetensors'], [], { properties: { models } }),
      ui(2, 'CLIPTextEncode', ['a fox, embedding:nothing'], [link('clip', 'CLIP', 1)]),
      ui(3, 'EmptyLatentImage', [64, 64, 1]),
      ui(4, 'KSampler', sampler, [
        link('model', 'MODEL', 2),
        link('positive', 'CONDITIONING', 3),
        link('negative', 'CONDITIONING', 4),
        link('latent_image', 'LATENT', 5),
      ]),
      ui(5, 'VAEDecode', [], [link('samples', 'LATENT', 6), link('vae', 'VAE', 7)]),
      ui(6, 'PreviewImage', [], [link('images', 'IMAGE', 8)]),
      ui(7, 'WD14Tagger|pysssss', [], [link('image', 'IMAGE', 9)]),
      ui(8, type, []),
      ui(9, 'LoadImage', ['nothing.png', 'image']),
    ],
    links: [
      [1, 1, 1, 2, 0, 'CLIP'],
      [2, 1, 0, 4, 0, 'MODEL'],
      [3, 2, 0, 4, 1, 'CONDITIONING'],
      [4, 2, 0, 4, 2, 'CONDITIONING'],
      [5, 3, 0, 4, 3, 'LATENT'],
      [6, 4, 0, 5, 0, 'LATENT'],
      [7, 1, 2, 5, 1, 'VAE'],
      [8, 5, 0, 6, 0, 'IMAGE'],
      [9, 9, 0, 7, 0, 'IMAGE'],
    ],
  };
};

/** A script that returns a DataTransfer with a PNG file. */
const droppedFile = (picture: Buffer): string => `(() => {
  const bytes = Uint8Array.from(atob('${picture.toString('base64')}'), (c) => c.charCodeAt(0));
  const transfer = new DataTransfer();
  transfer.items.add(new File([bytes], 'made.png', { type: 'image/png' }));
  return transfer;
})()`;
