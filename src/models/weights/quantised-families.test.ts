// FLUX.2 and Qwen-Image in the weight formats that people have, loaded as UNETLoader and
// UnetLoaderGGUF do, against ComfyUI (test/golden/weights/make_families.py).
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { denoisedBy } from '../../../test/support/dit-cases.ts';
import { q8File, quantisedBy, varied } from '../../../test/support/files/quantise.ts';
import { noiseTensor, tensorsOf } from '../../../test/support/files/rewrite.ts';
import { difference, fixtureModel, type GoldenCase, golden } from '../../../test/support/golden.ts';
import { writeSafetensors } from '../../formats/safetensors/safetensors-write.ts';
import { loadDiffusionModel } from '../checkpoint/load.ts';
import { createModelRuntime } from '../model-runtime.ts';

const g = golden('weights', 'families');
const folder = mkdtempSync(join(tmpdir(), 'darkroom-families-'));
const runtime = createModelRuntime({ threads: 1 });
afterAll(async () => {
  await runtime.close();
  rmSync(folder, { recursive: true });
});

const ARCHITECTURES: Readonly<Record<string, string>> = {
  tiny_flux2_klein: 'flux',
  tiny_qwen_image: 'qwen_image',
};

async function fileOf({ id, params: { model, format } }: GoldenCase): Promise<string> {
  const tensors = varied(await tensorsOf(fixtureModel(model)));
  const file = join(folder, `${id}.${format === 'q8_0' ? 'gguf' : 'safetensors'}`);
  if (format === 'q8_0') writeFileSync(file, q8File(tensors, ARCHITECTURES[model]));
  else await writeSafetensors(file, quantisedBy(tensors, format));
  return file;
}

// of int8 the results of ComfyUI with inputs of layers 1e-7 away count too, as in
// quantised-models.test.ts; those of FLUX.2, whose prompts have 512 tokens, are all different, so
// that the result must not be farther from one of them than they are from each other
it.each(g.cases)('$id', async (one) => {
  const { params, outputs } = one;
  const { denoiser } = await loadDiffusionModel(await fileOf(one), runtime);
  const inputs = {
    x: noiseTensor(params.x, params.seeds[0], 3),
    timesteps: Float32Array.of(params.sigma),
    context: noiseTensor(params.context, params.seeds[1], 3),
  };
  const { data } = denoisedBy(await denoiser.evaluate(inputs), inputs);
  const found = Object.values(outputs).map((name) => difference(g, name, data));
  const nearest = found.reduce((a, b) => (b.worst < a.worst ? b : a));
  expect(nearest.worst).toBeLessThanOrEqual(Math.max(nearest.bound, params.spread));
});
