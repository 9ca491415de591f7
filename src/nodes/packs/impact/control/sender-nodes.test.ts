// Senders, receivers and preview bridges: the files that they save and load.
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { writeTaesd16 } from '../../../../../test/support/files/taesd16.ts';
import { runNode, testContext } from '../../../../../test/support/run-node.ts';
import { latentFromExif } from '../../../../formats/latent-png.ts';
import { encodePng, readPngExif, readPngText } from '../../../../image/codec/png.ts';
import { toBytes } from '../../../../image/image-bytes.ts';
import { prepareNoise } from '../../../../random/prepare-noise.ts';
import type { Latent } from '../../../../sampling/sampling-types.ts';
import { map, type Tensor, tensor } from '../../../../tensor/tensor.ts';
import type { SavedFile } from '../../../context.ts';
import type { NodeResult } from '../../../declare.ts';
import { NODES } from '../../../index.ts';
import { isBlocker } from '../../../socket-values.ts';

const input = mkdtempSync(join(tmpdir(), 'darkroom-senders-'));
afterAll(() => rmSync(input, { recursive: true }));

const grey = (n: number, h: number, w: number, value = 0.5): Tensor =>
  tensor([n, h, w, 3], new Float32Array(n * h * w * 3).fill(value));
const runWhole = async (
  type: string,
  inputs: object,
  context = testContext({}, input),
): Promise<NodeResult> => NODES.get(type)!.run(inputs as never, context);
const saved = ({ ui }: NodeResult): SavedFile[] => ui!['images'] as SavedFile[];

/** The size in a PNG file's header. */
const pngSize = (bytes: Buffer) => ({
  width: bytes.readUInt32BE(16),
  height: bytes.readUInt32BE(20),
});

/** The colour type in a PNG file's header; 6 is RGBA. */
const pngColourType = (bytes: Buffer): number => bytes[25];

describe('latents in images', () => {
  it('are saved by a sender and loaded by a receiver', async () => {
    const samples = prepareNoise([2, 4, 8, 12], 3);
    const context = testContext({}, input);
    const inputs = {
      samples: { samples },
      filename_prefix: 'latents/LatentSender',
      link_id: 4,
      preview_method: 'Latent2RGB-SDXL',
    };
    const [file] = saved(await runWhole('LatentSender', inputs, context));
    expect(file.filename).toMatch(/_00001_\.latent\.png$/);
    expect(context.messages).toEqual([
      {
        event: 'latent-send',
        data: { link_id: 4, images: [{ filename: file.filename, subfolder: '', type: 'temp' }] },
      },
    ]);
    const bytes = readFileSync(file.path);
    expect(readPngText(bytes)['prompt']).toBe('{}');
    expect(pngSize(bytes)).toEqual({ width: 192, height: 128 });

    cpSync(file.path, join(input, 'sent.latent.png'));
    const received = await runWhole('LatentReceiver', {
      latent: 'sent.latent.png',
      link_id: 0,
      trigger_always: false,
    });
    expect((received.outputs[0] as Latent).samples).toEqual(samples);
    expect(saved(received)[0]).toMatchObject({
      filename: 'sent.latent.png',
      subfolder: '',
      type: 'input',
    });
  });

  // as in the original, which shows colours of SD15 for tiny autoencoders
  it.each([
    [4, 'Latent2RGB-FLUX.1', false],
    [4, 'Latent2RGB-LTXV', false],
    [4, 'Latent2RGB-SD-X4', true],
    [4, 'TAESDXL', true],
    [16, 'Latent2RGB-FLUX.1', true],
    [16, 'Latent2RGB-SD3', true],
    [16, 'Latent2RGB-SDXL', false],
    [16, 'TAEF1', false],
  ])('of %s channels are shown by %s: %s', async (channels, preview_method, works) => {
    const samples = { samples: prepareNoise([1, channels, 8, 8], 3) };
    const sent = runWhole('LatentSender', {
      samples,
      filename_prefix: 'latents/LatentSender',
      link_id: 0,
      preview_method,
    });
    if (works) expect(saved(await sent)).toHaveLength(1);
    else await expect(sent).rejects.toMatchObject({ input: 'preview_method' });
  });

  it('are empty, with a warning, for an image without a latent', async () => {
    writeFileSync(
      join(input, 'plain.latent.png'),
      await encodePng({ width: 1, height: 1, channels: 3, bytes: new Uint8Array(3) }),
    );
    const context = testContext({}, input);
    const [latent] = await runNode(
      'LatentReceiver',
      { latent: 'plain.latent.png', link_id: 0, trigger_always: false },
      context,
    );
    expect((latent as Latent).samples.shape).toEqual([1, 4, 8, 8]);
    expect(context.warnings).toHaveLength(1);
  });

  it('are refused if they are damaged', () => {
    const exif = readPngExif(readFileSync(join(input, 'sent.latent.png')))!;
    exif[exif.length - 200] ^= 1;
    expect(() => latentFromExif(exif, 'x')).toThrow(/checksum/);
    expect(latentFromExif(exif.subarray(0, 40), 'x')).toBeUndefined();
  });
});

