// Grids of two settings on the built-in page.
import { readFileSync } from 'node:fs';
import sharp from 'sharp';
import { expect, it } from 'vitest';
import { violations } from './support/browser.ts';
import { describePage, ENDLESS, openTextToImage, waitForQueue } from './support/page.ts';

describePage('grids on the page', ({ test, open }) => {
  it('queues every value of one setting with every value of another, and saves a picture', async () => {
    const { page, errors, foreignRequests } = await open({});
    await openTextToImage(page);
    await page.getByText('Grid of two settings').click();
    const queue = page.getByRole('button', { name: 'Queue the grid' });
    await queue.click();
    await page.getByText('Choose a setting.', { exact: true }).waitFor();
    await page.getByLabel('X: setting').selectOption('Steps');
    await page.getByLabel('X: values').fill('2-3');
    await page.getByLabel('Y: setting').selectOption('Prompt');
    await page.getByLabel('Y: values').fill('owl, fox');
    await queue.click();
    await page.getByText('“owl” is not in the text.').waitFor();
    await page.getByLabel('Y: values').fill('panda, fox, <b>owl</b>');
    await page.getByLabel('Y: values').press('Enter');

    const grid = page.getByRole('table');
    await expect
      .poll(() => grid.locator('th').allTextContents())
      .toEqual(['2', '3', 'panda', 'fox', '<b>owl</b>']);
    await expect.poll(() => grid.locator('img').count()).toBe(6);
    await grid.getByRole('button', { name: 'Steps 3, Prompt fox' }).waitFor();
    expect(await violations(page)).toEqual([]);

    // each picture has the values of its row and column
    const history = Object.values((await test().get('/history')).json() as object);
    const values = history.map(({ prompt: [, , graph, extra] }) => [
      graph['5'].inputs.steps,
      graph['2'].inputs.text,
      graph['5'].inputs.seed,
      extra.darkroom.cell,
    ]);
    expect(values).toEqual([
      [2, 'panda, flat style, green background', 7, 'Steps 2 · Prompt panda'],
      [3, 'panda, flat style, green background', 7, 'Steps 3 · Prompt panda'],
      [2, 'fox, flat style, green background', 7, 'Steps 2 · Prompt fox'],
      [3, 'fox, flat style, green background', 7, 'Steps 3 · Prompt fox'],
      [2, '<b>owl</b>, flat style, green background', 7, 'Steps 2 · Prompt <b>owl</b>'],
      [3, '<b>owl</b>, flat style, green background', 7, 'Steps 3 · Prompt <b>owl</b>'],
    ]);

    await grid.getByRole('button', { name: 'Steps 3, Prompt fox' }).click();
    await page.getByRole('dialog').getByText('fox, flat style, green background').waitFor();
    await page.keyboard.press('Escape');
    const file = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Save as one picture' }).click();
    const saved = await file;
    expect(saved.suggestedFilename()).toBe('Text to image grid.png');
    const { width, height } = await sharp(readFileSync(await saved.path())).metadata();
    expect([width! > 2 * 128 + 80, height! > 3 * 128 + 30]).toEqual([true, true]);

    // it is still there after a reload, and goes when it is closed
    await page.reload();
    await expect.poll(() => grid.locator('img').count()).toBe(6);
    await page.locator('#grid').getByRole('button', { name: 'Close' }).click();
    await expect.poll(() => grid.count()).toBe(0);
    expect({ errors, foreignRequests }).toEqual({ errors: [], foreignRequests: [] });
  });

  it('says which jobs of a grid did not run, and fills in all options of a list', async () => {
    const { page } = await open({});
    await openTextToImage(page);
    await page.getByLabel('Steps', { exact: true }).fill(ENDLESS);
    await page.getByText('Grid of two settings').click();
    await page.getByLabel('X: setting').selectOption('KSampler: Scheduler');
    await page.locator('.grid-form').getByRole('button', { name: 'All' }).first().click();
    await expect
      .poll(() => page.getByLabel('X: values').inputValue())
      .toContain('simple, sgm_uniform, karras');
    await page.getByLabel('X: values').fill('karras, simple');
    await page.getByRole('button', { name: 'Queue the grid' }).click();
    await waitForQueue(page, 1);
    await page.getByText('Scheduler karras').first().waitFor();
    await page.getByRole('button', { name: /^Remove/ }).click();
    await waitForQueue(page, 0);
    await page.getByRole('button', { name: /^Cancel/ }).click();
    await expect
      .poll(() => page.locator('#grid td').allTextContents())
      .toEqual(['No picture', 'Not run']);
  });
});
