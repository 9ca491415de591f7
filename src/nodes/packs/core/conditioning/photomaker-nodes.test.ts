// PhotoMaker against ComfyUI's with a small model (test/golden/vision/make_photomaker.py).
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { noise, noiseTensor, seededTensors } from '../../../../../test/support/files/rewrite.ts';
import { expectGolden, golden } from '../../../../../test/support/golden.ts';
import { fixtureFolders, runNode, testContext } from '../../../../../test/support/run-node.ts';
import { writeSafetensors } from '../../../../formats/safetensors/safetensors-write.ts';
import type { Clip } from '../../../../models/clip/clip.ts';
import { identifyModel } from '../../../../models/inspect/inspect-model.ts';
import type { PhotoMaker } from '../../../../models/photomaker/load.ts';
import { createRuntime } from '../../../../runtime/runtime.ts';
import type { Conditioning } from '../../../../sampling/sampling-types.ts';
import { tensor, zeros } from '../../../../tensor/tensor.ts';
import { tokenize } from '../../../../text/token-chunks.ts';
import type { Chunk } from '../../../../text/token-groups.ts';

const g = golden('vision', 'photomaker');
const WIDTH = 128;
const folder = mkdtempSync(join(tmpdir(), 'darkroom-photomaker-'));
const file = join(folder, 'photomaker-v1.safetensors');
const runtime = createRuntime({ threads: 2 });
const context = () => ({
  ...testContext({
    photomaker: {
      'a.safetensors': file,
      'b.safetensors': fixtures.checkpoints['tiny_sd1.safetensors'],
    },
    ...fixtures,
  }),
  runtime,
});
const fixtures = fixtureFolders({ checkpoints: ['tiny_sd1', 'tiny_sdxl_base'] });
let photomaker: PhotoMaker;

beforeAll(async () => {
  const tensors = seededTensors(g.cases[0].params.weights);
  await writeSafetensors(
    file,
    Object.fromEntries(Object.entries(tensors).map(([name, one]) => [`id_encoder.${name}`, one])),
  );
  [photomaker] = await runNode<[PhotoMaker]>(
    'PhotoMakerLoader',
    { photomaker_model_name: 'a.safetensors' },
    context(),
  );
});
afterAll(async () => {
  await runtime.close();
  rmSync(folder, { recursive: true });
});

/** Features that depend on nothing; `chunks` receives the tokens of both encoders. */
const stubClip = (chunks: Record<string, readonly Chunk[]>) =>
  ({
    encodeChanged: async (text: string, change: (chunk: Chunk) => Chunk) => {
      for (const [key, pad] of [
        ['l', 49407],
        ['g', 0],
      ] as const)
        chunks[key] = (await tokenize(text, { key: `clip_${key}`, pad, length: 77 })).map(change);
      return {
        cond: noiseTensor([1, 77, WIDTH], 3, 1),
        pooled: noiseTensor([1, 8], 4, 1),
      };
    },
  }) as unknown as Clip;

describe('PhotoMakerEncode', () => {
  it.each(g.cases.map((one) => [one.id, one] as const))('%s', async (text, { params, outputs }) => {
    const { shape, seed, position } = params;
    const image = noiseTensor(shape, seed, 1, 0.5);
    const chunks: Record<string, readonly Chunk[]> = {};
    const [[{ cond }]] = await runNode<[Conditioning]>(
      'PhotoMakerEncode',
      { photomaker, image, clip: stubClip(chunks), text },
      context(),
    );
    for (const key of ['l', 'g'])
      expect(chunks[key].map((chunk) => chunk.map(({ value, weight }) => [value, weight]))).toEqual(
        params.tokens[key].map((chunk: [number, number][]) =>
          chunk.map(([id, weight]) => [id, expect.closeTo(weight, 6)]),
        ),
      );
    const plain = noise(77 * WIDTH, 3, 1);
    const changed = Array.from({ length: 77 }, (_, i) => i).filter((i) =>
      cond.data
        .subarray(i * WIDTH, (i + 1) * WIDTH)
        .some((value, j) => value !== plain[i * WIDTH + j]),
    );
    expect(changed).toEqual(position < 0 ? [] : [position]);
    if (position >= 0)
      expectGolden(
        g,
        text,
        outputs.fused,
        tensor([1, WIDTH], cond.data.slice(position * WIDTH, (position + 1) * WIDTH)),
      );
  });

  it('warns of a text without the word', async () => {
    const c = context();
    const inputs = {
      photomaker,
      image: zeros([1, 28, 28, 3]),
      clip: stubClip({}),
      text: 'a photomaker,',
    };
    await runNode('PhotoMakerEncode', inputs, c);
    expect(c.warnings).toEqual([expect.stringContaining('has no word "photomaker"')]);
  });

  it('refuses prompts of more than one chunk, and features of another width', async () => {
    const load = { ckpt_name: 'tiny_sdxl_base.safetensors' };
    const [, clip] = await runNode<[unknown, Clip]>('CheckpointLoaderSimple', load, context());
    const image = zeros([1, 28, 28, 3]);
    const long = `a photomaker ${'long '.repeat(80)}`;
    await expect(
      runNode('PhotoMakerEncode', { photomaker, image, clip, text: long }, context()),
    ).rejects.toMatchObject({
      code: 'DR_INPUT_INVALID',
      message: expect.stringContaining('at most 75 tokens'),
    });
    const other = { ...photomaker, width: 2048 };
    await expect(
      runNode(
        'PhotoMakerEncode',
        { photomaker: other, image, clip, text: 'a photomaker' },
        context(),
      ),
    ).rejects.toMatchObject({ message: expect.stringContaining('width 2048, not 128') });
  });
});

it('a PhotoMaker file is recognised, and another file is refused by what it is', async () => {
  expect(await identifyModel(file)).toEqual({
    kind: 'PhotoMaker model',
    architecture: 'version 1, SDXL',
  });
  await expect(
    runNode('PhotoMakerLoader', { photomaker_model_name: 'b.safetensors' }, context()),
  ).rejects.toMatchObject({
    code: 'DR_MODEL_UNSUPPORTED',
    message: expect.stringContaining('is not a PhotoMaker model but a checkpoint'),
  });
});
