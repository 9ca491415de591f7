// A session with a workflow: run it in series, convert it to a program and run that, verify its
// images.
import { spawn } from 'node:child_process';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseJson } from '../src/formats/parse-json.ts';
import { readChunks, readPngText } from '../src/image/codec/png.ts';
import { FROM_SOURCE } from './support/from-source.ts';
import { fixtureModel } from './support/golden.ts';

const here = dirname(fileURLToPath(import.meta.url));
const source = join(here, '..', 'src');
const dir = mkdtempSync(join(tmpdir(), 'darkroom-session-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const node = (class_type: string, inputs: Record<string, unknown>, title?: string) => ({
  class_type,
  inputs,
  ...(title && { _meta: { title } }),
});
const WORKFLOW = {
  '3': node('KSampler', {
    seed: 5,
    steps: 2,
    cfg: 7,
    sampler_name: 'euler',
    scheduler: 'normal',
    denoise: 1,
    model: ['4', 0],
    positive: ['6', 0],
    negative: ['7', 0],
    latent_image: ['5', 0],
  }),
  '4': node('CheckpointLoaderSimple', { ckpt_name: 'tiny_sd1.safetensors' }),
  '5': node('EmptyLatentImage', { width: 64, height: 64, batch_size: 1 }),
  '6': node('CLIPTextEncode', { text: 'a grü̈n cat 🐈', clip: ['4', 1] }, 'Positive'),
  '7': node('CLIPTextEncode', { text: '', clip: ['4', 1] }),
  '8': node('VAEDecode', { samples: ['3', 0], vae: ['4', 2] }),
  '9': node('SaveImage', { filename_prefix: 'cat', images: ['8', 0] }),
};

beforeAll(() => {
  mkdirSync(join(dir, 'models', 'checkpoints'), { recursive: true });
  copyFileSync(
    fixtureModel('tiny_sd1'),
    join(dir, 'models', 'checkpoints', 'tiny_sd1.safetensors'),
  );
  writeFileSync(join(dir, 'workflow.json'), JSON.stringify(WORKFLOW));
  // the package as it is installed, but from source
  const library = join(dir, 'node_modules', 'darkroom-engine');
  mkdirSync(library, { recursive: true });
  const exports = { '.': './index.ts', './nodes': './nodes.ts' };
  writeFileSync(
    join(library, 'package.json'),
    JSON.stringify({ name: 'darkroom-engine', type: 'module', exports }),
  );
  writeFileSync(join(library, 'index.ts'), `export * from '${join(source, 'index.ts')}';`);
  writeFileSync(
    join(library, 'nodes.ts'),
    `export * from '${join(source, 'workflow', 'builder', 'nodes.generated.ts')}';`,
  );
});

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs a program from source in the folder of this test. */
function run(
  program: string,
  args: readonly string[] = [],
  onOutput?: (text: string, kill: () => void) => void,
): Promise<Ended> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [...FROM_SOURCE, program, ...args], {
      cwd: dir,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, NO_COLOR: '1' },
    });
    let out = '';
    let err = '';
    child.stdout.on('data', (data) => {
      out += data;
      onOutput?.(out, () => void child.kill('SIGINT'));
    });
    child.stderr.on('data', (data) => {
      err += data;
    });
    child.on('close', (code) => resolve({ code, out, err }));
  });
}
const darkroom = (...args: string[]): Promise<Ended> => run(join(source, 'cli', 'main.ts'), args);
const lines = (text: string) =>
  text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
const pixels = (file: string): Promise<Buffer> => sharp(join(dir, file)).raw().toBuffer();
const promptIn = (file: string): Record<string, { inputs: Record<string, unknown> }> =>
  JSON.parse(readPngText(readFileSync(join(dir, file)))['prompt']);

