// Which small model stands for a file of a public workflow, by its name (scripts/coverage).
import { describe, expect, it } from 'vitest';
import {
  familyOf,
  familyTitle,
  foreignModels,
  type SmallFamily,
  smallFamily,
} from '../scripts/coverage/families.ts';
import { smallModel } from '../scripts/coverage/small-models.ts';
import { NODES } from '../src/nodes/index.ts';
import type { Graph } from '../src/workflow/api-graph.ts';

const QWEN3_VL = 'qwen3vl_8b.safetensors';
const QWEN = 'qwen-image.safetensors';
const MISTRAL = 'mistral3_24b.safetensors';
const INPAINT = 'qwen-image-inpainting.safetensors';
const CONDITIONING = 'conditioning.safetensors';

describe('small models', () => {
  it.each([
    ['z_image_turbo_bf16.safetensors', 'Z-Image'],
    ['NetaYumev35_pretrained_all_in_one.safetensors', 'Lumina 2'],
    ['FLUX1/flux1-dev-fp8.safetensors', 'FLUX.1'],
    ['flux1-krea-dev_fp8_scaled.safetensors', 'FLUX.1'],
    ['Chroma1-HD-fp8mixed.safetensors', 'Chroma'],
    ['chroma-radiance-x0.safetensors', 'Chroma Radiance'],
    ['sd3.5_large_fp8_scaled.safetensors', 'SD3, SD3.5'],
    ['stableDiffusion3SD3_sd3Medium.safetensors', 'SD3, SD3.5'],
    ['flux-2-klein-4b-fp8.safetensors', 'FLUX.2'],
    ['flux3-image-klein-int8-convrot.safetensors', 'FLUX 3'],
    ['qwen_image_2512_fp8_e4m3fn.safetensors', 'Qwen-Image'],
    ['qwen_image_2.1_int8_convrot.safetensors', 'Qwen-Image 2.1'],
    ['krea2_turbo_fp8_scaled.safetensors', 'Krea 2'],
    ['anima-base-v1.0.safetensors', 'Anima'],
    ['wan2.2_t2v_high_noise_14B_fp8_scaled.safetensors', 'video, audio and 3D'],
    ['swanky_v15.safetensors', undefined],
  ])('%s is of the family %s', (file, title) => {
    expect(familyOf(file)?.title).toBe(title);
  });

  it.each<[string, string, SmallFamily, string | undefined]>([
    ['diffusion_models', 'flux1-fill-dev.safetensors', 'flux', 'flux-fill.safetensors'],
    ['unet_gguf', 'flux1-schnell-Q4_K_S.gguf', 'flux', 'flux-schnell.gguf'],
    ['checkpoints', 'sd3.5_large.safetensors', 'sd1', 'sd35.safetensors'],
    ['checkpoints', 'sd_xl_refiner_1.0.safetensors', 'sdxl', 'sdxl-refiner.safetensors'],
    ['text_encoders', 't5xxl_fp8_e4m3fn_scaled.safetensors', 'flux', 't5xxl.safetensors'],
    ['text_encoders', 't5-v1_1-xxl-encoder-Q8_0.gguf', 'flux', 't5xxl.gguf'],
    ['checkpoints', 'aura_flow_0.2.safetensors', 'sd1', 'auraflow.safetensors'],
    ['text_encoders', 'mistral_3_small_flux2_fp8.safetensors', 'flux2-dev', MISTRAL],
    ['diffusion_models', 'flux2_dev_fp8mixed.safetensors', 'flux2-dev', 'flux2-dev.safetensors'],
    ['loras', 'Flux_2-Turbo-LoRA_comfyui.safetensors', 'flux2-dev', 'flux2.safetensors'],
    ['text_encoders', 'umt5_xxl_fp8_e4m3fn_scaled.safetensors', 'flux', undefined],
    ['vae', 'ae.safetensors', 'z-image', 'ae.safetensors'],
    ['vae', 'qwen_image_vae.safetensors', 'qwen-image', 'wan.safetensors'],
    ['vae', 'qwen_image_layered_vae.safetensors', 'qwen-image-layered', 'wan-alpha.safetensors'],
    ['vae', 'qwen_image_2.1_vae_bf16.safetensors', 'qwen-image-21', 'qwen-image-21.safetensors'],
    ['text_encoders', 'qwen3vl_8b_int8_convrot.safetensors', 'qwen-image-21', QWEN3_VL],
    ['vae', 'qwen_image_vae.safetensors', 'anima', 'wan.safetensors'],
    ['text_encoders', 'qwen3vl_4b_fp8_scaled.safetensors', 'krea2', 'qwen3vl_4b.safetensors'],
    ['text_encoders', 'qwen_3_06b_base.safetensors', 'anima', 'qwen3_06b.safetensors'],
    ['vae', 'vae-ft-mse-840000-ema-pruned.safetensors', 'sd1', 'vae.safetensors'],
    ['loras', 'flux1-depth-dev-lora.safetensors', 'flux', 'flux-control.safetensors'],
    ['loras', 'a_style.safetensors', 'flux-schnell', 'flux.safetensors'],
    ['controlnet', 'sd3.5_large_controlnet_canny.safetensors', 'sd35', 'sd35.safetensors'],
    ['controlnet', 'a_net.safetensors', 'chroma', undefined],
    ['controlnet', 'Qwen-Image-InstantX-ControlNet-Union.safetensors', 'qwen-image', QWEN],
    ['controlnet', 'Qwen-Image-InstantX-ControlNet-Inpainting.safetensors', 'qwen-image', INPAINT],
    ['controlnet', 'Qwen-Image-2512-Fun-Controlnet-Union.safetensors', 'qwen-image', undefined],
    ['model_patches', 'qwen_image_canny_diffsynth_controlnet.safetensors', 'qwen-image', QWEN],
    ['model_patches', 'qwen_image_inpaint_diffsynth_controlnet.safetensors', 'qwen-image', INPAINT],
    ['embeddings', 'marigold_v2_depth_conditioning.safetensors', 'qwen-image', CONDITIONING],
    ['model_patches', 'uso-flux1-projector-v1.safetensors', 'flux', 'uso.safetensors'],
  ])('%s/%s in a workflow of %s: %s', (folder, name, family, file) => {
    expect(smallModel(folder, name, family)).toBe(file);
  });

  it("a workflow's family is that of its model, else of the files beside it", () => {
    const graph = (nodes: Record<string, Record<string, string>>): Graph =>
      new Map(
        Object.entries(nodes).map(([classType, inputs], i) => [
          `${i}`,
          { classType, inputs, source: {} },
        ]),
      );
    const flux = graph({
      LoraLoader: { lora_name: 'chroma_style.safetensors' },
      UNETLoader: { unet_name: 'flux1-dev.safetensors' },
    });
    expect([familyTitle(flux, NODES), smallFamily(flux, NODES)]).toEqual(['FLUX.1', 'flux']);
    const unknown = graph({ WanLoader: { model: 'wan2.1_t2v.safetensors' } });
    expect(familyTitle(unknown, NODES)).toBe('video, audio and 3D');
    expect(familyTitle(graph({ LoadImage: { image: 'a.png' } }), NODES)).toBe('no model');
    const other = graph({ UNETLoader: { unet_name: 'flux3-image-klein.safetensors' } });
    expect(foreignModels(other, NODES)).toEqual([
      'flux3-image-klein.safetensors: FLUX 3 is not run',
    ]);
  });
});
