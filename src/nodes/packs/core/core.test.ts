// The core nodes without goldens: their declarations, batches, files, missing parts, wrong shapes.
import { copyFileSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { fixtureModel } from '../../../../test/support/golden.ts';
import { fixtureFolders, runNode, testContext } from '../../../../test/support/run-node.ts';
import { openSafetensors } from '../../../formats/safetensors/safetensors.ts';
import { writeSafetensors } from '../../../formats/safetensors/safetensors-write.ts';
import { encodePng, readPngText } from '../../../image/codec/png.ts';
import type { Latent } from '../../../sampling/sampling-types.ts';
import { full, type Tensor, tensor, zeros } from '../../../tensor/tensor.ts';
import type { NodeEnvironment, SavedFile } from '../../context.ts';
import { NODES } from '../../index.ts';
import type { ComboInput } from '../../input-types.ts';
import { tempSuffix } from '../../shared/save-images.ts';
import { CORE_PACK } from './index.ts';

const ramp = (shape: readonly number[]): Tensor => {
  const x = zeros(shape);
  return tensor(
    shape,
    x.data.map((_, i) => i),
  );
};
const optionsOf = ({ options }: ComboInput, environment: NodeEnvironment) =>
  typeof options === 'function' ? options(environment) : options;
const folder = (): string => mkdtempSync(join(tmpdir(), 'darkroom-nodes-'));

it('file names of previews contain random letters', async () => {
  const context = { ...testContext(), random: () => 0.999 };
  const image = { shape: [1, 1, 1, 3], data: new Float32Array(3) };
  const result = await NODES.get('PreviewImage')!.run({ images: image } as never, context);
  expect(result.ui!['images']).toMatchObject([
    { filename: 'ComfyUI_temp_zzzzz_00001_.png', type: 'temp' },
  ]);
  expect(tempSuffix(() => 0)).toBe('_temp_aaaaa');
});

it('every core node is in NODES once', () => {
  expect(new Set(CORE_PACK.nodes.map(({ type }) => type)).size).toBe(CORE_PACK.nodes.length);
  for (const { type, run } of CORE_PACK.nodes) expect(NODES.get(type)?.run, type).toBe(run);
});

it('defaults of numbers are in their ranges, and no option is undefined', () => {
  for (const node of CORE_PACK.nodes)
    for (const [name, input] of Object.entries(node.inputs)) {
      const at = `${node.type}.${name}`;
      if (input.kind === 'INT' || input.kind === 'FLOAT') {
        expect(input.default >= input.min && input.default <= input.max, at).toBe(true);
      }
      for (const [key, value] of Object.entries(input)) expect(value, `${at}.${key}`).toBeDefined();
    }
});

it('LatentFromBatch returns items with their masks and noise indices', async () => {
  const samples: Latent = { samples: ramp([4, 1, 1, 1]), noise_mask: ramp([2, 1, 1]) };
  const [part] = await runNode('LatentFromBatch', { samples, batch_index: 2, length: 9 });
  expect(part).toEqual({
    samples: tensor([2, 1, 1, 1], Float32Array.of(2, 3)),
    noise_mask: ramp([2, 1, 1]),
    batch_index: [2, 3],
  });
  const [one] = await runNode('LatentFromBatch', { samples: part, batch_index: 63, length: 1 });
  expect((one as Latent).batch_index).toEqual([3]);
});

it('RepeatLatentBatch assigns new noise indices', async () => {
  const samples: Latent = {
    samples: ramp([2, 1, 1, 1]),
    noise_mask: full([1, 2, 2], 1),
    batch_index: [1, 3],
  };
  const [repeated] = await runNode<readonly Latent[]>('RepeatLatentBatch', {
    samples,
    amount: 3,
  });
  expect([...repeated.samples.data]).toEqual([0, 1, 0, 1, 0, 1]);
  expect(repeated.noise_mask!.shape).toEqual([1, 2, 2]);
  expect(repeated.batch_index).toEqual([1, 3, 4, 6, 7, 9]);
});

it('EmptyLatentImage rounds sizes down to multiples of 8', async () => {
  const [latent] = await runNode<readonly Latent[]>('EmptyLatentImage', {
    width: 100,
    height: 64,
    batch_size: 2,
  });
  expect(latent.samples.shape).toEqual([2, 4, 8, 12]);
});

it('InvertMask subtracts from 1', async () => {
  const [mask] = await runNode<readonly Tensor[]>('SolidMask', {
    value: 0.25,
    width: 3,
    height: 2,
  });
  const [inverted] = await runNode<readonly Tensor[]>('InvertMask', { mask });
  expect(inverted).toEqual(full([1, 2, 3], 0.75));
});

it('ImagePadForOutpaint pads image and mask', async () => {
  const image = full([1, 8, 8, 3], 1);
  const margins = { left: 8, top: 0, right: 0, bottom: 8 };
  const [padded, mask] = await runNode<readonly Tensor[]>('ImagePadForOutpaint', {
    image,
    ...margins,
    feathering: 2,
  });
  expect(padded.shape).toEqual([1, 16, 16, 3]);
  expect(mask.shape).toEqual([1, 16, 16]);
});

it('saves images with their workflow and loads them again', async () => {
  const input = folder();
  const context = testContext({}, input);
  const images = tensor([2, 1, 2, 3], Float32Array.of(0, 0.5, 1, 0.1, 0.2, 0.3, 1, 1, 1, 0, 0, 0));
  const saved = await NODES.get('SaveImage')!.run(
    { images, filename_prefix: 'x' } as never,
    context,
  );
  const files = saved.ui!.images as SavedFile[];
  expect(files.map((f) => f.filename)).toEqual(['x_00001_.png', 'x_00002_.png']);
  expect(readPngText(readFileSync(files[0].path))).toEqual({ prompt: '{}' });
  copyFileSync(files[0].path, join(input, 'x.png'));
  expect(
    optionsOf(NODES.get('LoadImage')!.inputs['image'] as ComboInput, {
      ...context,
      inputFiles: () => ['a.txt', 'x.PNG'],
    }),
  ).toEqual(['x.PNG']);
  const [image, mask] = await runNode<readonly Tensor[]>('LoadImage', { image: 'x.png' }, context);
  expect([...image.data].map((v) => Math.round(v * 255))).toEqual([0, 127, 255, 25, 51, 76]);
  expect(mask).toEqual(zeros([1, 64, 64]));
  const [red] = await runNode<readonly Tensor[]>(
    'LoadImageMask',
    { image: 'x.png', channel: 'red' },
    context,
  );
  expect([...red.data].map((v) => Math.round(v * 255))).toEqual([0, 25]);
});

it('loads an image that is cut, with a warning', async () => {
  const input = folder();
  const context = testContext({}, input);
  // all rows are there
  const file = await encodePng({
    width: 1,
    height: 2,
    channels: 3,
    bytes: Uint8Array.of(1, 2, 3, 4, 5, 6),
  });
  writeFileSync(join(input, 'cut.png'), file.subarray(0, file.length - 20));
  const warnings: string[] = [];
  const warned = { ...context, warn: (text: string) => warnings.push(text) };
  const [image] = await runNode<readonly Tensor[]>('LoadImage', { image: 'cut.png' }, warned);
  expect(image.shape).toEqual([1, 2, 1, 3]);
  const mask = { image: 'cut.png', channel: 'red' };
  const [red] = await runNode<readonly Tensor[]>('LoadImageMask', mask, warned);
  expect(red.shape).toEqual([1, 2, 1]);
  expect(warnings).toEqual(new Array(2).fill('the image cut.png is damaged: its end is missing'));
});

it('saves latents and loads them again, scaling files of the old format', async () => {
  const input = folder();
  const context = testContext({}, input);
  const samples = ramp([1, 4, 2, 2]);
  const latents = await NODES.get('SaveLatent')!.run(
    { samples: { samples }, filename_prefix: 'latents/a' } as never,
    context,
  );
  copyFileSync((latents.ui!.latents as SavedFile[])[0].path, join(input, 'a.latent'));
  expect(await runNode('LoadLatent', { latent: 'a.latent' }, context)).toEqual([{ samples }]);
  await writeSafetensors(join(input, 'old.latent'), {
    latent_tensor: { dtype: 'F32', ...full([1, 4, 1, 1], 0.18215) },
  });
  const [old] = await runNode<readonly Latent[]>('LoadLatent', { latent: 'old.latent' }, context);
  expect(old.samples.data[0]).toBeCloseTo(1, 6);
});

it('the fingerprint of a loader changes with the content of the file', async () => {
  const input = folder();
  const context = testContext({}, input);
  const key = async (bytes: string) => {
    await writeSafetensors(join(input, 'a.latent'), {
      latent_tensor: { dtype: 'F32', ...full([1, 4, 1, 1], Number(bytes)) },
    });
    return NODES.get('LoadLatent')!.fingerprint!({ latent: 'a.latent' } as never, context);
  };
  expect(await key('1')).toBe(await key('1'));
  expect(await key('1')).not.toBe(await key('2'));
});

it('an error about a missing part of a checkpoint names the loader to add', async () => {
  const source = await openSafetensors(fixtureModel('tiny_sd1'));
  const file = join(folder(), 'bare.safetensors');
  const unet = [...source.tensors].filter(([name]) => name.startsWith('model.diffusion_model.'));
  // the family of a UNet alone follows from the width of its prompts, which is smaller in the
  // fixture
  const tensors = await Promise.all(
    unet.map(async ([name, { dtype, shape }]) =>
      /attn2\.to_[kv]\.weight$/.test(name)
        ? ([name, { dtype: 'F32', ...zeros([shape[0], 768]) }] as const)
        : ([name, { dtype, shape, data: await source.readRaw(name) }] as const),
    ),
  );
  await source.close();
  await writeSafetensors(file, Object.fromEntries(tensors));
  const context = testContext({ checkpoints: { 'bare.safetensors': file } });
  const [, clip, vae] = await runNode(
    'CheckpointLoaderSimple',
    { ckpt_name: 'bare.safetensors' },
    context,
  );
  const samples = { samples: zeros([1, 4, 8, 8]) };
  await expect(runNode('VAEDecode', { samples, vae }, context)).rejects.toMatchObject({
    code: 'DR_MODEL_PART_MISSING',
    hint: expect.stringContaining('VAELoader'),
  });
  await expect(runNode('CLIPTextEncode', { text: 'a', clip }, context)).rejects.toMatchObject({
    code: 'DR_MODEL_PART_MISSING',
  });
});

it('loads a VAE once, and tiny autoencoders by their names', async () => {
  const models = fixtureFolders({
    vae: ['tiny_vae'],
    vae_approx: ['taesdxl_encoder', 'taesdxl_decoder'],
  });
  const context = testContext(models);
  const { vae_name } = NODES.get('VAELoader')!.inputs;
  expect(optionsOf(vae_name as ComboInput, context)).toEqual(['tiny_vae.safetensors', 'taesdxl']);
  const [one] = await runNode('VAELoader', { vae_name: 'tiny_vae.safetensors' }, context);
  const [two] = await runNode('VAELoader', { vae_name: 'tiny_vae.safetensors' }, context);
  expect(one).toBe(two);
  const [tiny] = await runNode('VAELoader', { vae_name: 'taesdxl' }, context);
  expect(tiny).toMatchObject({ kind: 'taesd', latentChannels: 4 });
});

it('refuses shapes that do not match', async () => {
  const context = testContext(fixtureFolders({ vae: ['tiny_vae'] }));
  const [vae] = await runNode('VAELoader', { vae_name: 'tiny_vae.safetensors' }, context);
  const mismatch = { code: 'DR_SHAPE_MISMATCH', hint: expect.any(String) };
  await expect(
    runNode('VAEDecode', { samples: { samples: zeros([1, 16, 8, 8]) }, vae }),
  ).rejects.toMatchObject(mismatch);
  const pixels = zeros([1, 8, 8, 3]);
  await expect(runNode('VAEEncode', { pixels: zeros([1, 8, 8, 1]), vae })).rejects.toMatchObject(
    mismatch,
  );
  const inpaint = runNode('VAEEncodeForInpaint', {
    pixels,
    vae,
    mask: zeros([2, 8, 8]),
    grow_mask_by: 6,
  });
  await expect(inpaint).rejects.toMatchObject(mismatch);
});