describe('images', () => {
  it('are sent with a message and received from a file or from the workflow', async () => {
    const context = testContext({}, input);
    const [file] = saved(
      await runWhole(
        'ImageSender',
        { images: grey(1, 4, 4), filename_prefix: 'ImgSender', link_id: 2 },
        context,
      ),
    );
    expect(context.messages[0]).toMatchObject({
      event: 'img-send',
      data: { link_id: 2, images: [{ type: 'temp' }] },
    });
    cpSync(file.path, join(input, 'sent.png'));
    const receiver = {
      image: 'sent.png',
      link_id: 0,
      save_to_workflow: false,
      image_data: '',
      trigger_always: false,
    };
    const [image] = await runNode('ImageReceiver', receiver, testContext({}, input));
    expect((image as Tensor).data[0]).toBeCloseTo(127 / 255, 6);
    const image_data = `data:image/png;base64,${readFileSync(file.path).toString('base64')}`;
    const inWorkflow = { ...receiver, image: '#DATA', save_to_workflow: true };
    expect(await runNode('ImageReceiver', { ...inWorkflow, image_data })).toEqual(
      await runNode('ImageReceiver', receiver, testContext({}, input)),
    );
  });

  it('are black, with a warning, if the workflow contains no valid image', async () => {
    const context = testContext();
    const inputs = {
      image: '#DATA',
      link_id: 0,
      save_to_workflow: true,
      image_data: 'data:,!',
      trigger_always: false,
    };
    const [black] = await runNode('ImageReceiver', inputs, context);
    expect((black as Tensor).shape).toEqual([1, 64, 64, 3]);
    expect(context.warnings).toHaveLength(1);
  });

  it('outside the input folder are refused', () => {
    const { check } = NODES.get('ImageReceiver')!.validate!;
    const environment = { ...testContext({}, input), hasInput: () => true };
    expect(check({ image: '#DATA' }, environment, {})).toBe(true);
    expect(check({ image: '../x.png' }, environment, {})).toBe('Invalid image file: ../x.png');
    expect(check({ image: 'x.png' }, { ...environment, hasInput: () => false }, {})).toBe(
      'Invalid image file: x.png',
    );
  });
});