describe('darkroom run', () => {
  it('uses successive seeds with --batch, and numbers the runs in events', async () => {
    const { code, out } = await darkroom(
      'run',
      'workflow.json',
      '--batch',
      '3',
      '--output',
      'batch',
      '--size',
      '64x32',
      '--json',
      '--quiet',
    );
    expect(code).toBe(0);
    const events = lines(out);
    expect(events.filter((e) => e.type === 'done').map((e) => e.run)).toEqual([1, 2, 3]);
    expect(readdirSync(join(dir, 'batch'))).toEqual([
      'cat_00001_.png',
      'cat_00002_.png',
      'cat_00003_.png',
    ]);
    const seedOf = (i: number) => promptIn(`batch/cat_0000${i}_.png`)['3'].inputs['seed'];
    expect([1, 2, 3].map(seedOf)).toEqual([5, 6, 7]);
    expect(promptIn('batch/cat_00003_.png')['5'].inputs).toMatchObject({ width: 64, height: 32 });
  });

  it('runs the other lines of --csv when one fails', async () => {
    writeFileSync(
      join(dir, 'runs.csv'),
      'prompt,3.steps,9.filename_prefix\n"one, two",1,a\nthree,many,b\nfour,1,c\n',
    );
    const { code, out, err } = await darkroom(
      'run',
      'workflow.json',
      '--csv',
      'runs.csv',
      '--output',
      'csv',
    );
    expect(out).toBe('csv/a_00001_.png\ncsv/c_00001_.png\n');
    expect(err).toContain(
      '1 of 3 runs failed\nrun 2 (line 3):\n' +
        "error: 'steps' of KSampler (node 3) is 'many', but must be of type INT",
    );
    expect(code).toBe(1);
    expect(promptIn('csv/a_00001_.png')['6'].inputs['text']).toBe('one, two');
    const wrong = await darkroom('run', 'workflow.json', '--csv', 'workflow.json');
    expect(wrong.code).toBe(2);
    expect((await darkroom('run', 'workflow.json', '--csv', 'gone.csv')).err).toContain(
      'there is no file gone.csv',
    );
  });

  it('ends the series on Ctrl-C; finished images are complete', async () => {
    const args = ['run', 'workflow.json', '--batch', '200', '--output', 'stopped'];
    let sent = false;
    const { code, err } = await run(join(source, 'cli', 'main.ts'), args, (text, kill) => {
      if (!sent && text.includes('cat_00002_')) {
        sent = true;
        kill();
      }
    });
    expect(code).toBe(130);
    expect(err).toMatch(/stopped at run \d+ of 200/);
    for (const name of readdirSync(join(dir, 'stopped')))
      expect((await pixels(`stopped/${name}`)).length).toBe(64 * 64 * 3);
  });
});

it('darkroom convert --to ts: the program creates the same image as the file', async () => {
  expect((await darkroom('run', 'workflow.json', '--output', 'file')).code).toBe(0);
  expect((await darkroom('convert', 'workflow.json', '--to', 'ts', '-o', 'cat.mts')).code).toBe(0);
  const { code, out, err } = await run(join(dir, 'cat.mts'));
  expect({ code, err, out }).toEqual({
    code: 0,
    err: '',
    out: `${join(dir, 'output', 'cat_00001_.png')}\n`,
  });
  expect((await pixels('output/cat_00001_.png')).equals(await pixels('file/cat_00001_.png'))).toBe(
    true,
  );
  const wrong = await darkroom('convert', 'workflow.json', '--to', 'typescript');
  expect(wrong).toMatchObject({
    code: 2,
    err: expect.stringContaining("unknown form 'typescript'"),
  });
});

