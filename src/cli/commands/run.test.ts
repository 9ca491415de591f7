// darkroom run: several files, pictures under a given name, pictures on the terminal.
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it, vi } from 'vitest';
import { runMain } from '../../../test/support/memory-terminal.ts';
import { imageFormat, readImageTexts } from '../../image/codec/image-text.ts';

const root = mkdtempSync(join(tmpdir(), 'darkroom-run-'));
afterAll(() => rmSync(root, { recursive: true }));

const picture = (batch_size: number, save = 'SaveImage') => ({
  1: { class_type: 'EmptyImage', inputs: { width: 16, height: 8, batch_size, color: 255 } },
  2: {
    class_type: save,
    inputs: { images: ['1', 0], ...(save === 'SaveImage' && { filename_prefix: 'x' }) },
  },
});
const put = (name: string, workflow: object): string => {
  const file = join(root, name);
  writeFileSync(file, JSON.stringify(workflow));
  return file;
};
const one = put('one.json', picture(1));
const two = put('two.json', picture(2));
const run = (...args: string[]) => runMain(['run', ...args, '--temp', join(root, 'temp')]);

it.each([
  ['fox.png', 'PNG'],
  ['fox.webp', 'WebP'],
  ['fox.JPG', 'JPEG'],
])('--output %s is a %s file with the workflow inside', async (name, format) => {
  const path = join(root, name);
  const { code, out } = await run(one, '--output', path, '--quiet');
  expect({ code, out }).toEqual({ code: 0, out: [path] });
  const bytes = readFileSync(path);
  expect(imageFormat(bytes)).toBe(format);
  expect(JSON.parse(readImageTexts(bytes, name)['prompt'])).toEqual(picture(1));
  // the file can be run again
  expect((await runMain(['check', path])).out).toEqual([`${path}: runnable`]);
});

it('several pictures are numbered; files that fail do not stop the others', async () => {
  const folder = join(root, 'several');
  const broken = put('broken.json', { 1: { class_type: 'Nope', inputs: {} } });
  const { code, out, err } = await run(one, broken, two, '--output', join(folder, 'f.png'));
  expect(out).toEqual(['f-1.png', 'f-2.png', 'f-3.png'].map((name) => join(folder, name)));
  expect(readdirSync(folder).sort()).toEqual(['f-1.png', 'f-2.png', 'f-3.png']);
  expect(err).toContain(`run 2 of 3: ${broken}\n`);
  expect(err).toContain(`1 of 3 runs failed\nrun 2 (${broken}):\nerror: unknown node type 'Nope'`);
  expect(code).toBe(1);
});

it('--json prints where the files are; pictures that are only shown get the name too', async () => {
  const path = join(root, 'shown.webp');
  const shown = put('shown.json', picture(1, 'PreviewImage'));
  const { code, out } = await run(shown, '--output', path, '--json');
  const events = out.map((line) => JSON.parse(line));
  expect(events.at(-1)).toEqual({ type: 'done', files: [path] });
  expect(events.filter(({ type }) => type === 'done')).toHaveLength(1);
  expect(code).toBe(0);
});

it('a workflow without a picture is an error, and leaves nothing', async () => {
  const text = put('text.json', {
    1: { class_type: 'PrimitiveString', inputs: { value: 'fox' } },
    2: { class_type: 'PreviewAny', inputs: { source: ['1', 0] } },
  });
  const { code, err } = await run(text, '--output', join(root, 'none.png'), '--quiet');
  expect(err).toContain('the workflow made no picture for ');
  expect(code).toBe(2);
  expect(existsSync(join(root, 'none.png'))).toBe(false);
});

it('--show draws on a terminal that can, and is refused on others', async () => {
  const drawn = await runMain(
    [
      'run',
      one,
      '--output',
      join(root, 'd.png'),
      '--temp',
      join(root, 'temp'),
      '--show',
      '--quiet',
    ],
    { pictures: 'kitty' },
  );
  expect(drawn.out[1].startsWith('\u001b_Ga=T,f=100,m=0;iVBORw0KGgo')).toBe(true);
  const { code, err } = await run(one, '--show');
  expect(err).toContain('--show needs a terminal that draws pictures');
  expect(code).toBe(2);
});

it('--size says that it rounds', async () => {
  const latent = put('latent.json', {
    1: {
      class_type: 'CheckpointLoaderSimple',
      inputs: { ckpt_name: 'darkroom-tiny-base.safetensors' },
    },
    2: { class_type: 'CLIPTextEncode', inputs: { text: 'a', clip: ['1', 1] } },
    3: { class_type: 'EmptyLatentImage', inputs: { width: 64, height: 64, batch_size: 1 } },
    4: {
      class_type: 'KSampler',
      inputs: {
        ...{ seed: 1, steps: 1, cfg: 1, sampler_name: 'euler', scheduler: 'normal', denoise: 1 },
        ...{ model: ['1', 0], positive: ['2', 0], negative: ['2', 0], latent_image: ['3', 0] },
      },
    },
    5: { class_type: 'VAEDecode', inputs: { samples: ['4', 0], vae: ['1', 2] } },
    6: { class_type: 'SaveImage', inputs: { images: ['5', 0], filename_prefix: 'x' } },
  });
  const path = join(root, 'size.png');
  const { err, code } = await run(latent, '--size', '100x72', '--output', path);
  expect(err).toContain('warning: the size 100x72 is rounded to 96x72: sides are multiples of 8');
  expect(code).toBe(0);
  expect(readFileSync(path).readUInt32BE(16)).toBe(96);
});

it('says once, without a terminal too, that weights are prepared; --quiet does not', async () => {
  const example = join(import.meta.dirname, '..', '..', '..', 'examples', 'text-to-image.json');
  const stderr = async (cache: string, ...args: string[]): Promise<string> => {
    vi.stubEnv('DARKROOM_CACHE', join(root, cache));
    const small = ['--size', '64x64', '--steps', '1', '--precision', 'int8'];
    const { code, err } = await run(example, ...small, '--output', join(root, 'out'), ...args);
    expect(code).toBe(0);
    return err;
  };
  const note = /^darkroom-tiny-base\.safetensors: preparing weights once, .* in .*derived$/gm;
  expect((await stderr('first', '--batch', '2')).match(note)).toHaveLength(1);
  expect(await stderr('first')).not.toMatch(note);
  expect(await stderr('second', '--quiet')).toBe('');
  vi.unstubAllEnvs();
});
