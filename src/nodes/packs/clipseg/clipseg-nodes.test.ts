// CLIPSeg with small random weights against transformers' model and the original node
// (test/golden/clipseg/make.py).
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { seededTensors } from '../../../../test/support/files/rewrite.ts';
import {
  expectGolden,
  expectImage,
  type GoldenCase,
  golden,
} from '../../../../test/support/golden.ts';
import { runNode, testContext } from '../../../../test/support/run-node.ts';
import { writeSafetensors } from '../../../formats/safetensors/safetensors-write.ts';
import { toBytes } from '../../../image/image-bytes.ts';
import { clipSegPixels, loadClipSeg } from '../../../models/clipseg/load.ts';
import { map, type Tensor, tensor } from '../../../tensor/tensor.ts';
import { clipBpe } from '../../../text/clip-bpe.ts';
import type { Detector } from '../impact/impact-sockets.ts';

const g = golden('clipseg', 'cases');
const folder = mkdtempSync(join(tmpdir(), 'darkroom-clipseg-'));
const models: Record<string, string> = {};
const context = testContext({ clipseg: models });
afterAll(async () => {
  await context.runtime.close();
  rmSync(folder, { recursive: true, force: true });
});

// the token ids of the cases, as text
const WORDS: Readonly<Record<string, string>> = { '320,736,3240': 'a red fox', '1929': 'dog' };
const imageOf = ({ inputs }: GoldenCase): Tensor => {
  const image = g.float(inputs.image);
  return map(image, (value) => value / 255);
};

/** Every `step`th value of every row and column of planes [..., H, W]. */
function thinned({ shape, data }: Tensor, step: number): Tensor {
  const [height, width] = shape.slice(-2);
  const thinnedData = data.filter(
    (_, i) => (i % width) % step === 0 && (Math.floor(i / width) % height) % step === 0,
  );
  return tensor(
    [...shape.slice(0, -2), Math.ceil(height / step), Math.ceil(width / step)],
    thinnedData,
  );
}

async function modelOf(name: string): Promise<string> {
  const file = join(folder, `${name}.safetensors`);
  await writeSafetensors(file, seededTensors(g.conditionings[name] as never));
  return file;
}

describe.each(['refined', 'plain'])('%s', (name) => {
  const cases = g.cases.filter(({ params }) => params.network === name);

  it('computes the logits of transformers', async () => {
    const model = await loadClipSeg(await modelOf(name), context.runtime);
    expect(cases.length).toBe(name === 'refined' ? 2 : 1);
    for (const one of cases) {
      const text = WORDS[`${one.params.ids}`];
      expect(clipBpe().encode(text)).toEqual(one.params.ids);
      const image = imageOf(one);
      const pixels = clipSegPixels(image);
      expectGolden(g, one.id, one.outputs.pixels, thinned(tensor([3, 352, 352], pixels.data), 8));
      expectGolden(g, one.id, one.outputs.embedding, await model.prompt(text));
      expectGolden(g, one.id, one.outputs.logits, thinned(await model.logits(image, text), 8));
    }
  });

  it('computes the masks of the original node', async () => {
    models['clipseg.safetensors'] = await modelOf(name);
    for (const one of cases) {
      const image = imageOf(one);
      for (const [i, [blur, threshold, dilation_factor]] of one.params.tries.entries()) {
        const inputs = {
          image,
          text: WORDS[`${one.params.ids}`],
          blur,
          threshold,
          dilation_factor,
        };
        const parts = await runNode<readonly Tensor[]>('CLIPSeg', inputs, context);
        for (const [at, part] of ['mask', 'heat', 'plain'].entries()) {
          // 0/0 in the original, whose colour then depends on the vector width of OpenCV
          if (part === 'heat' && threshold > 0.99) continue;
          const [, height, width, channels = 1] = parts[at].shape;
          const bytes = toBytes(parts[at]).filter((_, b) => {
            const pixel = Math.floor(b / channels);
            return (
              (pixel % width) % one.params.step === 0 &&
              Math.floor(pixel / width) % one.params.step === 0
            );
          });
          expect([height, width]).toEqual(image.shape.slice(1, 3));
          expectImage(g, `${one.id} ${part} ${i}`, one.outputs[`${part}.${i}`], bytes);
        }
      }
    }
  });
});

it('detects segments by a text of the provider or of the detecting node', async () => {
  models['clipseg.safetensors'] = await modelOf('refined');
  const [one] = g.cases;
  const image = imageOf(one);
  const options = { blur: 0.5, threshold: 0.75, dilation_factor: 0 };
  const [detector] = await runNode<[Detector]>(
    'CLIPSegDetectorProvider',
    { text: '', ...options },
    context,
  );
  const [named] = await runNode<[Detector]>(
    'CLIPSegDetectorProvider',
    { text: 'a red fox', ...options },
    context,
  );
  const mask = (await named.detectCombined(image, 0.5, 10))!;
  expect(mask.shape).toEqual([1, 60, 75]);
  expect(new Set(mask.data)).toEqual(new Set([0, 1]));
  expect(await detector.withPrompt!('a red fox').detectCombined(image, 0.5, 10)).toEqual(mask);
  expect(await named.withPrompt!('a dog').detectCombined(image, 0.5, 10)).toEqual(mask);
  const segs = await named.detect(image, {
    threshold: 0.5,
    dilation: 10,
    cropFactor: 1.5,
    dropSize: 3,
  });
  const [expected] = await runNode<[typeof segs]>(
    'MaskToSEGS',
    { mask, combined: false, crop_factor: 1.5, bbox_fill: true, drop_size: 3, contour_fill: true },
    context,
  );
  expect(segs.segs.length).toBeGreaterThan(0);
  expect(segs).toEqual(expected);
});

it('refuses a text that is too long', async () => {
  models['clipseg.safetensors'] = await modelOf('refined');
  const image = imageOf(g.cases[0]);
  await expect(
    runNode('CLIPSeg', { image, text: 'fox '.repeat(80) }, context),
  ).rejects.toMatchObject({
    code: 'DR_INPUT_INVALID',
    input: 'text',
  });
});

it('refuses to run without a model', async () => {
  const image = imageOf(g.cases[0]);
  await expect(runNode('CLIPSeg', { image, text: 'fox' }, testContext())).rejects.toMatchObject({
    code: 'DR_MODEL_MISSING',
  });
});

it('refuses a file that is not a CLIPSeg model', async () => {
  const file = join(folder, 'other.safetensors');
  await writeSafetensors(file, { a: { dtype: 'F32', shape: [1], data: Float32Array.of(1) } });
  await expect(loadClipSeg(file, context.runtime)).rejects.toMatchObject({
    code: 'DR_MODEL_UNSUPPORTED',
  });
});