describe('darkroom verify', () => {
  const picture = 'verify/cat_00001_.png';
  beforeAll(async () => {
    await darkroom('run', 'workflow.json', '--output', 'verify');
  });

  it('exits with 0 for the same image, and leaves no files', async () => {
    const { code, out } = await darkroom('verify', picture, '--quiet');
    expect({ code, out }).toEqual({ code: 0, out: `${picture}: the same image\n` });
    expect(readdirSync(join(dir, 'verify'))).toEqual(['cat_00001_.png']);
  });

  it('exits with 1 and the difference for another image or another model file', async () => {
    const text = readPngText(readFileSync(join(dir, picture)));
    const { encodePng } = await import('../src/image/codec/png.ts');
    const bytes = new Uint8Array(await pixels(picture));
    bytes[0] ^= 3;
    writeFileSync(
      join(dir, 'other.png'),
      await encodePng({ width: 64, height: 64, channels: 3, bytes }, { text }),
    );
    const other = await darkroom('verify', 'other.png', '--quiet');
    expect(other.out).toMatch(
      /^other.png: not the same: less than 0.01 % of the values differ, by at most [13] of 255 levels\n$/,
    );
    expect(other.code).toBe(1);

    const models = join(dir, 'models2', 'checkpoints');
    mkdirSync(models, { recursive: true });
    const changed = readFileSync(fixtureModel('tiny_sd1'));
    changed[changed.length - 3] ^= 1;
    writeFileSync(join(models, 'tiny_sd1.safetensors'), changed);
    const { out } = await darkroom('verify', picture, '--models', 'models2', '--json', '--quiet');
    expect(lines(out)[0].notes).toEqual([
      'checkpoints/tiny_sd1.safetensors is not the file that the image was created with',
    ]);
  });

  it('reports files without a prompt, missing files and missing models', async () => {
    await sharp({ create: { width: 8, height: 8, channels: 3, background: 'red' } })
      .png()
      .toFile(join(dir, 'bare.png'));
    expect(await darkroom('verify', 'bare.png')).toMatchObject({
      code: 2,
      err: expect.stringContaining('bare.png contains no prompt'),
    });
    expect(await darkroom('verify', 'workflow.json')).toMatchObject({
      code: 2,
      err: expect.stringContaining('is not a PNG file'),
    });
    expect(await darkroom('verify', 'gone.png')).toMatchObject({
      code: 2,
      err: expect.stringContaining('there is no file gone.png'),
    });
    mkdirSync(join(dir, 'nothing'), { recursive: true });
    const { code, err } = await darkroom('verify', picture, '--models', 'nothing', '--quiet');
    expect({ code, err }).toEqual({
      code: 2,
      err: expect.stringContaining("model file 'tiny_sd1.safetensors'"),
    });
  });

  it('uses the darkroom chunk: versions, precision, the node, model files with hashes', () => {
    expect(parseJson(readPngText(readFileSync(join(dir, picture)))['darkroom'])).toMatchObject({
      provider: 'cpu',
      precision: 'fp32',
      text_encoders: 'fp16',
      node: '9',
      models: [
        {
          folder: 'checkpoints',
          name: 'tiny_sd1.safetensors',
          hash: expect.stringMatching(/^(sampled-)?sha256:[0-9a-f]{64}$/),
        },
      ],
    });
  });
});

/** The chunks of a PNG, each with its bytes. */
const chunks = (file: Buffer): { type: string; bytes: Buffer }[] =>
  [...readChunks(file)].map(({ type, start, end }) => ({ type, bytes: file.subarray(start, end) }));

it('an image has the text chunks of the ComfyUI image that was run, and then its own', async () => {
  // written by Pillow as ComfyUI's SaveImage does it
  const original = readFileSync(join(here, 'fixtures', 'comfyui.png'));
  writeFileSync(join(dir, 'comfyui.png'), original);
  expect((await darkroom('run', 'comfyui.png', '--output', 'real', '--quiet')).code).toBe(0);
  const ours = chunks(readFileSync(join(dir, 'real', 'real_00001_.png')));
  const theirs = chunks(original);
  expect(
    ours.map(({ type }) => type).filter((type, i, all) => type !== all[i - 1] || type === 'tEXt'),
  ).toEqual(['IHDR', 'tEXt', 'tEXt', 'tEXt', 'IDAT', 'IEND']);
  expect(theirs.slice(1, 3).map(({ type }) => type)).toEqual(['tEXt', 'tEXt']);
  for (const i of [1, 2])
    expect(ours[i].bytes.toString('latin1')).toBe(theirs[i].bytes.toString('latin1'));
  expect(ours[3].bytes.toString('latin1', 8, 17)).toBe('darkroom\0');
});
