// unsample-and-change.json as a program: npx tsx examples/unsample-and-change.ts An image is
// sampled, inverted to the noise that leads to it, and drawn again from that noise with another
// prompt.
import { openDarkroom } from '../src/index.ts';
import {
  BNK_Unsampler,
  CheckpointLoaderSimple,
  CLIPTextEncode,
  EmptyLatentImage,
  KSampler,
  KSamplerAdvanced,
  SaveImage,
  VAEDecode,
} from '../src/workflow/builder/nodes.generated.ts';
import { graph } from '../src/workflow/builder/workflow-builder.ts';

const {
  MODEL: model,
  CLIP: clip,
  VAE: vae,
} = CheckpointLoaderSimple({ ckpt_name: 'darkroom-tiny-base.safetensors' });
const prompt = CLIPTextEncode({
  clip,
  text: 'red apple, noto style, blue background',
}).CONDITIONING;
const changed = CLIPTextEncode({
  clip,
  text: 'red apple, noto style, pink background',
}).CONDITIONING;
const negative = CLIPTextEncode({ clip, text: '' }).CONDITIONING;

const steps = 20;
const first = KSampler({
  ...{
    model,
    positive: prompt,
    negative,
    latent_image: EmptyLatentImage({ width: 128, height: 128, batch_size: 1 }).LATENT,
  },
  ...{ seed: 7, steps, cfg: 4.5, sampler_name: 'dpmpp_2m', scheduler: 'karras', denoise: 1 },
});
// for both directions: the same steps, and a sampler that adds no noise of its own
const noise = BNK_Unsampler({
  ...{ model, positive: prompt, negative, latent_image: first.LATENT },
  ...{
    steps,
    end_at_step: 0,
    cfg: 1,
    sampler_name: 'euler',
    scheduler: 'karras',
    normalize: 'disable',
  },
});
const second = KSamplerAdvanced({
  ...{ model, positive: changed, negative, latent_image: noise.LATENT },
  ...{
    add_noise: 'disable',
    noise_seed: 0,
    steps,
    cfg: 4.5,
    sampler_name: 'euler',
    scheduler: 'karras',
  },
  ...{ start_at_step: 0, end_at_step: 10000, return_with_leftover_noise: 'disable' },
});
const saved = SaveImage(
  {
    images: VAEDecode({ samples: second.LATENT, vae }).IMAGE,
    filename_prefix: 'unsample-and-change',
  },
  { id: 'saved' },
);

const darkroom = await openDarkroom();
const { outputs } = await darkroom.run(graph(saved));
console.log(outputs['saved'].images[0].path);
await darkroom.close();