describe('preview bridges', () => {
  const size = { width: 4, height: 4, channels: 4 as const };
  const writeEditedImage = async (name: string): Promise<void> => {
    // the right half is transparent: the mask
    const bytes = Uint8Array.from({ length: 64 }, (_, i) =>
      i % 4 === 3 ? ((i >> 2) % 4 < 2 ? 255 : 0) : 128,
    );
    mkdirSync(join(input, 'clipspace'), { recursive: true });
    writeFileSync(join(input, name), await encodePng({ ...size, bytes }));
  };
  const mask = tensor(
    [1, 4, 4],
    Float32Array.from({ length: 16 }, (_, i) => (i % 4 < 2 ? 0 : 1)),
  );

  it('show an image, then output it with the mask that was drawn', async () => {
    await writeEditedImage('clipspace/edit.png');
    const context = testContext({}, input);
    const images = grey(1, 4, 4);
    const run = (inputs: object) =>
      runWhole(
        'PreviewBridge',
        { images, image: '', block: true, restore_mask: 'never', ...inputs },
        context,
      );
    const first = await run({});
    expect(first.outputs.every(isBlocker)).toBe(true);
    expect(saved(first)[0].filename).toContain('PreviewBridge');
    const second = await run({ image: 'clipspace/edit.png' });
    expect(second.outputs[1]).toEqual(mask);
    expect(toBytes(second.outputs[0] as Tensor)[0]).toBe(128);
    const other = await run({
      images: grey(1, 4, 4, 0.25),
      image: 'clipspace/edit.png',
      restore_mask: 'if_same_size',
    });
    expect(other.outputs[1]).toEqual(mask);
    const bytes = readFileSync(saved(other)[0].path);
    expect(pngColourType(bytes)).toBe(6);
    const larger = await run({ images: grey(1, 8, 8), restore_mask: 'if_same_size', block: false });
    expect((larger.outputs[1] as Tensor).shape).toEqual([1, 64, 64]);
    // as in Impact Pack 8: a new image without restore_mask forgets the last mask
    const restored = await run({ images: grey(1, 4, 4, 0.5), restore_mask: 'always' });
    expect(restored.outputs[1]).toEqual(mask);
    await run({ images: grey(1, 4, 4, 0.75) });
    const forgotten = await run({ images: grey(1, 4, 4, 1), restore_mask: 'always' });
    expect(forgotten.outputs.every(isBlocker)).toBe(true);
  });

  it('output the mask of a file that is set before the first run', async () => {
    const { outputs } = await runWhole('PreviewBridge', {
      images: grey(1, 4, 4),
      image: 'clipspace/edit.png',
      block: true,
    });
    expect(outputs[1]).toEqual(mask);
  });

  it('show the colours of a latent and set the mask as its noise mask', async () => {
    const context = testContext({}, input);
    const latent: Latent = { samples: map(prepareNoise([1, 4, 8, 8], 1), (v) => v * 5) };
    const run = (inputs: object) =>
      runWhole(
        'PreviewBridgeLatent',
        { latent, image: '', preview_method: 'Latent2RGB-SD15', block: false, ...inputs },
        context,
      );
    const first = await run({});
    expect(first.outputs[0]).toBe(latent);
    expect((first.outputs[1] as Tensor).data.every((v) => v === 1)).toBe(true);
    const bytes = readFileSync(saved(first)[0].path);
    expect(pngSize(bytes)).toEqual({ width: 64, height: 64 });
    const second = await run({ image: 'clipspace/edit.png' });
    expect((second.outputs[0] as Latent).noise_mask).toEqual(mask);
    const masked = await run({ latent: { ...latent, noise_mask: mask } });
    expect(masked.outputs[1]).toEqual(mask);
    expect(pngColourType(readFileSync(saved(masked)[0].path))).toBe(6);
    await expect(
      run({ latent: { samples: latent.samples }, preview_method: 'Latent2RGB-SD3' }),
    ).rejects.toMatchObject({
      input: 'preview_method',
    });
  });

  it('show latents of 16 channels in their colours, or by their tiny autoencoders', async () => {
    const { encoder, decoder } = await writeTaesd16(input, 'taef1');
    const files = { 'taef1_encoder.safetensors': encoder, 'taef1_decoder.safetensors': decoder };
    const latent: Latent = { samples: prepareNoise([1, 16, 8, 4], 1) };
    const run = (preview_method: string) =>
      runWhole(
        'PreviewBridgeLatent',
        { latent, image: '', preview_method, block: false },
        testContext({ vae_approx: files }, input),
      );
    for (const method of ['Latent2RGB-FLUX.1', 'Latent2RGB-SD3', 'TAEF1'])
      expect(pngSize(readFileSync(saved(await run(method))[0].path)), method).toEqual({
        width: 32,
        height: 64,
      });
    await expect(run('TAESDXL')).rejects.toMatchObject({
      message: 'the preview method TAESDXL does not support latents of 16 channels',
      hint: 'Choose Latent2RGB-FLUX.1 or Latent2RGB-SD3, or connect vae_opt.',
    });
  });
});
