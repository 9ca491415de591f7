// The text encoder of Qwen-Image 2.1 with small random weights against ComfyUI
// (test/golden/dit/make_qwen_image21.py): prompts with and without images.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { seededTensors } from '../../../test/support/files/rewrite.ts';
import { givenTensor } from '../../../test/support/given.ts';
import { expectGolden, golden } from '../../../test/support/golden.ts';
import { writeSafetensors } from '../../formats/safetensors/safetensors-write.ts';
import { narrow } from '../../tensor/axes.ts';
import { makeClip } from '../clip/clip.ts';
import { loadTextEncoder } from '../clip/load.ts';
import { inspectModel } from '../inspect/inspect-model.ts';
import { createModelRuntime } from '../model-runtime.ts';

const g = golden('dit', 'qwen_image21');
const runtime = createModelRuntime({ threads: 1 });
const folder = mkdtempSync(join(tmpdir(), 'darkroom-qwen3-vl-8b-'));
const file = join(folder, 'encoder.safetensors');
afterAll(async () => {
  await runtime.close();
  rmSync(folder, { recursive: true });
});
beforeAll(() => writeSafetensors(file, seededTensors(g.weights.te)));

it.each(g.cases.filter(({ id }) => id.startsWith('te_')))(
  'encodes as the original does: $id',
  async ({ id, params, outputs }) => {
    const encoder = await loadTextEncoder(file, runtime);
    const clip = makeClip({ family: 'qwen-image-21', encoders: [encoder], endsAtBrackets: true });
    const images = params.images.map((name: string) => narrow(givenTensor(g, name), 3, 0, 3));
    const { cond, mask, imageSlots } = await clip.encodeWithImages(params.text, {
      images,
      areKept: params.keepsImages,
    });
    expectGolden(g, id, outputs.cond, cond);
    expect(imageSlots ?? null).toEqual(params.slots);
    expect(mask !== undefined).toBe(params.masked);
  },
);

it('is recognised', async () => {
  expect(await inspectModel(file)).toMatchObject({
    kind: 'text encoder',
    architecture: expect.stringContaining('Qwen3-VL 8B'),
    parts: [{ name: 'qwen3vl_8b' }],
  });
});
