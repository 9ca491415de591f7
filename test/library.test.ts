// The library as a program uses it: how it ends, previews, and pictures as bytes without folders.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { afterAll, describe, expect, it } from 'vitest';
import { type Darkroom, type EngineEvent, openDarkroom } from '../src/index.ts';
import { FROM_SOURCE } from './support/from-source.ts';

const source = fileURLToPath(new URL('../src/', import.meta.url));
const example = join(source, '../examples/text-to-image.json');

const INVERT = {
  '1': { class_type: 'LoadImage', inputs: { image: 'photo.png' } },
  '2': { class_type: 'ImageInvert', inputs: { image: ['1', 0] } },
  '3': { class_type: 'SaveImage', inputs: { images: ['2', 0], filename_prefix: 'inverted' } },
};

const plain = (r: number, g: number, b: number): Promise<Buffer> =>
  sharp({ create: { width: 8, height: 8, channels: 3, background: { r, g, b } } })
    .png()
    .toBuffer();
const firstPixel = async (image: Buffer): Promise<number[]> => {
  const { data } = await sharp(image).raw().toBuffer({ resolveWithObject: true });
  return [...data.subarray(0, 3)];
};

describe('a Darkroom', () => {
  it('that is closed refuses runs, and `await using` closes it', async () => {
    let closed: Darkroom;
    {
      await using darkroom = await openDarkroom({ inMemory: true });
      closed = darkroom;
    }
    await expect(
      closed.run(INVERT, { files: { 'photo.png': await plain(1, 2, 3) } }),
    ).rejects.toThrow(
      expect.objectContaining({
        code: 'DR_BAD_USAGE',
        message: 'this Darkroom is closed',
        hint: expect.stringContaining('openDarkroom()'),
      }),
    );
    await closed.close();
  });

  it('does not keep a program running that has nothing to run', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'darkroom-library-'));
    const program = join(folder, 'program.mts');
    writeFileSync(join(folder, 'photo.png'), await plain(0, 0, 0));
    writeFileSync(
      program,
      `import { openDarkroom } from '${join(source, 'index.ts')}';
const darkroom = await openDarkroom({ input: '.' });
const { images } = await darkroom.run(${JSON.stringify(INVERT)});
console.log(images[0].path, darkroom.enginePid());
`,
    );
    const child = spawn(process.execPath, [...FROM_SOURCE, program], {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let out = '';
    child.stdout.on('data', (data) => {
      out += data;
    });
    const [code] = await once(child, 'close');
    expect(code).toBe(0);
    const [path, pid] = out.trim().split(' ');
    expect(existsSync(path)).toBe(true);
    // the engine ends with the program
    await expect.poll(() => isRunning(Number(pid))).toBe(false);
  });

  it('sends previews of a run that asks for them', async () => {
    await using darkroom = await openDarkroom({ inMemory: true });
    const types = async (previews?: boolean): Promise<Set<string>> => {
      const events: EngineEvent[] = [];
      const onEvent = (event: EngineEvent): void => void events.push(event);
      const seed = previews ? 1 : 2;
      await darkroom.run(example, { set: { steps: 3, seed }, previews, onEvent });
      return new Set(events.map(({ type }) => type));
    };
    expect(await types(true)).toContain('preview');
    expect(await types()).not.toContain('preview');
  });
});

describe('pictures as bytes', () => {
  const opened = openDarkroom({ inMemory: true });
  afterAll(async () => (await opened).close());

  it('go in by name and come out, also from runs at the same time', async () => {
    const darkroom = await opened;
    const results = await Promise.all(
      [await plain(255, 0, 0), await plain(0, 255, 10)].map(async (photo) => {
        const { images } = await darkroom.run(INVERT, { files: { 'photo.png': photo } });
        return firstPixel(images[0].toBuffer());
      }),
    );
    expect(results).toEqual([
      [0, 255, 255],
      [255, 0, 245],
    ]);
  });

  it('come out again when nothing has changed', async () => {
    const darkroom = await opened;
    const files = { 'photo.png': await plain(0, 0, 0) };
    for (const _ of [1, 2]) {
      const { images } = await darkroom.run(INVERT, { files });
      expect(await firstPixel(images[0].toBuffer())).toEqual([255, 255, 255]);
    }
  });

  it('leave no files behind', async () => {
    const darkroom = await openDarkroom({ inMemory: true });
    const files = { 'photo.png': await plain(9, 9, 9) };
    const { images } = await darkroom.run(INVERT, { files });
    const folder = dirname(dirname(images[0].path));
    expect(readdirSync(join(folder, 'input'))).toEqual([]);
    await darkroom.close();
    expect(existsSync(folder)).toBe(false);
    expect(images[0].toBuffer().subarray(1, 4).toString()).toBe('PNG');
  });

  it('need inMemory, its own folders, and names inside the input folder', async () => {
    const files = { '../photo.png': readFileSync(join(source, '../docs/images/inpaint.png')) };
    await expect((await opened).run(INVERT, { files })).rejects.toThrow(
      'is not the name of a file',
    );
    const other = await openDarkroom();
    await expect(other.run(INVERT, { files })).rejects.toThrow("needs option 'inMemory'");
    await expect(openDarkroom({ inMemory: true, output: 'o' })).rejects.toThrow(
      "options 'inMemory' and 'output' of openDarkroom exclude each other",
    );
  });
});

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
