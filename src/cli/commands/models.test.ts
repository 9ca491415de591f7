// darkroom models: the report on every kind of model file, and on files that are not models.
import {
  copyFileSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { dict, pickle, text } from '../../../test/support/files/pickle.ts';
import { zipOf } from '../../../test/support/files/zip.ts';
import { fixtureModel } from '../../../test/support/golden.ts';
import { writeSafetensors } from '../../formats/safetensors/safetensors-write.ts';
import { loadCheckpoint } from '../../models/checkpoint/load.ts';
import { createRuntime } from '../../runtime/runtime.ts';
import { main } from '../cli.ts';

const root = mkdtempSync(join(tmpdir(), 'darkroom-models-'));
const models = join(root, 'models');
const put = (name: string, bytes: Uint8Array | string): string => {
  const file = join(models, name);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, bytes);
  return file;
};
const F32 = (shape: readonly number[]) => ({
  dtype: 'F32' as const,
  shape,
  data: new Float32Array(shape.reduce((n, d) => n * d, 1)),
});
const GOOD: Readonly<Record<string, string>> = {
  'checkpoints/sd1.safetensors': 'tiny_sd1',
  'checkpoints/xl.safetensors': 'tiny_sdxl_base',
  'checkpoints/refiner.safetensors': 'tiny_sdxl_refiner',
  'diffusion_models/z.safetensors': 'tiny_z_image',
  'diffusion_models/schnell.safetensors': 'tiny_flux_schnell_diffusers',
  'text_encoders/t5.safetensors': 'tiny_t5xxl',
  'text_encoders/qwen.safetensors': 'tiny_qwen3_4b',
  'loras/xl.safetensors': 'tiny_lora_sdxl',
  'controlnet/xl.safetensors': 'tiny_controlnet_sdxl',
  'vae/kl.safetensors': 'tiny_vae',
  'vae/ae.safetensors': 'tiny_ae',
  'diffusion_models/qwen.safetensors': 'tiny_qwen_image',
  'diffusion_models/krea.safetensors': 'tiny_krea2',
  'diffusion_models/anima.safetensors': 'tiny_anima',
  'text_encoders/qwen-vl.safetensors': 'tiny_qwen25_vl_7b',
  'vae/qwen.safetensors': 'tiny_wan21_vae',
  'vae_approx/taesdxl_decoder.safetensors': 'taesdxl_decoder',
  'upscale_models/x4.safetensors': 'tiny_realesrgan_x4_new',
  'upscale_models/old.safetensors': 'tiny_esrgan_x2_old',
  'upscale_models/small.safetensors': 'tiny_srvgg_x2',
  'embeddings/ti.safetensors': 'tinyti',
};
/** Files in checkpoints that are not models, each with the end of the message about it. */
const WRONG: Readonly<Record<string, RegExp>> = {
  'page.safetensors': / is a web page \(HTML\), not a model$/,
  'pointer.safetensors': / is a Git LFS pointer, not the model that it points to$/,
  'cut.safetensors':
    / is not a valid \.safetensors file: its tensors need \d+ bytes, but the file has \d+$/,
  'bomb.ckpt': / is a zip bomb: m\/data\/0 is said to unpack from \d+ to 2147483648 bytes$/,
  'evil.ckpt': / imports os\.system, which is not allowed in a model file$/,
  'video.safetensors': /video\.safetensors is a Wan model \(video\), which is not supported$/,
  'hunyuan.safetensors': /hunyuan\.safetensors is a Hunyuan-DiT model, which is not supported$/,
  'wan-vae.safetensors':
    /wan-vae\.safetensors is the VAE of Wan 2\.2 \(video\), which is not supported$/,
  'nothing.safetensors':
    /nothing\.safetensors is not a known model: its tensors \(a …\) match no supported kind$/,
};

