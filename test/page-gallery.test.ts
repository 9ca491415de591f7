// The gallery of the built-in page: the examples with their pictures, each one click away.
import { readFileSync } from 'node:fs';
import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { TEMPLATES } from '../src/server/templates.ts';
import { violations } from './support/browser.ts';
import { describePage, SCREENS } from './support/page.ts';

/** The examples that need no other models than the package's. */
const OWN = TEMPLATES.filter(({ models }) => models === undefined);

describePage('the gallery', ({ test, open }) => {
  const gallery = (page: Page) => page.getByRole('dialog', { name: 'Gallery' });
  const hash = (page: Page) => page.evaluate('location.hash');

  for (const [screen, options] of SCREENS)
    it(`shows the examples, and opens one, on ${screen}`, async () => {
      const { page, errors, foreignRequests } = await open(options);
      await page.getByRole('link', { name: 'Gallery', exact: true }).click();
      await expect
        .poll(() => gallery(page).locator('li b').allTextContents())
        .toEqual(OWN.map(({ title }) => title));
      // every picture, as wide as it is
      await expect
        .poll(() =>
          page.evaluate(`[...document.querySelectorAll('.gallery img')].map(
            (image) => image.complete && image.naturalWidth)`),
        )
        .toEqual(OWN.map(({ name }) => readFileSync(`docs/images/${name}.png`).readUInt32BE(16)));
      expect(await violations(page)).toEqual([]);
      expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
      await gallery(page)
        .getByRole('button', { name: /^Upscaling in Tiles/ })
        .click();
      await expect.poll(() => page.locator('#form .file').textContent()).toBe('Tile upscale');
      await expect.poll(() => gallery(page).count()).toBe(0);
      await expect.poll(() => hash(page)).toBe('');
      expect({ errors, foreignRequests }).toEqual({ errors: [], foreignRequests: [] });
    });

  it('has an address, is left by Escape and by going back, and opens again', async () => {
    const { page, errors } = await open({});
    await page.goto(`${page.url()}#gallery`);
    await gallery(page).waitFor();
    await page.goBack();
    await expect.poll(() => gallery(page).count()).toBe(0);
    const link = page.getByRole('link', { name: 'Gallery', exact: true });
    for (let i = 0; i < 2; i++) {
      await link.focus();
      await page.keyboard.press('Enter');
      await gallery(page).waitFor();
      await page.keyboard.press('Escape');
      await expect.poll(() => gallery(page).count()).toBe(0);
      await expect.poll(() => hash(page)).toBe('');
    }
    await expect.poll(() => page.evaluate('document.activeElement.textContent')).toBe('Gallery');
    expect(errors).toEqual([]);
  });

  it('says so when the examples can’t be listed, and can be tried again', async () => {
    const { page } = await open({});
    await page.route('**/darkroom/gallery', (route) => route.abort(), { times: 1 });
    const link = page.getByRole('link', { name: 'Gallery', exact: true });
    await link.click();
    await page.getByRole('alert').getByText('The server does not respond.').waitFor();
    await link.click();
    await gallery(page).waitFor();
  });

  it('is what the server lists', async () => {
    const listed = (await test().get('/darkroom/gallery')).json();
    expect(listed.map(({ name }: { name: string }) => name)).toEqual(OWN.map(({ name }) => name));
    for (const { name, picture } of listed) {
      const response = await test().get(`/darkroom/gallery/${name}`);
      expect([picture, response.headers['content-type']], name).toEqual([true, 'image/png']);
    }
    for (const name of ['nothing', '..%2fgallery', 'gallery'])
      expect((await test().get(`/darkroom/gallery/${name}`)).statusCode).toBe(404);
  });
});
