// CLIP vision models and unCLIP vectors against the original's (test/golden/vision), in both
// layouts.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { noise, seededTensors, type TensorsToWrite } from '../../../test/support/files/rewrite.ts';
import { expectGolden, golden } from '../../../test/support/golden.ts';
import { runNode, testContext } from '../../../test/support/run-node.ts';
import { writeSafetensors } from '../../formats/safetensors/safetensors-write.ts';
import { toNCHW } from '../../image/channel-order.ts';
import { createRuntime } from '../../runtime/runtime.ts';
import { sliceBatch, type Tensor, tensor } from '../../tensor/tensor.ts';
import { loadCheckpointVision, loadVision, preprocess, type VisionModel } from './load.ts';

const g = golden('vision', 'clip');
const folder = mkdtempSync(join(tmpdir(), 'darkroom-vision-'));
const runtime = createRuntime({ threads: 2 });
afterAll(async () => {
  await runtime.close();
  rmSync(folder, { recursive: true, force: true });
});

const randomTensor = (
  shape: readonly number[],
  seed: number,
  scale: number,
  mean: number,
): Tensor =>
  tensor(
    shape,
    noise(
      shape.reduce((n, d) => n * d, 1),
      seed,
      scale,
    ).map((v) => v + mean),
  );

const tensorsOf = (model: string): TensorsToWrite =>
  seededTensors(
    g.cases.find(({ params }) => params.model === model && params.weights)!.params.weights,
  );

async function load(name: string, tensors: TensorsToWrite): Promise<VisionModel> {
  const file = join(folder, `${name}.safetensors`);
  await writeSafetensors(file, tensors);
  return loadVision(file, runtime);
}

/** Rewrites tensors to open_clip's names and fused projections. */
function openClip(tensors: TensorsToWrite, prefix: string): TensorsToWrite {
  const renamed: TensorsToWrite = {};
  const names: readonly (readonly [RegExp, string])[] = [
    [/^vision_model\.embeddings\.class_embedding$/, 'class_embedding'],
    [/^vision_model\.embeddings\.patch_embedding\.weight$/, 'conv1.weight'],
    [/^vision_model\.embeddings\.position_embedding\.weight$/, 'positional_embedding'],
    [/^vision_model\.pre_layrnorm/, 'ln_pre'],
    [/^vision_model\.post_layernorm/, 'ln_post'],
    [/^vision_model\.encoder\.layers\.(\d+)\.layer_norm([12])/, 'transformer.resblocks.$1.ln_$2'],
    [/^vision_model\.encoder\.layers\.(\d+)\.mlp\.fc1/, 'transformer.resblocks.$1.mlp.c_fc'],
    [/^vision_model\.encoder\.layers\.(\d+)\.mlp\.fc2/, 'transformer.resblocks.$1.mlp.c_proj'],
    [
      /^vision_model\.encoder\.layers\.(\d+)\.self_attn\.out_proj/,
      'transformer.resblocks.$1.attn.out_proj',
    ],
  ];
  for (const [name, value] of Object.entries(tensors)) {
    const rule = names.find(([pattern]) => pattern.test(name));
    if (rule) renamed[prefix + name.replace(rule[0], rule[1])] = value;
    const query = /^vision_model\.encoder\.layers\.(\d+)\.self_attn\.q_proj\.(weight|bias)$/.exec(
      name,
    );
    if (!query) continue;
    const parts = ['q', 'k', 'v'].map((part) => tensors[name.replace('q_proj', `${part}_proj`)]);
    const data = Float32Array.from(parts.flatMap((part) => [...(part.data as Float32Array)]));
    const shape = [3 * value.shape[0], ...value.shape.slice(1)];
    renamed[`${prefix}transformer.resblocks.${query[1]}.attn.in_proj_${query[2]}`] = {
      dtype: 'F32',
      shape,
      data,
    };
  }
  const { shape, data } = tensors['visual_projection.weight'];
  const [out, width] = shape;
  const transposed = Float32Array.from(
    { length: out * width },
    (_, i) => (data as Float32Array)[(i % out) * width + Math.floor(i / out)],
  );
  renamed[`${prefix}proj`] = { dtype: 'F32', shape: [width, out], data: transposed };
  return renamed;
}

describe('golden vision/clip', () => {
  it.each(g.cases.filter(({ params }) => params.kind === 'vision'))(
    '$id',
    async ({ id, params, outputs }) => {
      const model = await load(params.model, tensorsOf(params.model));
      const encoded = await model.encode(randomTensor(params.shape, 7, 1, 0.5), params.crop);
      expectGolden(g, id, outputs.embeds, encoded.embeds);
      for (const part of ['last', 'penultimate'] as const)
        if (outputs[part]) expectGolden(g, id, outputs[part], sliceBatch(encoded[part], 0, 1));
    },
  );

  it('preprocesses images as the original does', () => {
    const [{ id, params, outputs }] = g.cases.filter(({ params }) => params.kind === 'preprocess');
    expectGolden(
      g,
      id,
      outputs.pixels,
      preprocess(toNCHW(randomTensor(params.shape, 9, 1, 0.5)), params.size, true),
    );
  });

  it('loads the layout of open_clip, alone and from a checkpoint', async () => {
    const { id, params, outputs } = g.cases.find((candidate) => candidate.id === 'ViT-H square')!;
    const images = randomTensor(params.shape, 7, 1, 0.5);
    const alone = await load('renamed', openClip(tensorsOf('ViT-H'), 'visual.'));
    expectGolden(g, id, outputs.embeds, (await alone.encode(images, true)).embeds);
    const file = join(folder, 'unclip.safetensors');
    await writeSafetensors(file, openClip(tensorsOf('ViT-H'), 'embedder.model.visual.'));
    expectGolden(
      g,
      id,
      outputs.embeds,
      (await (await loadCheckpointVision(file, runtime))!.encode(images, true)).embeds,
    );
    await expect(loadVision(file, runtime)).rejects.toMatchObject({ code: 'DR_MODEL_UNSUPPORTED' });
  });
});

it('CLIPVisionLoader and CLIPVisionEncode return the embeds of the original', async () => {
  const file = join(folder, 'node.safetensors');
  await writeSafetensors(file, tensorsOf('ViT-L'));
  const context = { ...testContext({ clip_vision: { 'node.safetensors': file } }), runtime };
  const [clip_vision] = (await runNode(
    'CLIPVisionLoader',
    { clip_name: 'node.safetensors' },
    context,
  )) as readonly unknown[];
  const { id, params, outputs } = g.cases.find((candidate) => candidate.id === 'ViT-L wide')!;
  const image = randomTensor(params.shape, 7, 1, 0.5);
  const [encoded] = (await runNode(
    'CLIPVisionEncode',
    { clip_vision, image, crop: 'center' },
    context,
  )) as readonly unknown[];
  expectGolden(g, id, outputs.embeds, (encoded as { embeds: Tensor }).embeds);
});