beforeAll(async () => {
  vi.stubEnv('DARKROOM_CACHE', join(root, 'cache'));
  for (const [name, fixture] of Object.entries(GOOD)) {
    mkdirSync(dirname(join(models, name)), { recursive: true });
    copyFileSync(fixtureModel(fixture), join(models, name));
  }
  copyFileSync(
    fileURLToPath(new URL('../../../test/fixtures/torch/inversion.pt', import.meta.url)),
    join(models, 'embeddings/old.pt'),
  );
  linkSync(join(models, 'loras/xl.safetensors'), join(models, 'checkpoints/lora.safetensors'));
  put('checkpoints/page.safetensors', '<!DOCTYPE html>\n<html><body>Log in</body></html>');
  put(
    'checkpoints/pointer.safetensors',
    'version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 4265380512\n',
  );
  const whole = readFileSync(fixtureModel('tiny_sd1'));
  put('checkpoints/cut.safetensors', whole.subarray(0, whole.length - 1000));
  const evil = pickle(
    Buffer.from('cos\nsystem\n'),
    Buffer.from('('),
    text('true'),
    Buffer.from('tR'),
  );
  put('checkpoints/evil.ckpt', zipOf([{ name: 'm/data.pkl', data: evil }]));
  const claim = {
    name: 'm/data/0',
    data: Buffer.alloc(2000),
    deflate: true,
    directory: { size: 2 ** 31 },
  };
  put('checkpoints/bomb.ckpt', zipOf([{ name: 'm/data.pkl', data: pickle(dict()) }, claim]));
  await writeSafetensors(put('checkpoints/video.safetensors', ''), {
    'head.modulation': F32([1, 2, 4]),
  });
  await writeSafetensors(put('checkpoints/hunyuan.safetensors', ''), {
    'mlp_t5.0.weight': F32([4, 4]),
  });
  await writeSafetensors(put('checkpoints/wan-vae.safetensors', ''), {
    'decoder.middle.0.residual.0.gamma': F32([4, 1, 1, 1]),
    'decoder.upsamples.0.upsamples.0.residual.2.weight': F32([4, 4, 3, 3, 3]),
  });
  await writeSafetensors(put('checkpoints/nothing.safetensors', ''), { a: F32([2, 2, 2]) });
});
afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(root, { recursive: true });
});

async function run(...args: string[]): Promise<{ code: number; out: string[]; err: string }> {
  const [out, err]: [string[], string[]] = [[], []];
  const terminal = {
    out: (line: string) => void out.push(line),
    err: (text: string) => void err.push(text),
    interactive: false,
    columns: () => 80,
    now: () => 0,
  };
  return { code: await main(['models', ...args], terminal), out, err: err.join('') };
}
const inspect = async (name: string) =>
  JSON.parse((await run('inspect', join(models, name), '--json', '--no-hash')).out[0]);

