// Senders, receivers and preview bridges: files that go out and come back.
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
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
const whole = async (
  type: string,
  inputs: object,
  context = testContext({}, input),
): Promise<NodeResult> => NODES.get(type)!.run(inputs as never, context);
const saved = ({ ui }: NodeResult): SavedFile[] => ui!['images'] as SavedFile[];

describe('latents in pictures', () => {
  it('what a sender saves a receiver reads', async () => {
    const samples = prepareNoise([2, 4, 8, 12], 3);
    const context = testContext({}, input);
    const inputs = {
      samples: { samples },
      filename_prefix: 'latents/LatentSender',
      link_id: 4,
      preview_method: 'Latent2RGB-SDXL',
    };
    const [file] = saved(await whole('LatentSender', inputs, context));
    expect(file.filename).toMatch(/_00001_\.latent\.png$/);
    expect(context.messages).toEqual([
      {
        event: 'latent-send',
        data: { link_id: 4, images: [{ filename: file.filename, subfolder: '', type: 'temp' }] },
      },
    ]);
    const bytes = readFileSync(file.path);
    expect(readPngText(bytes)['prompt']).toBe('{}');
    expect([bytes.readUInt32BE(16), bytes.readUInt32BE(20)]).toEqual([192, 128]);

    cpSync(file.path, join(input, 'sent.latent.png'));
    const received = await whole('LatentReceiver', {
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

  it('a picture without a latent gives an empty one, a damaged one is refused', async () => {
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
    expect([(latent as Latent).samples.shape, context.warnings.length]).toEqual([[1, 4, 8, 8], 1]);
    const exif = readPngExif(readFileSync(join(input, 'sent.latent.png')))!;
    exif[exif.length - 200] ^= 1;
    expect(() => latentFromExif(exif, 'x')).toThrow(/checksum/);
    expect(latentFromExif(exif.subarray(0, 40), 'x')).toBeUndefined();
  });
});

describe('pictures', () => {
  it('are sent with a message, and received from a file or from the workflow', async () => {
    const context = testContext({}, input);
    const [file] = saved(
      await whole(
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
    const carried = { ...receiver, image: '#DATA', save_to_workflow: true };
    expect(await runNode('ImageReceiver', { ...carried, image_data })).toEqual(
      await runNode('ImageReceiver', receiver, testContext({}, input)),
    );
    const context2 = testContext();
    const [black] = await runNode('ImageReceiver', { ...carried, image_data: 'data:,!' }, context2);
    expect([(black as Tensor).shape, context2.warnings.length]).toEqual([[1, 64, 64, 3], 1]);
  });

  it('names that lead elsewhere are refused', () => {
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
  const half = { width: 4, height: 4, channels: 4 as const };
  const edited = async (name: string): Promise<void> => {
    // the right half is see-through: the mask
    const bytes = Uint8Array.from({ length: 64 }, (_, i) =>
      i % 4 === 3 ? ((i >> 2) % 4 < 2 ? 255 : 0) : 128,
    );
    mkdirSync(join(input, 'clipspace'), { recursive: true });
    writeFileSync(join(input, name), await encodePng({ ...half, bytes }));
  };
  const mask = tensor(
    [1, 4, 4],
    Float32Array.from({ length: 16 }, (_, i) => (i % 4 < 2 ? 0 : 1)),
  );

  it('show a picture, then give it on with the mask that was drawn', async () => {
    await edited('clipspace/edit.png');
    const context = testContext({}, input);
    const images = grey(1, 4, 4);
    const run = (inputs: object) =>
      whole(
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
    expect(bytes[25]).toBe(6);
    const larger = await run({ images: grey(1, 8, 8), restore_mask: 'if_same_size', block: false });
    expect((larger.outputs[1] as Tensor).shape).toEqual([1, 64, 64]);
  });

  it('a mask that is given at once is taken', async () => {
    const { outputs } = await whole('PreviewBridge', {
      images: grey(1, 4, 4),
      image: 'clipspace/edit.png',
      block: true,
    });
    expect(outputs[1]).toEqual(mask);
  });

  it('a latent is shown by its colours and gets the mask as its noise mask', async () => {
    const context = testContext({}, input);
    const latent: Latent = { samples: map(prepareNoise([1, 4, 8, 8], 1), (v) => v * 5) };
    const run = (inputs: object) =>
      whole(
        'PreviewBridgeLatent',
        { latent, image: '', preview_method: 'Latent2RGB-SD15', block: false, ...inputs },
        context,
      );
    const first = await run({});
    expect(first.outputs[0]).toBe(latent);
    expect((first.outputs[1] as Tensor).data.every((v) => v === 1)).toBe(true);
    const bytes = readFileSync(saved(first)[0].path);
    expect([bytes.readUInt32BE(16), bytes.readUInt32BE(20)]).toEqual([64, 64]);
    const second = await run({ image: 'clipspace/edit.png' });
    expect((second.outputs[0] as Latent).noise_mask).toEqual(mask);
    const masked = await run({ latent: { ...latent, noise_mask: mask } });
    expect(masked.outputs[1]).toEqual(mask);
    expect(readFileSync(saved(masked)[0].path)[25]).toBe(6);
    await expect(
      run({ latent: { samples: latent.samples }, preview_method: 'Latent2RGB-SD3' }),
    ).rejects.toMatchObject({
      input: 'preview_method',
    });
  });
});
