// The model browser of the built-in page: search, facts and remarks, fields that are filled in, and
// ten thousand files.
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BrowserContextOptions, Page } from 'playwright-core';
import sharp from 'sharp';
import { beforeAll, expect, it } from 'vitest';
import { violations } from './support/browser.ts';
import { fixtureModel } from './support/golden.ts';
import { describePage, openExample } from './support/page.ts';

const HOSTILE = '<b onclick=alert(1)>&amp;.safetensors';

describePage('the model browser', ({ test, open: openPage }) => {
  beforeAll(async () => {
    const put = (folder: string, name: string, fixture: string): void => {
      mkdirSync(inModels(folder), { recursive: true });
      cpSync(fixtureModel(fixture), inModels(folder, name));
    };
    put('checkpoints', 'fox.safetensors', 'tiny_sd1');
    put('checkpoints', HOSTILE, 'tiny_lora_sdxl');
    put('embeddings', 'soft light.safetensors', 'tinyti');
    put('loras', 'ink.safetensors', 'tiny_lora_sdxl');
    writeFileSync(inModels('loras', 'page.safetensors'), '<!doctype html><html></html>');
    await sharp({ create: { width: 40, height: 40, channels: 3, background: 'red' } })
      .png()
      .toFile(inModels('checkpoints', 'fox.preview.png'));
  });
  const inModels = (...names: string[]): string => join(test().folders.models[0], ...names);

  const open = async (example?: string, options: BrowserContextOptions = {}) => {
    const watched = await openPage(options);
    if (example) await openExample(watched.page, example);
    return watched;
  };
  const browse = async (page: Page) => {
    await page.getByRole('button', { name: 'Models', exact: true }).click();
    await page.getByRole('dialog', { name: 'Models' }).waitFor();
  };
  const row = (page: Page, name: string) =>
    page.locator('.model-list li').filter({ hasText: name });
  const checkpoint = (page: Page) =>
    page.getByLabel('Load Checkpoint', { exact: true }).inputValue();

  it('shows what files are, and what is wrong with them', async () => {
    const { page, errors } = await open();
    await browse(page);
    await row(page, 'fox')
      .getByText(/^checkpoint · SD1\.x.* · 42 MB · checkpoints$/)
      .waitFor();
    await row(page, HOSTILE).getByText('It belongs in the folder loras.').waitFor();
    await row(page, 'page').getByText('is a web page (HTML), not a model').waitFor();
    await expect
      .poll(() => page.evaluate(`document.querySelector('.model-list img')?.naturalWidth`))
      .toBe(40);
    await page.getByText(/^8 files/).waitFor();
    // the form of a new picture takes no LoRA
    await row(page, 'ink').getByText(/^lora/i).waitFor();
    expect(await row(page, 'ink').getByRole('button').count()).toBe(0);
    expect(errors).toEqual([]);
  });

  it('finds files by name, kind and architecture in a folder', async () => {
    const { page } = await open();
    await browse(page);
    await row(page, 'fox').getByText('SD1.x').waitFor();
    const search = page.getByRole('searchbox');
    await search.fill('sd1.X checkpoint');
    await page.getByText(/^\d of 8 files/).waitFor();
    expect(await violations(page)).toEqual([]);
    await row(page, 'fox').waitFor();
    await row(page, 'ink').waitFor({ state: 'detached' });
    await search.fill('belongs');
    await expect.poll(() => page.locator('.model-list .name').allTextContents()).toEqual([HOSTILE]);
    await search.fill('');
    await page.getByLabel('Folder').selectOption({ label: 'loras (2)' });
    await expect
      .poll(() => page.locator('.model-list .name').allTextContents())
      .toEqual(['ink.safetensors', 'page.safetensors']);
  });

  it('puts a file into the field that it fits', async () => {
    const { page, errors } = await open('Text to image');
    await browse(page);
    await page.getByRole('button', { name: 'Use fox.safetensors for Load Checkpoint' }).click();
    await expect.poll(() => checkpoint(page)).toBe('fox.safetensors');
    await expect.poll(() => page.getByRole('dialog').count()).toBe(0);
    await expect
      .poll(() => page.locator('#live').textContent())
      .toBe('Load Checkpoint: fox.safetensors');
    // the field has a button of its own; the keyboard reaches a file with a hostile name
    await page.getByRole('button', { name: 'Browse files for Load Checkpoint' }).click();
    await row(page, 'fox').waitFor();
    await expect.poll(() => page.locator('.model-list .name').count()).toBe(4);
    expect(await row(page, 'fox').getAttribute('aria-current')).toBe('true');
    await page.keyboard.type('onclick');
    await page.getByText('1 of 8 files').waitFor();
    const focused = () => page.evaluate('document.activeElement.textContent');
    for (let i = 0; i < 6 && (await focused()) !== 'Use'; i++) await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await expect.poll(() => checkpoint(page)).toBe(HOSTILE);
    expect(errors).toEqual([]);
  });

  it('names the fields where several fit, and puts textual inversions into prompts', async () => {
    const { page } = await open('Base and refiner');
    await browse(page);
    const buttons = row(page, 'fox').getByRole('button');
    await expect.poll(() => buttons.count()).toBe(2);
    const last = (await buttons.last().getAttribute('title'))!;
    await buttons.last().click();
    const field = page.getByLabel(last, { exact: true });
    await expect.poll(() => field.inputValue()).toBe('fox.safetensors');
    await browse(page);
    await row(page, 'soft light').getByRole('button').first().click();
    await expect
      .poll(() => page.locator('#form textarea').first().inputValue())
      .toMatch(/, embedding:soft light$/);
  });

  it('passes over a file that takes the server too long', async () => {
    const { page } = await open();
    await page.route('**/darkroom/models/describe', (route) => {
      const isSlow = route.request().postData()?.includes('"ink.safetensors"');
      const error = { message: 'the request was given up' };
      return isSlow ? route.fulfill({ status: 413, json: { error } }) : route.fallback();
    });
    await browse(page);
    await row(page, 'ink').getByText('Can’t be used: the request was given up.').waitFor();
    await row(page, 'fox').getByText('SD1.x').waitFor();
    await row(page, 'page').getByText('is a web page (HTML)').waitFor();
  });

  it('shows ten thousand files in parts, also on a phone', async () => {
    for (let i = 0; i < 10_000; i++)
      writeFileSync(inModels('loras', `style ${i}.safetensors`), 'no model');
    const { page, errors } = await open('Text to image', {
      viewport: { width: 390, height: 800 },
      hasTouch: true,
      isMobile: true,
    });
    await browse(page);
    const rows = page.locator('.model-list li');
    await expect.poll(() => rows.count()).toBe(100);
    await page.getByRole('button', { name: 'Show more' }).click();
    await expect.poll(() => rows.count()).toBe(200);
    await page.getByRole('searchbox').fill('style 9999');
    await page.getByText('1 of 10008 files').waitFor();
    // what is on the screen is read first
    await row(page, 'style 9999').getByText('Can’t be used').waitFor();
    // whatever is searched for, a part of the rows is made
    const rowCounts = await page.evaluate(`(() => {
      const input = document.querySelector('dialog input');
      return ['s', 'st', 'sty', '7', '77', ''].map((text) => {
        input.value = text;
        input.dispatchEvent(new Event('input'));
        return document.querySelectorAll('.model-list li').length;
      });
    })()`);
    expect(rowCounts).toEqual([100, 100, 100, 100, 100, 100]);
    expect(await violations(page)).toEqual([]);
    expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
    expect(errors).toEqual([]);
  });

  it('says when files can no longer be read, or listed', async () => {
    const { page } = await open();
    await page.route('**/darkroom/models/describe', (route) => route.abort());
    await browse(page);
    await page.getByText('Files are no longer read: The server does not respond.').waitFor();
    await page.keyboard.press('Escape');
    await page.route('**/darkroom/models', (route) => route.abort());
    await page.getByRole('button', { name: 'Models', exact: true }).click();
    await page.getByRole('alert').getByText('The server does not respond.').waitFor();
  });
});