describe('darkroom models inspect', () => {
  it('shows the kind and the architecture of every kind of file', async () => {
    const kinds: Record<string, string> = {};
    for (const name of [...Object.keys(GOOD), 'embeddings/old.pt']) {
      const { kind, architecture } = await inspect(name);
      kinds[name] = `${kind}: ${architecture}`;
    }
    expect(kinds).toEqual({
      'checkpoints/sd1.safetensors': 'checkpoint: SD1.x, predicts noise',
      'checkpoints/xl.safetensors': 'checkpoint: SDXL, predicts noise',
      'checkpoints/refiner.safetensors': 'checkpoint: SDXL refiner, predicts noise',
      'diffusion_models/z.safetensors': 'diffusion model: Z-Image, predicts flow',
      'diffusion_models/schnell.safetensors':
        'diffusion model: FLUX.1 schnell, predicts flow, diffusers layout',
      'text_encoders/t5.safetensors': 'text encoder: T5-XXL',
      'text_encoders/qwen.safetensors': 'text encoder: Qwen3 4B',
      'loras/xl.safetensors': expect.stringMatching(
        /^LoRA: .*LoRA of rank \d+, \d+ layers, for UNet/,
      ),
      'controlnet/xl.safetensors': expect.stringMatching(/^ControlNet: /),
      'vae/kl.safetensors': 'VAE: KL',
      'vae/ae.safetensors': 'VAE: KL, SD3 or FLUX.1 (16 channels)',
      'diffusion_models/qwen.safetensors': 'diffusion model: Qwen-Image, predicts flow',
      'diffusion_models/krea.safetensors': 'diffusion model: Krea 2, predicts flow',
      'diffusion_models/anima.safetensors': 'diffusion model: Anima, predicts flow',
      'text_encoders/qwen-vl.safetensors': 'text encoder: Qwen2.5-VL 7B',
      'vae/qwen.safetensors': 'VAE: Wan 2.1 and Qwen-Image',
      'vae_approx/taesdxl_decoder.safetensors': 'VAE: TAESD, the decoder',
      'upscale_models/x4.safetensors': expect.stringMatching(/^upscale model: .*, x4$/),
      'upscale_models/old.safetensors': expect.stringMatching(/^upscale model: .*, x2$/),
      'upscale_models/small.safetensors': expect.stringMatching(/^upscale model: .*, x2$/),
      'embeddings/ti.safetensors': expect.stringMatching(/^textual inversion: .*\d+ vectors$/),
      'embeddings/old.pt': expect.stringMatching(/^textual inversion: .*\d+ vectors$/),
    });
  });

  it('shows detectors, SAM models and hypernetworks', async () => {
    const golden = (path: string): Buffer =>
      readFileSync(new URL(`../../../test/golden/${path}`, import.meta.url));
    put('ultralytics/segm/eleven.pt', gunzipSync(golden('ultralytics/v11-segment.pt.gz')));
    put('ultralytics/bbox/eight.pt', gunzipSync(golden('ultralytics/v8-detect.pt.gz')));
    put('sams/sam.safetensors', gunzipSync(golden('sam/tiny_sam.safetensors.gz')));
    put('hypernetworks/plain.pt', golden('hypernetwork/plain.pt'));
    const summaryOf = async (name: string) => {
      const { kind, architecture, parts } = await inspect(name);
      return { kind, architecture, parts: parts.map((part: { name: string }) => part.name) };
    };
    expect(await summaryOf('ultralytics/segm/eleven.pt')).toEqual({
      kind: 'detector',
      architecture: 'YOLO, boxes and masks',
      parts: ['yolo'],
    });
    expect(await summaryOf('ultralytics/bbox/eight.pt')).toEqual({
      kind: 'detector',
      architecture: 'YOLO, boxes',
      parts: ['yolo'],
    });
    expect(await summaryOf('sams/sam.safetensors')).toEqual({
      kind: 'SAM model',
      architecture: 'Segment Anything',
      parts: ['sam encoder', 'sam decoder'],
    });
    expect(await summaryOf('hypernetworks/plain.pt')).toEqual({
      kind: 'hypernetwork',
      architecture: expect.stringMatching(/^\d+.* wide, \w+$/),
      parts: [],
    });
  });

  it('counts parts, precision and memory', async () => {
    const found = await inspect('checkpoints/xl.safetensors');
    expect(found).toMatchObject({
      format: 'safetensors',
      size: readFileSync(join(models, 'checkpoints/xl.safetensors')).length,
    });
    expect(found.parts.map((part: { name: string }) => part.name)).toEqual([
      'unet',
      'clip_l',
      'clip_g',
      'vae encoder',
      'vae decoder',
    ]);
    expect(found.memory).toBe(
      found.parts.reduce((sum: number, part: { memory: number }) => sum + part.memory, 0),
    );
    expect(found.precisions[0].numbers).toBeGreaterThan(10_000);
    expect(found.loadPeak).toBeGreaterThan(
      Math.max(...found.parts.map((part: { memory: number }) => part.memory)),
    );
  });

  it('prints licence, title and hash; finds files by name', async () => {
    const file = put('loras/fox.safetensors', '');
    const metadata = {
      'modelspec.license': 'CC0-1.0',
      'modelspec.title': 'Red foxes',
      ss_steps: '100',
    };
    await writeSafetensors(
      file,
      { 'lora_unet_a.lora_down.weight': F32([4, 8]), 'lora_unet_a.lora_up.weight': F32([8, 4]) },
      metadata,
    );
    const { code, out } = await run('inspect', 'fox.safetensors', '--models', models);
    expect(code).toBe(0);
    expect(out).toContain('  licence:      CC0-1.0');
    expect(out).toContain('  modelspec.title: Red foxes');
    expect(out).toContain('  architecture: LoRA of rank 4, 1 layers, for UNet');
    expect(out.find((line) => line.includes('sha256'))).toMatch(/^ {2}sha256: {7}[0-9a-f]{64}$/);
    expect((await run('inspect', 'fxo.safetensors', '--models', models)).err).toContain(
      'fox.safetensors',
    );
  });

  it.each(Object.entries(WRONG))('%s is refused in one sentence', async (name, sentence) => {
    const { code, out, err } = await run('inspect', join(models, 'checkpoints', name));
    expect(code).toBe(1);
    expect(out).toEqual([]);
    const [message, hint] = err.split('\n');
    expect(message).toMatch(/^error: /);
    expect(message.slice('error: '.length)).toMatch(sentence);
    expect(message).toContain(name);
    expect(hint).toMatch(/^ hint: [A-Z].*\.$/);
  });

  it('names the families that run where a file is none of them', async () => {
    const { err } = await run('inspect', join(models, 'checkpoints/nothing.safetensors'));
    expect(err).toContain(
      'Darkroom runs models of SD1.x, SD2.x, SDXL, SDXL refiner, Stable Diffusion 3, FLUX.1, ' +
        'FLUX.1 schnell, FLUX.2, LongCat-Image, Chroma, Lumina 2, Z-Image, Qwen-Image, ' +
        'Qwen-Image 2.1, AuraFlow, Krea 2, Anima and HiDream-I1 (checkpoints and their parts, ' +
        'LoRAs, ControlNets, textual inversions), upscalers and detectors.',
    );
  });
});

