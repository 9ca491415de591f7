// tile-upscale.json as a program: npx tsx examples/tile-upscale.ts An image of 128 pixels is drawn,
// enlarged to 512 by an upscale model, and each of its tiles is redrawn at the larger size.
import { openDarkroom } from '../src/index.ts';
import {
  CheckpointLoaderSimple,
  CLIPTextEncode,
  EmptyLatentImage,
  ImpactMakeTileSEGS,
  KSampler,
  SaveImage,
  SEGSUpscaler,
  UpscaleModelLoader,
  VAEDecode,
} from '../src/workflow/builder/nodes.generated.ts';
import { graph } from '../src/workflow/builder/workflow-builder.ts';

const base = CheckpointLoaderSimple({ ckpt_name: 'darkroom-tiny-base.safetensors' });
const positive = CLIPTextEncode({
  text: 'mushroom, flat style, green background',
  clip: base.CLIP,
}).CONDITIONING;
const negative = CLIPTextEncode({ text: '', clip: base.CLIP }).CONDITIONING;
const prompts = { positive, negative };
const sampler = { seed: 7, sampler_name: 'dpmpp_2m', scheduler: 'karras' } as const;

const latent = KSampler({
  model: base.MODEL,
  ...prompts,
  latent_image: EmptyLatentImage({ width: 128, height: 128, batch_size: 1 }).LATENT,
  ...sampler,
  ...{ steps: 20, cfg: 4.5, denoise: 1 },
});
const small = VAEDecode({ samples: latent.LATENT, vae: base.VAE }).IMAGE;
const tiles = ImpactMakeTileSEGS({
  images: small,
  ...{
    bbox_size: 72,
    crop_factor: 1.25,
    min_overlap: 16,
    filter_segs_dilation: 0,
    mask_irregularity: 0,
    irregular_mask_mode: 'Reuse fast',
  },
});
const large = SEGSUpscaler({
  image: small,
  segs: tiles.SEGS,
  model: base.MODEL,
  clip: base.CLIP,
  vae: base.VAE,
  ...prompts,
  ...sampler,
  ...{ rescale_factor: 4, resampling_method: 'lanczos', supersample: 'false', rounding_modulus: 8 },
  ...{ steps: 6, cfg: 3, denoise: 0.1, feather: 5, inpaint_model: false, noise_mask_feather: 20 },
  upscale_model_opt: UpscaleModelLoader({ model_name: 'realesr-animevideov3.safetensors' })
    .UPSCALE_MODEL,
});
const saved = SaveImage({ images: large.IMAGE, filename_prefix: 'tile-upscale' }, { id: 'saved' });

const darkroom = await openDarkroom();
const { outputs } = await darkroom.run(graph(saved));
console.log(outputs['saved'].images[0].path);
await darkroom.close();
