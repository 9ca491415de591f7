// Whole CLIPs on the fixture checkpoints against text/clip (CLIPTextEncode, CLIPSetLastLayer).
import { afterAll, describe, expect, it } from 'vitest';
import { expectGolden, fixtureModel, golden } from '../../../test/support/golden.ts';
import { createRuntime } from '../../runtime/runtime.ts';
import { loadCheckpoint } from '../checkpoint/load.ts';
import { type Clip, embeddingReader, makeClip } from './clip.ts';

const g = golden('text', 'clip');
const MODELS = { base: 'tiny_sdxl_base', refiner: 'tiny_sdxl_refiner', sd1: 'tiny_sd1' };
const runtime = createRuntime({ threads: 2 });
const embeddings = embeddingReader(['tinyti.safetensors'], () => fixtureModel('tinyti'));
afterAll(() => runtime.close());

describe('golden text/clip', () => {
  for (const [model, file] of Object.entries(MODELS)) {
    const cases = g.cases.filter(({ params }) => params.model === model);
    it(`${model} encodes ${cases.length} prompts as the original does`, async () => {
      const { clipFamily, encoders } = await loadCheckpoint(fixtureModel(file), runtime);
      const clip: Clip = makeClip({ family: clipFamily, encoders, embeddings });
      for (const { id, params, outputs } of cases) {
        const clipWithLayer =
          params.stop_at_clip_layer === undefined
            ? clip
            : clip.withLastLayer(params.stop_at_clip_layer);
        const { cond, pooled } = await clipWithLayer.encode(params.text);
        expectGolden(g, id, outputs.cond, cond);
        expectGolden(g, id, outputs.pooled, pooled!);
      }
    });
  }

  it('covers the models of all golden cases', () => {
    expect(g.cases.every(({ params }) => params.model in MODELS)).toBe(true);
  });
});
