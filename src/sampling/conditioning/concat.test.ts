// Whole sampling runs of the original with PAG, FreeU_V2, inpainting models (9 channels) and
// InstructPix2Pix (8). The latter two are the fixture's UNet with a wider first convolution:
// (torch.arange(n, dtype=torch.float64) * 0.37).sin().mul(0.05).float().reshape(out, extra, 3, 3).
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { expectGolden, fixtureModel, golden } from '../../../test/support/golden.ts';
import { RULES } from '../../../test/support/rules.ts';
import { conditioningOf } from '../../../test/support/sampling.ts';
import { openSafetensors } from '../../formats/safetensors/safetensors.ts';
import {
  type TensorToWrite,
  writeSafetensors,
} from '../../formats/safetensors/safetensors-write.ts';
import { createUNet } from '../../models/unet/network.ts';
import { weightsOf } from '../../models/weights/tensors.ts';
import { createRuntime } from '../../runtime/runtime.ts';
import { concatBatch, map, reshape, type Tensor, zeros } from '../../tensor/tensor.ts';
import { makeModel } from '../model/model.ts';
import { perturbedAttentionGuidance } from '../patches/pag.ts';
import { commonKSampler } from '../runs/ksampler.ts';
import type { Conditioning, Latent, Model } from '../sampling-types.ts';
import { joinChannels } from './concat.ts';
import { setConditioningValues } from './operations.ts';

const runtime = createRuntime({ threads: 1 });
const folder = mkdtempSync(join(tmpdir(), 'darkroom-model-inputs-'));
afterAll(async () => {
  await runtime.close();
  rmSync(folder, { recursive: true });
});

/** The fixture's model with `extra` input channels added. */
async function modelWith(extra: number): Promise<Model> {
  const prefix = 'model.diffusion_model.';
  const source = await openSafetensors(fixtureModel('tiny_sdxl_base'));
  const tensors: Record<string, TensorToWrite> = {};
  for (const name of source.tensors.keys()) {
    if (!name.startsWith(prefix)) continue;
    const read = await source.read(name);
    tensors[name] = {
      dtype: 'F32',
      ...(name.endsWith('input_blocks.0.0.weight') && extra > 0 ? widened(read, extra) : read),
    };
  }
  await source.close();
  const file = join(folder, `${extra}.safetensors`);
  await writeSafetensors(file, tensors);
  const opened = await openSafetensors(file);
  await opened.close();
  return makeModel('sdxl', createUNet(runtime, weightsOf(file, opened.tensors, prefix)));
}

function widened(weight: Tensor, extra: number): Tensor {
  const more = zeros([weight.shape[0], extra, ...weight.shape.slice(2)]);
  return joinChannels(
    weight,
    map(more, (_, i) => Math.sin(i * 0.37) * 0.05),
  );
}

const g = golden('networks', 'unet_patches');
const c = golden('nodes_core', 'conditioning');
const [bp, bn, bp2] = ['bp', 'bn', 'bp2'].map((name) => conditioningOf(c, name));
const [image, concat, mask] = [
  c.float('lat/img'),
  c.float('inpaint_cond/concat_latent_image'),
  c.float('inpaint_cond/concat_mask'),
];
const inpainting = { concat_latent_image: concat, concat_mask: reshape(mask, [1, 64, 80]) };
const soft = reshape(c.float('mask/soft'), [1, 64, 80]);
const withImage = (conditioning: Conditioning, values: object = inpainting) =>
  setConditioningValues(conditioning, values);

/** concat_latent_image[..., :9] */
const narrow: Tensor = (() => {
  const [n, channels, height, width] = concat.shape;
  const data = concat.data.filter((_, i) => i % width < 9);
  return { shape: [n, channels, height, 9], data };
})();

interface Setting {
  readonly extra: number;
  readonly change?: (model: Model) => Model;
  readonly latent?: Latent;
  readonly positive?: Conditioning;
  readonly negative?: Conditioning;
}

const freeU = { kind: 'freeU', version: 2, b1: 1.3, b2: 1.4, s1: 0.9, s2: 0.2 } as const;
const SETTINGS: Readonly<Record<string, Setting>> = {
  pag: { extra: 0, change: (model) => perturbedAttentionGuidance(model, 3) },
  freeu: {
    extra: 0,
    change: (model) => ({ ...model, denoiser: model.denoiser.variant({ patches: [freeU] }) }),
  },
  inpaint9: {
    extra: 5,
    latent: { samples: image, noise_mask: inpainting.concat_mask },
    positive: withImage(bp),
    negative: withImage(bn),
  },
  inpaint9_blank: { extra: 5, latent: { samples: image } },
  inpaint9_fallback: { extra: 5, latent: { samples: image, noise_mask: soft } },
  inpaint9_area: {
    extra: 5,
    latent: { samples: concatBatch([image, map(image, (value) => value * 0.5)]) },
    positive: [
      ...withImage(bp, { ...inpainting, concat_latent_image: narrow }),
      ...withImage(bp2, { ...inpainting, area: [8, 6, 0, 2], strength: 0.8 }),
    ],
    negative: withImage(bn),
  },
  ip2p: {
    extra: 4,
    latent: { samples: zeros(concat.shape) },
    positive: withImage(bp, { concat_latent_image: concat }),
    negative: withImage(bn, { concat_latent_image: concat }),
  },
  ip2p_none: { extra: 4 },
};

describe('model inputs', () => {
  const cases = g.cases.filter(({ params }) => params.sampler_name);
  it('runs every case', () =>
    expect(Object.keys(SETTINGS).sort()).toEqual(cases.map(({ id }) => id).sort()));

  it.each([0, 4, 5])('with %i added channels', async (extra) => {
    const model = await modelWith(extra);
    for (const { id, params, outputs } of cases.filter(({ id }) => SETTINGS[id].extra === extra)) {
      const {
        change = (m: Model) => m,
        latent = { samples: c.float('lat/zero') },
        positive = bp,
        negative = bn,
      } = SETTINGS[id];
      const { samples } = await commonKSampler({
        rules: RULES,
        model: change(model),
        seed: BigInt(params.seed),
        steps: params.steps,
        cfg: params.cfg,
        samplerName: params.sampler_name,
        scheduler: params.scheduler,
        positive,
        negative,
        latent,
        denoise: params.denoise,
      });
      expectGolden(g, id, outputs.samples, samples);
    }
  });

  it.each([1, 3])('refuses a model with %d more channels', async (extra) => {
    const model = await modelWith(extra);
    const run = commonKSampler({
      rules: RULES,
      model,
      seed: 1n,
      steps: 1,
      cfg: 1,
      samplerName: 'euler',
      scheduler: 'normal',
      positive: bp,
      negative: bn,
      latent: { samples: c.float('lat/zero') },
    });
    await expect(run).rejects.toMatchObject({ code: 'DR_MODEL_UNSUPPORTED' });
  });
});
