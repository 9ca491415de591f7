# Makes samples.json.gz and samples.safetensors.gz: SD_4XUpscale_Conditioning and comfy.sample.sample of a small model of the kind of Stable Diffusion's x4 upscaler.
# python make.py COMFYUI_FOLDER (v0.3.64) (torch on the CPU)
# `measured`: the difference from a run without oneDNN's convolutions and with another attention.
import os, sys
here = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [here, os.path.dirname(here), os.path.join(os.path.dirname(here), "core_nodes")]
from originals import load
run = load(sys.argv[1])
import torch
torch.set_num_threads(1)
import comfy.ldm.modules.attention as attention, comfy.model_patcher, comfy.ops, comfy.sample, comfy.supported_models
from comfy.ldm.modules.diffusionmodules.openaimodel import UNetModel
from seeded import fill, noise, write

# the kind's settings (supported_models.SD_X4Upscaler) with other sizes
UNET = dict(image_size=32, in_channels=7, out_channels=4, model_channels=32, num_res_blocks=[1, 1, 1, 1], channel_mult=[1, 2, 2, 4], transformer_depth=[0, 1, 1, 1], transformer_depth_output=[0, 0, 1, 1, 1, 1, 1, 1], transformer_depth_middle=1, context_dim=128, use_spatial_transformer=True, use_linear_in_transformer=True, legacy=False, use_checkpoint=False)
config = comfy.supported_models.SD_X4Upscaler({**UNET, "disable_unet_model_creation": True})
model = config.get_model({})
unet = UNetModel(**UNET, **config.unet_extra_config, dtype=torch.float32, device="cpu", operations=comfy.ops.disable_weight_init)
specs = fill(unet, gain=0.7)
model.diffusion_model = unet
config.unet_config["dtype"] = torch.float32
patcher = comfy.model_patcher.ModelPatcher(model, torch.device("cpu"), torch.device("cpu"))

def made(shape, seed, scale, around=0.0):
    return torch.from_numpy(noise(int(torch.tensor(shape).prod()), seed, scale) + around).float().reshape(shape)

def conditioned(size, count, scale_ratio, augmentation):
    images = made([count, *size, 3], 5, 1.0, 0.5)
    sides = [[[made([1, 77, 128], seed, 3.0), {}]] for seed in (1, 2)]
    return run("comfy_extras.nodes_sdupscale", "SD_4XUpscale_Conditioning", {"images": images, "positive": sides[0], "negative": sides[1], "scale_ratio": scale_ratio, "noise_augmentation": augmentation})

def sampled(seed, size=None, count=1, scale_ratio=4.0, augmentation=0.0, cfg=4.0, latent=None, patches=()):
    patched = patcher
    for module, node, inputs in patches:
        patched = run(module, node, {"model": patched, **inputs})[0]
    if size is None:
        positive, negative = ([[made([1, 77, 128], s, 3.0), {}]] for s in (1, 2))
        start = torch.zeros(latent)
    else:
        positive, negative, made_latent = conditioned(size, count, scale_ratio, augmentation)
        start = made_latent["samples"] if latent is None else torch.zeros(latent)
    return comfy.sample.sample(patched, comfy.sample.prepare_noise(start, seed), 3, cfg, "euler", "normal", positive, negative, start, seed=seed, disable_pbar=True)

def otherwise(**options):
    original = attention.optimized_attention
    attention.optimized_attention = attention.attention_basic
    try:
        with torch.backends.mkldnn.flags(enabled=False):
            return sampled(**options)
    finally:
        attention.optimized_attention = original

tensors, cases, measured = {}, [], {}

def node_case(id, **options):
    positive, _, latent = conditioned(**options)
    tensors[id] = positive[0][1]["concat_image"]
    cases.append({"id": id, "params": {"node": True, "latent": list(latent["samples"].shape), **options}, "inputs": {}, "outputs": {"image": id}})

def case(id, **options):
    one, two = sampled(**options), otherwise(**options)
    tensors[id], measured[id] = one, [(one - two).abs().max().item()]
    cases.append({"id": id, "params": options, "inputs": {}, "outputs": {"samples": id}})
    print(id, tuple(one.shape), f"{one.abs().max().item():.3g} {measured[id][0]:.2g}", flush=True)

node_case("image", size=[16, 24], count=1, scale_ratio=4.0, augmentation=0.1)
node_case("image, reduced, two", size=[23, 19], count=2, scale_ratio=2.7, augmentation=0.0)
node_case("image, enlarged", size=[9, 14], count=1, scale_ratio=9.9, augmentation=1.0)
case("no noise", seed=11, size=[16, 24])
case("noise", seed=12, size=[16, 16], augmentation=0.2)
case("noise, small seed", seed=3, size=[16, 16], augmentation=1.0, count=2)
case("noise of level 0", seed=13, size=[8, 16], augmentation=0.001, cfg=1.0)
case("another latent", seed=14, size=[16, 16], augmentation=0.3, count=2, latent=[3, 4, 17, 12])
case("no image", seed=15, latent=[1, 4, 16, 8])
case("odd", seed=16, size=[13, 11], scale_ratio=5.5)
case("deep shrink, FreeU, SAG", seed=17, size=[24, 24], augmentation=0.1, patches=[["comfy_extras.nodes_model_downscale", "PatchModelAddDownscale", {"block_number": 3, "downscale_factor": 2.0, "start_percent": 0.0, "end_percent": 0.6, "downscale_after_skip": True, "downscale_method": "bicubic", "upscale_method": "area"}], ["comfy_extras.nodes_freelunch", "FreeU_V2", {"b1": 1.3, "b2": 1.4, "s1": 0.9, "s2": 0.2}], ["comfy_extras.nodes_sag", "SelfAttentionGuidance", {"scale": 0.8, "blur_sigma": 2.0}]])
cases[0]["params"]["weights"] = specs
write(here, "samples", cases, tensors, measured)
