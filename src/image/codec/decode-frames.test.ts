// Image files of many formats, whole and damaged, beside what LoadImage and LoadImageMask make of
// them with Pillow.
import { describe, expect, it } from 'vitest';
import { expectExact, type Golden, type GoldenCase, golden } from '../../../test/support/golden.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { decodeChannel, decodeImage } from './decode-image.ts';

const fileOf = ({ params }: GoldenCase): Buffer => Buffer.from(params['file'], 'base64');

async function decodeCase(test: GoldenCase) {
  const sentences: string[] = [];
  const onDamage = (sentence: string) => sentences.push(sentence);
  const { image, mask } = await decodeImage(fileOf(test), test.id, onDamage);
  const alpha = await decodeChannel(fileOf(test), 'alpha', test.id);
  return { sentences, values: { image, mask, alpha } };
}

const levels = ({ data }: Tensor): number[] => Array.from(data, (v) => Math.round(v * 255));

async function expectAsPillow(group: Golden, test: GoldenCase): Promise<void> {
  if (test.params['refused']) {
    await expect(decodeImage(fileOf(test), 'a.png')).rejects.toMatchObject({
      code: 'DR_IMAGE_UNREADABLE',
      file: 'a.png',
    });
    return;
  }
  const { values, sentences } = await decodeCase(test);
  for (const [name, tensor] of Object.entries(values)) {
    expect(tensor.shape, `${test.id} ${name}`).toEqual(group.tensor(test.outputs[name]).shape);
    expectExact(group, test.id, test.outputs[name], levels(tensor));
  }
  if (test.params['damaged'])
    expect(sentences).toEqual([expect.stringContaining(`the image ${test.id} is damaged: `)]);
}

for (const name of ['png', 'apng', 'jpeg', 'files']) {
  const group = golden('image_files', name);
  describe(`${name} files decode as Pillow decodes them`, () => {
    it.each(group.cases.map((test) => [test.id, test] as const))('%s', (_, test) =>
      expectAsPillow(group, test),
    );
  });
}

describe('AVIF files decode as Pillow decodes them, within 2 levels', () => {
  const group = golden('image_files', 'avif');
  it.each(group.cases.map((test) => [test.id, test] as const))('%s', async (_, test) => {
    const { values } = await decodeCase(test);
    for (const [name, tensor] of Object.entries(values)) {
      const expected = group.tensor(test.outputs[name]);
      expect(tensor.shape, `${test.id} ${name}`).toEqual(expected.shape);
      const worst = levels(tensor).reduce(
        (most, level, i) => Math.max(most, Math.abs(level - Number(expected.data[i]))),
        0,
      );
      expect(worst, `${test.id} ${name}`).toBeLessThanOrEqual(2);
    }
  });
});
