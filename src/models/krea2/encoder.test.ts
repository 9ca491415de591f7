// Qwen3-VL as the text encoder of Krea 2 against ComfyUI (test/golden/dit/make_krea2.py).
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { noiseTensor } from '../../../test/support/files/rewrite.ts';
import { smallQwen3Vl, writeSmallQwen3Vl } from '../../../test/support/files/small-qwen3-vl.ts';
import { expectGolden, golden } from '../../../test/support/golden.ts';
import { runNode, testContext } from '../../../test/support/run-node.ts';
import { writeSafetensors } from '../../formats/safetensors/safetensors-write.ts';
import { concatAxis } from '../../tensor/axes.ts';
import { type Clip, makeClip } from '../clip/clip.ts';
import { QWEN_EDIT_TEMPLATE } from '../clip/families.ts';
import { loadTextEncoder } from '../clip/load.ts';
import { inspectModel } from '../inspect/inspect-model.ts';

const g = golden('dit', 'krea2_encoder');
const folder = mkdtempSync(join(tmpdir(), 'darkroom-krea2-'));
const NAME = 'tiny_qwen3vl_4b.safetensors';
const file = join(folder, NAME);
const context = testContext({ text_encoders: { [NAME]: file } });
beforeAll(() => writeSmallQwen3Vl(folder));
afterAll(async () => {
  await context.runtime.close();
  rmSync(folder, { recursive: true });
});

const load = async (type: string): Promise<Clip> =>
  (await runNode<[Clip]>('CLIPLoader', { clip_name: NAME, type }, context))[0];
const of = (start: string) => g.cases.filter(({ id }) => id.startsWith(start));

describe('Qwen3-VL as the text encoder of Krea 2', () => {
  it.each(of('text_'))('encodes as the original does: $id', async ({ id, params, outputs }) => {
    const { cond, mask } = await (await load('krea2')).encode(params.text);
    expectGolden(g, id, outputs.cond, cond);
    expect(mask).toBeUndefined();
  });

  it.each(of('tower_'))('sees images as the original does: $id', async (one) => {
    const { height, width, seed } = one.params;
    const [encoder] = (await load('krea2')).encoders;
    const image = noiseTensor([1, height, width, 3], seed, 1, 0.5);
    const { tokens, deepstack } = await encoder.imageTokens!(image);
    expectGolden(g, one.id, one.outputs.tokens, concatAxis([tokens, ...deepstack!], 1));
  });

  it.each([...of('edit_'), ...of('own_')])('encodes images in prompts: $id', async (one) => {
    const { prompt, images } = one.params;
    const { cond } = await (await load('krea2')).encodeWithImages(prompt, {
      images: images.map(([height, width]: [number, number], i: number) =>
        noiseTensor([1, height, width, 3], 7 + i, 1, 0.5),
      ),
      ...(one.id !== 'own_template' && { template: QWEN_EDIT_TEMPLATE }),
    });
    expectGolden(g, one.id, one.outputs.cond, cond);
  });

  it('is recognised, and has another use with other types', async () => {
    expect(await inspectModel(file)).toMatchObject({
      kind: 'text encoder',
      architecture: expect.stringContaining('Qwen3-VL 4B'),
      parts: [{ name: 'qwen3vl_4b' }],
    });
    await expect(load('qwen_image')).rejects.toMatchObject({
      code: 'DR_MODEL_UNSUPPORTED',
      hint: "For Krea 2 select the type 'krea2'.",
    });
  });

  it('has the names of checkpoints without its vision tower', async () => {
    const names = Object.entries(smallQwen3Vl()).flatMap(([name, tensor]) =>
      name.startsWith('model.language_model.')
        ? [[name.replace('language_model.', ''), tensor] as const]
        : [],
    );
    const plain = join(folder, 'plain.safetensors');
    await writeSafetensors(plain, Object.fromEntries(names));
    // a file of its own with such names is a Qwen3 to ComfyUI
    const { kind } = await loadTextEncoder(plain, context.runtime);
    expect(kind).toBe('qwen3_4b');
    expect(() => makeClip({ family: 'krea2', encoders: [] })).toThrow('no qwen3vl_4b text encoder');
  });
});
