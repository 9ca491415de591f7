// Input pictures on the built-in page in a browser: choosing and uploading them, and drawing masks,
// with the mouse, fingers and the keyboard.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BrowserContextOptions, Page } from 'playwright-core';
import sharp from 'sharp';
import { beforeAll, expect, it, onTestFinished } from 'vitest';
import { violations } from './support/browser.ts';
import { describePage, openExample } from './support/page.ts';
import { testServer } from './support/server.ts';

const HOSTILE = '<img src=x onerror="alert(1)">&amp;.png';
const PHONE = { viewport: { width: 390, height: 800 }, hasTouch: true, isMobile: true };

const raw = (path: string | Buffer) => sharp(path).ensureAlpha().raw().toBuffer();
const every = (bytes: Buffer, first: number, step = 4): number[] =>
  [...bytes].filter((_, i) => i % step === first);

describePage('input pictures', ({ test, open: openPage }) => {
  beforeAll(async () => {
    const photo = sharp({ create: { width: 64, height: 32, channels: 3, background: 'teal' } });
    await photo.clone().png().toFile(inFolder(HOSTILE));
    await photo.withMetadata({ orientation: 6 }).jpeg().toFile(inFolder('turned.jpg'));
  });
  const inFolder = (name: string): string => join(test().folders.input, name);

  const openInpaint = async (page: Page) => {
    await openExample(page, 'Inpaint');
    await page.locator('.thumbnail img').waitFor();
  };
  const open = async (options: BrowserContextOptions = {}) => {
    const watched = await openPage(options);
    await openInpaint(watched.page);
    return watched;
  };
  const value = (page: Page) => page.locator('.field.picture select').inputValue();
  const select = (page: Page, name: string) =>
    page.locator('.field.picture select').selectOption(name);
  /** Chooses a picture by its thumbnail. */
  const choose = async (page: Page, name: string) => {
    await page.locator('.thumbnail').click();
    await page.getByRole('dialog').getByTitle(name, { exact: true }).click();
    await expect.poll(() => value(page)).toBe(name);
  };
  const openEditor = async (page: Page) => {
    await page.getByRole('button', { name: 'Draw a mask' }).click();
    await page.getByRole('dialog', { name: /^Mask of/ }).waitFor();
  };
  /** Draws a line from the middle of the picture. */
  const drag = async (page: Page, dx: number, dy: number, button: 'left' | 'right' = 'left') => {
    const box = (await page.locator('.mask-surface').boundingBox())!;
    const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
    await page.mouse.move(x, y);
    await page.mouse.down({ button });
    await page.mouse.move(x + dx, y + dy, { steps: 4 });
    await page.mouse.up({ button });
  };
  const tool = (page: Page, name: string) =>
    page.getByRole('dialog').getByRole('button', { name, exact: true });
  /** The mask as drawn: how many pixels are masked by more than a half. */
  const masked = (page: Page): Promise<number> =>
    page.evaluate(`(() => {
      const canvas = document.querySelector('.mask-stage canvas');
      const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
      return data.filter((value, i) => i % 4 === 3 && value > 127).length;
    })()`);
  const save = async (page: Page): Promise<string> => {
    await tool(page, 'Save mask').click();
    await page.locator('.mask-editor').waitFor({ state: 'detached' });
    const saved = await value(page);
    expect(saved).toMatch(/^clipspace\/clipspace-mask-\d+\.png \[input\]$/);
    return inFolder(saved.replace(' [input]', ''));
  };

  it('are inpainted with a drawn mask as with the same mask of a request', async () => {
    const { page, errors } = await open();
    await choose(page, 'sketch.png');
    await openEditor(page);
    await drag(page, 60, 40);
    const [original, result] = [await raw(inFolder('sketch.png')), await raw(await save(page))];
    for (const channel of [0, 1, 2])
      expect(every(result, channel)).toEqual(every(original, channel));
    const alpha = every(result, 3);
    expect(alpha).toContain(0);
    expect(alpha).toContain(255);

    await page.getByRole('button', { name: 'Run', exact: true }).click();
    await page.locator('#stage img[alt^="Picture made"]').waitFor();
    expect(errors).toEqual([]);

    const size = { width: 128, height: 128 };
    const levels = Buffer.from(alpha.flatMap((level) => [0, 0, 0, level]));
    const form = new FormData();
    const mask = await sharp(levels, { raw: { ...size, channels: 4 } })
      .png()
      .toBuffer();
    form.append('image', new Blob([new Uint8Array(mask)]), 'mask.png');
    form.append('original_ref', JSON.stringify({ filename: 'sketch.png', type: 'input' }));
    const upload = new URL('/upload/mask', page.url());
    const response = await fetch(upload, { method: 'POST', body: form });
    const { name } = (await response.json()) as { name: string };
    const prompt = JSON.parse(readFileSync('examples/inpaint.json', 'utf8'));
    prompt['2'].inputs.image = name;
    await test().post('/prompt', { prompt });
    const made = (count: number): string =>
      join(test().folders.output, `inpaint_0000${count}_.png`);
    await expect.poll(() => raw(made(2)).catch(() => undefined)).toEqual(await raw(made(1)));
  });

  it('keep a mask that they have, and the colours below it', async () => {
    const { page } = await open();
    await openEditor(page);
    const original = await raw(inFolder('frame.png'));
    expect(await masked(page)).toBe(every(original, 3).filter((level) => level < 128).length);
    expect(await tool(page, 'Undo').isDisabled()).toBe(true);
    const unchanged = await save(page);
    expect(await raw(unchanged)).toEqual(original);

    // every level of alpha, and colours where nothing is seen
    const ramp = Buffer.from([...Array(256).keys()].flatMap((i) => [i, 255 - i, 90, i]));
    await sharp(ramp, { raw: { width: 16, height: 16, channels: 4 } }).toFile(inFolder('ramp.png'));
    await choose(page, 'ramp.png');
    await openEditor(page);
    expect(await raw(await save(page))).toEqual(ramp);
    await select(page, unchanged.slice(test().folders.input.length + 1).concat(' [input]'));

    // the saved picture is edited again
    await openEditor(page);
    await page.keyboard.press('i');
    const inverted = await raw(await save(page));
    expect(every(inverted, 3)).toEqual(every(original, 3).map((level) => 255 - level));
    expect(every(inverted, 1)).toEqual(every(original, 1));
    // a reader finds it, also when the workflow is opened again
    const prompt = JSON.parse(readFileSync('examples/inpaint.json', 'utf8'));
    prompt['2'].inputs.image = await value(page);
    const { form } = (await test().post('/darkroom/read', prompt)).json();
    expect(form.missing).toEqual([]);
  });

  it('are drawn on with brush and eraser, undone, redone, cleared and inverted', async () => {
    const { page } = await open();
    await select(page, 'sketch.png');
    await openEditor(page);
    await drag(page, 60, 0);
    const one = await masked(page);
    expect(one).toBeGreaterThan(200);
    await page.keyboard.press(']');
    await drag(page, 0, 60);
    const two = await masked(page);
    await drag(page, 30, 0, 'right');
    expect(await masked(page)).toBeLessThan(two);
    await page.keyboard.press('ControlOrMeta+z');
    expect(await masked(page)).toBe(two);
    await tool(page, 'Undo').click();
    expect(await masked(page)).toBe(one);
    await page.keyboard.press('ControlOrMeta+Shift+Z');
    expect(await masked(page)).toBe(two);
    await tool(page, 'Invert').click();
    expect(await masked(page)).toBe(128 * 128 - two);
    await tool(page, 'Clear').click();
    expect(await masked(page)).toBe(0);
    await page.keyboard.press('ControlOrMeta+y');
    await page.keyboard.press('ControlOrMeta+z');
    await page.keyboard.press('e');
    await drag(page, -500, 0);
    expect(await tool(page, 'Eraser').getAttribute('aria-pressed')).toBe('true');
    expect(await masked(page)).toBeLessThan(128 * 128 - two);
  });

  it('are drawn on by keyboard, and not left without a question', async () => {
    const { page } = await open();
    await select(page, 'sketch.png');
    await openEditor(page);
    await page.keyboard.press(' ');
    const dot = await masked(page);
    expect(dot).toBeGreaterThan(50);
    await page.keyboard.press('ArrowLeft');
    expect(await masked(page)).toBe(dot);
    await page.keyboard.press('Shift+ArrowLeft');
    expect(await masked(page)).toBeGreaterThan(dot);
    const question = page.getByText('The mask is not saved.');
    await page.keyboard.press('Escape');
    await question.waitFor();
    await tool(page, 'Keep drawing').click();
    await question.waitFor({ state: 'hidden' });
    // it goes on
    const kept = await masked(page);
    await page.keyboard.press('Shift+ArrowLeft');
    expect(await masked(page)).toBeGreaterThan(kept);
    await page.keyboard.press('Escape');
    await question.waitFor();
    await tool(page, 'Discard it').click();
    await page.locator('.mask-editor').waitFor({ state: 'detached' });
    expect(await value(page)).toBe('sketch.png');
  });

  it('are drawn on with one finger, and moved and zoomed with two', async () => {
    const { page } = await open(PHONE);
    await select(page, 'sketch.png');
    await openEditor(page);
    const box = (await page.locator('.mask-surface').boundingBox())!;
    const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
    const client = await page.context().newCDPSession(page);
    const touch = (type: 'touchStart' | 'touchMove' | 'touchEnd', ...points: [number, number][]) =>
      client.send('Input.dispatchTouchEvent', {
        type,
        touchPoints: points.map(([dx, dy], id) => ({ x: x + dx, y: y + dy, id })),
      });
    await touch('touchStart', [0, 0]);
    await touch('touchMove', [40, 20]);
    await touch('touchEnd');
    const drawn = await masked(page);
    expect(drawn).toBeGreaterThan(100);
    const scale = (): Promise<number> =>
      page.evaluate(
        `new DOMMatrix(getComputedStyle(document.querySelector('.mask-stage')).transform).a`,
      );
    const before = await scale();
    await touch('touchStart', [-20, 0]);
    await touch('touchMove', [-22, 0]);
    await touch('touchStart', [-22, 0], [20, 0]);
    await touch('touchMove', [-40, 0], [40, 0]);
    await touch('touchMove', [-60, 0], [60, 0]);
    await touch('touchEnd');
    expect(await scale()).toBeGreaterThan(before * 2);
    expect(await masked(page)).toBe(drawn);
    expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
  });

  it.each([
    ['dark', 1280],
    ['light', 1280],
    ['light', 390],
  ] as const)('have nothing that axe-core objects to: %s, %i px', async (colorScheme, width) => {
    const { page } = await open({ colorScheme, viewport: { width, height: 800 } });
    await page.locator('.thumbnail').click();
    await page.getByRole('dialog').waitFor();
    expect(await violations(page)).toEqual([]);
    await page.keyboard.press('Escape');
    await openEditor(page);
    await page.keyboard.press('i');
    expect(await violations(page)).toEqual([]);
    await page.keyboard.press('Escape');
    await page.getByText('The mask is not saved.').waitFor();
    expect(await violations(page)).toEqual([]);
  });

  it('have masks of their own size, also when those are shown smaller', async () => {
    const create = { width: 3000, height: 2000, channels: 3, background: 'teal' } as const;
    await sharp({ create }).png().toFile(inFolder('wide.png'));
    const { page } = await open();
    await choose(page, 'wide.png');
    await openEditor(page);
    await drag(page, 1, 0);
    // undo and redo draw it anew from what is kept
    for (const key of ['z', 'y']) await page.keyboard.press(`ControlOrMeta+${key}`);
    const { data, info } = await sharp(await save(page))
      .extractChannel(3)
      .raw()
      .toBuffer({ resolveWithObject: true });
    expect(info).toMatchObject({ width: 3000, height: 2000 });
    const at = (x: number, y: number): number => data[y * 3000 + x];
    // the brush is 240 pixels wide at first, 12 % of the shorter side
    for (const [dx, dy] of [
      [0, 0],
      [100, 0],
      [0, -110],
      [-100, 0],
    ])
      expect(at(1500 + dx, 1000 + dy)).toBe(0);
    for (const [dx, dy] of [
      [140, 0],
      [0, 130],
      [-130, 0],
      [-1500, -1000],
    ])
      expect(at(1500 + dx, 1000 + dy)).toBe(255);
  });

  it('are turned as their EXIF says', async () => {
    const { page } = await open();
    await select(page, 'turned.jpg');
    await openEditor(page);
    await drag(page, 5, 5);
    const { width, height } = await sharp(await save(page)).metadata();
    expect({ width, height }).toEqual({ width: 32, height: 64 });
  });

  it('are uploaded by a button, a drop and a paste', async () => {
    const { page, errors } = await open();
    const picture = await raw(inFolder('sketch.png'));
    const png = await sharp(picture, { raw: { width: 128, height: 128, channels: 4 } })
      .negate({ alpha: false })
      .png()
      .toBuffer();
    const chooser = page.waitForEvent('filechooser');
    await page.locator('.picture-tools').getByText('Upload').click();
    await (await chooser).setFiles({ name: 'by button.png', mimeType: 'image/png', buffer: png });
    await expect.poll(() => value(page)).toBe('by button.png');
    for (const [type, name] of [
      ['drop', 'dropped'],
      ['paste', 'pasted'],
    ]) {
      await page.evaluate(givenFile(png, type, `${name}.png`));
      // the same picture under another name
      await expect.poll(() => value(page)).toBe(`${name}.png`);
    }
    expect(await page.locator('#form .file').textContent()).toBe('Inpaint');
    await page.locator('.thumbnail').click();
    await page.getByRole('dialog').getByText('dropped.png').waitFor();
    await page.getByRole('searchbox').fill('DROP png');
    await page.getByText(/^1 of \d+ pictures$/).waitFor();
    expect(errors).toEqual([]);
  });

  it('may have names with HTML', async () => {
    const { page, errors } = await open();
    await choose(page, HOSTILE);
    await openEditor(page);
    await page.getByRole('heading', { name: `Mask of ${HOSTILE}` }).waitFor();
    await drag(page, 5, 5);
    await save(page);
    expect(errors).toEqual([]);
  });

  it('may be missing, too large to draw on, or no pictures', async () => {
    const create = { width: 13_000, height: 13_000, channels: 3, background: 'black' } as const;
    await sharp({ create }).png({ compressionLevel: 9 }).toFile(inFolder('huge.png'));
    writeFileSync(inFolder('text.png'), 'not a picture');
    const { page } = await open();
    await choose(page, 'huge.png');
    // its thumbnail is made all the same
    await expect
      .poll(() => page.evaluate(`document.querySelector('.thumbnail img').naturalWidth`))
      .toBe(256);
    await page.getByRole('button', { name: 'Draw a mask' }).click();
    await page.getByText('huge.png is too large to draw on: 13000 × 13000 pixels.').waitFor();
    await page.getByText('Make it smaller first, to at most 8192 × 8192.').waitFor();
    await choose(page, 'text.png');
    await page.locator('.thumbnail').getByText('No preview').waitFor();
    await page.getByRole('button', { name: 'Draw a mask' }).click();
    await page.getByText("text.png can't be shown.").waitFor();
  });

  it('keep what was drawn when the server refuses it', async () => {
    const { page } = await open();
    await openEditor(page);
    await drag(page, 20, 20);
    await page.route('**/upload/mask', (route) => route.fulfill({ status: 400 }));
    await tool(page, 'Save mask').click();
    await page.getByText('The mask was not saved. The server responded with status 400.').waitFor();
    await page.unroute('**/upload/mask');
    await save(page);
  });

  it('are read and saved by a server with a token', async () => {
    const secured = await testServer({ builtIn: true, token: 'secret' });
    onTestFinished(() => secured.close());
    const url = await secured.listen();
    const { page } = await open();
    await page.goto(`${url}/?token=secret`);
    await openInpaint(page);
    await openEditor(page);
    await drag(page, 20, 20);
    await tool(page, 'Save mask').click();
    await expect.poll(() => value(page)).toMatch(/^clipspace\//);
  });
});

/** A script that gives a PNG file to the field with an event. */
const givenFile = (png: Buffer, type: string, name: string): string => `(() => {
  const element = document.querySelector('.thumbnail');
  const bytes = Uint8Array.from(atob('${png.toString('base64')}'), (c) => c.charCodeAt(0));
  const data = new DataTransfer();
  data.items.add(new File([bytes], '${name}', { type: 'image/png' }));
  const options = { bubbles: true, cancelable: true };
  element.dispatchEvent(
    '${type}' === 'drop'
      ? new DragEvent('drop', { ...options, dataTransfer: data })
      : new ClipboardEvent('paste', { ...options, clipboardData: data }),
  );
})()`;