it('darkroom models list prints every file with its kind, or with an error, and fails', async () => {
  const { code, out, err } = await run('list', '--models', models);
  expect(code).toBe(1);
  for (const name of Object.keys(GOOD))
    expect(out.filter((line) => line.includes(`${name}: `))).toHaveLength(1);
  expect(out.find((line) => line.includes('checkpoints/lora.safetensors'))).toMatch(
    /: LoRA, .*; it belongs in the folder 'loras'$/,
  );
  for (const [name, sentence] of Object.entries(WRONG))
    expect(out.find((line) => line.includes(`checkpoints/${name}: `))).toMatch(sentence);
  expect(err).toMatch(
    new RegExp(`^${Object.keys(WRONG).length + 1} of \\d+ files can't be used\n$`),
  );
  const listed = JSON.parse((await run('list', '--models', models, '--json')).out[0]);
  expect(listed).toContainEqual(
    expect.objectContaining({ folder: 'checkpoints', name: 'sd1.safetensors', kind: 'checkpoint' }),
  );
  expect(listed).toContainEqual(
    expect.objectContaining({ name: 'lora.safetensors', belongsIn: 'loras' }),
  );
  expect(listed).toContainEqual(
    expect.objectContaining({
      name: 'bomb.ckpt',
      error: expect.objectContaining({ code: 'DR_MODEL_INVALID' }),
    }),
  );
});

it('darkroom models list says size and architecture of what comes with Darkroom', async () => {
  const { code, out } = await run('list', '--models', join(models, 'vae'));
  expect(code).toBe(0);
  expect(out).not.toEqual([]);
  for (const line of out)
    expect(line).toMatch(/^ *\d+(\.\d)? [kMG]B {2}.*: \w.*, .* \(comes with Darkroom\)$/);
});

it('wrong files among the checkpoints are refused by the loader with file and kind', async () => {
  const runtime = createRuntime({ threads: 1 });
  const messageFor = async (name: string) =>
    ((await loadCheckpoint(join(models, 'checkpoints', name), runtime).catch((e) => e)) as Error)
      .message;
  expect(await messageFor('lora.safetensors')).toBe(
    'lora.safetensors is not a checkpoint but a LoRA',
  );
  expect(await messageFor('video.safetensors')).toBe(
    'video.safetensors is not a checkpoint but a Wan model (video)',
  );
  for (const name of [
    'page.safetensors',
    'pointer.safetensors',
    'cut.safetensors',
    'bomb.ckpt',
    'evil.ckpt',
  ])
    expect(await messageFor(name)).toMatch(WRONG[name]);
  expect(await messageFor('nothing.safetensors')).toBe(
    'nothing.safetensors is not a checkpoint: its tensors (a …) match no supported kind',
  );
});

it('unknown actions are rejected', async () => {
  expect(await run('inspect')).toMatchObject({ code: 2 });
  expect(await run('lst')).toMatchObject({ code: 2 });
});
