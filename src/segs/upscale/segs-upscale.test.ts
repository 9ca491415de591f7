// SEGSUpscaler compared with the original's own source: the enlarged image, each sampled segment
// and the result.
import { afterAll, describe, expect, it } from 'vitest';
import {
  expectGolden,
  expectThroughBytes,
  fixtureModel,
  golden,
} from '../../../test/support/golden.ts';
import { RULES } from '../../../test/support/rules.ts';
import { bigintOf, conditioningOf, fixtureModels } from '../../../test/support/sampling.ts';
import { loadCheckpoint } from '../../models/checkpoint/load.ts';
import { loadControlNet } from '../../models/controlnet/load.ts';
import { loadUpscaler } from '../../models/upscaler/load.ts';
import { createRuntime } from '../../runtime/runtime.ts';
import { gitsSigmas } from '../../sampling/schedules/tabulated.ts';
import { map, type Tensor } from '../../tensor/tensor.ts';
import { wrapControlNet } from '../detail/controlnet-wrapper.ts';
import type { Segs } from '../segs.ts';
import { enlargeImage, resampleSegs } from './segs-upscale.ts';

const models = fixtureModels();
const runtime = createRuntime({ threads: 1 });
afterAll(async () => {
  await models.close();
  await runtime.close();
});

describe('seeds/segs_upscaler', () => {
  const g = golden('seeds', 'segs_upscaler');
  it.each(g.cases.map((goldenCase) => [goldenCase.id, goldenCase] as const))(
    '%s',
    async (id, { params, inputs, outputs, scalars, note }) => {
      expect(note, id).toBeUndefined();
      const [height, width] = scalars!.segs_shape;
      const net =
        params.cn && (await loadControlNet(fixtureModel('tiny_controlnet_sdxl'), runtime));
      const [, strength, start, end] = params.cn ?? [];
      const range = params.cn?.[0] === 'adv' ? { start, end } : undefined;
      const segs: Segs = {
        height,
        width,
        segs: (
          scalars!.segs as {
            crop_region: [number, number, number, number];
            bbox: [number, number, number, number];
          }[]
        ).map(({ crop_region, bbox }, i) => ({
          croppedMask: g.float(inputs[`seg${i}_mask`]),
          confidence: 1,
          cropRegion: crop_region,
          bbox,
          label: '',
          controlNetWrapper:
            net && wrapControlNet({ net, strength, range }, [height, width], crop_region),
        })),
      };
      const { vae } = await loadCheckpoint(
        fixtureModel(params.model === 'sd1' ? 'tiny_sd1' : 'tiny_sdxl_base'),
        runtime,
      );
      const enlarged = await enlargeImage(g.float(inputs.image), {
        factor: params.rescale_factor,
        supersample: params.supersample === 'true',
        model:
          params.upscale_model && (await loadUpscaler(fixtureModel(params.upscale_model), runtime)),
      });
      expectGolden(g, id, outputs.upscaled, enlarged);
      const segments: Tensor[] = [];
      const image = await resampleSegs(enlarged, segs, {
        rules: RULES,
        sampler: {
          model: await models.model(params.model),
          seed: bigintOf(params.seed),
          steps: params.steps,
          cfg: params.cfg,
          samplerName: params.sampler_name,
          scheduler: params.scheduler,
          positive: conditioningOf(g, params.pos),
          negative: conditioningOf(g, params.neg),
          denoise: params.denoise,
          schedulerFunc:
            params.scheduler_func &&
            ((_model, _sampler, steps) => gitsSigmas(params.scheduler_func[1], steps)),
        },
        vae: vae!,
        feather: params.feather,
        noiseMaskFeather: params.noise_mask_feather,
        inpaintModel: params.inpaint_model,
        hook: params.hook && {
          postPaste: (pasted) => map(pasted, (value) => value * Math.fround(params.hook)),
        },
        onSegment: (_done, _total, sampled) => sampled && segments.push(sampled),
      });
      // segments of odd sizes are resized as 8-bit images, where a difference in the last place can
      // move a value to the next level
      const inBytes = segments.some(({ shape }) => shape[1] % 8 || shape[2] % 8);
      const compare = inBytes ? expectThroughBytes : expectGolden;
      for (const [i, segment] of segments.entries())
        compare(g, id, outputs[`enhanced${i}`], segment);
      compare(g, id, outputs.image, image);
    },
  );
});
