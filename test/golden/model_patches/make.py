# Makes samples.json.gz and samples.safetensors.gz: comfy.sample.sample of fixture models with ComfyUI's own model patches.
# python make.py COMFYUI_FOLDER (v0.3.64) FIXTURES_FOLDER (torch on the CPU)
# `measured`: the largest difference from a run without oneDNN's convolutions and with another attention.
import gzip, os, sys, tempfile
folder, fixtures = sys.argv[1:3]
here = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [here, os.path.dirname(here), os.path.join(os.path.dirname(here), "core_nodes")]
from originals import load
run = load(folder)
import torch
torch.set_num_threads(1)
import comfy.controlnet, comfy.ldm.modules.attention as attention, comfy.model_detection, comfy.model_patcher, comfy.sample, comfy.sd, comfy.supported_models, comfy.utils
from seeded import noise, write

temporary = tempfile.mkdtemp()

def unpacked(name):
    path = os.path.join(temporary, f"{name}.safetensors")
    with open(path, "wb") as f:
        f.write(gzip.open(os.path.join(fixtures, f"{name}.safetensors.gz")).read())
    return path

UNET = "model.diffusion_model."

def opened(kind, file):
    weights = comfy.utils.load_torch_file(unpacked(file))
    config = kind(comfy.model_detection.detect_unet_config(weights, UNET))
    model = config.get_model(weights, UNET)
    model.load_model_weights(weights, UNET)
    return comfy.model_patcher.ModelPatcher(model, torch.device("cpu"), torch.device("cpu"))

MODELS = {"sd1": opened(comfy.supported_models.SD15, "tiny_sd1"), "sdxl": opened(comfy.supported_models.SDXL, "tiny_sdxl_base")}
CONTROL = comfy.controlnet.load_controlnet(unpacked("tiny_controlnet_sdxl"))
X = "comfy_extras.nodes_"
MODULES = {"PatchModelAddDownscale": X + "model_downscale", "SelfAttentionGuidance": X + "sag", "HyperTile": X + "hypertile", "TomePatchModel": X + "tomesd", "FreeU": X + "freelunch", "FreeU_V2": X + "freelunch", "PerturbedAttentionGuidance": X + "pag"}

def made(shape, seed, scale, around=0.0):
    return torch.from_numpy(noise(int(torch.tensor(shape).prod()), seed, scale) + around).float().reshape(shape)

WIDTHS = {"sd1": (128, None), "sdxl": (128, 64)}

def prompt(model, seed, **values):
    width, pooled = WIDTHS[model]
    more = {} if pooled is None else {"pooled_output": made([1, pooled], seed + 100, 3.0)}
    return [[made([1, 77, width], seed, 3.0), {**more, **values}]]

def controlled(conditioning, size, end):
    hint = made([1, 3, size[0] * 8, size[1] * 8], 9, 1.0, 0.5)
    control = CONTROL.copy().set_cond_hint(hint, 0.8, (0.0, end))
    return [[t, {**values, "control": control, "control_apply_to_uncond": True}] for t, values in conditioning]

def sampled(model, patches, size, batch=1, cfg=5.0, sampler="euler", steps=4, seed=7, area=None, control=None, denoise=1.0):
    patched = MODELS[model]
    for node, inputs in patches:
        patched = run(MODULES[node], node, {"model": patched, **inputs})[0]
    positive, negative = prompt(model, 1), prompt(model, 2)
    if area is not None:
        positive = positive + prompt(model, 3, area=tuple(area), strength=0.7)
    if control is not None:
        positive, negative = (controlled(c, size, control) for c in (positive, negative))
    latent = torch.zeros([batch, 4, *size])
    start = comfy.sample.prepare_noise(latent, seed)
    return comfy.sample.sample(patched, start, steps, cfg, sampler, "normal", positive, negative, latent, denoise=denoise, seed=seed, disable_pbar=True)

ATTENTION = attention.optimized_attention

def otherwise(*args, **kwargs):
    attention.optimized_attention = attention.attention_basic
    try:
        with torch.backends.mkldnn.flags(enabled=False):
            return sampled(*args, **kwargs)
    finally:
        attention.optimized_attention = ATTENTION

tensors, cases, measured = {}, [], {}

def case(id, model, patches, size, **options):
    params = {"model": model, "patches": patches, "size": size, **options}
    try:
        one = sampled(model, patches, size, **options)
    except Exception as error:
        cases.append({"id": id, "params": params, "inputs": {}, "outputs": {}, "note": f"raises {error.__class__.__name__}"})
        print(id, "raises", str(error)[:100], flush=True)
        return
    two = otherwise(model, patches, size, **options)
    tensors[id] = one
    measured[id] = [(one - two).abs().max().item()]
    cases.append({"id": id, "params": params, "inputs": {}, "outputs": {"samples": id}})
    print(id, tuple(one.shape), f"{one.abs().max().item():.3g} {measured[id][0]:.2g}", flush=True)

def shrink(block=3, factor=2.0, start=0.0, end=0.6, after=True, down="bicubic", up="bicubic"):
    return ["PatchModelAddDownscale", {"block_number": block, "downscale_factor": factor, "start_percent": start, "end_percent": end, "downscale_after_skip": after, "downscale_method": down, "upscale_method": up}]

def sag(scale=0.5, sigma=2.0):
    return ["SelfAttentionGuidance", {"scale": scale, "blur_sigma": sigma}]

def tiles(size=64, swap=2, depth=0, scale=False):
    return ["HyperTile", {"tile_size": size, "swap_size": swap, "max_depth": depth, "scale_depth": scale}]

def merged(ratio=0.3):
    return ["TomePatchModel", {"ratio": ratio}]

FREEU = ["FreeU", {"b1": 1.1, "b2": 1.2, "s1": 0.9, "s2": 0.2}]
FREEU2 = ["FreeU_V2", {"b1": 1.3, "b2": 1.4, "s1": 0.9, "s2": 0.2}]
PAG = ["PerturbedAttentionGuidance", {"scale": 2.0}]

case("plain", "sd1", [], [12, 16])
# PatchModelAddDownscale
METHODS = ["bicubic", "nearest-exact", "bilinear", "area", "bislerp"]
for i, method in enumerate(METHODS):
    other = METHODS[(i + 1) % len(METHODS)]
    case(f"shrink {method}", "sd1", [shrink(down=method, up=other)], [12, 16])
    case(f"shrink {method} before the skip", "sdxl", [shrink(down=other, up=method, after=False, factor=1.7)], [13, 18], batch=2)
for block in range(1, 9):
    case(f"shrink at block {block}", "sdxl" if block % 2 else "sd1", [shrink(block, 1.5 + block / 10, after=block % 3 != 0)], [20, 14])
case("shrink at the last block", "sd1", [shrink(7)], [16, 16])
case("shrink at no block", "sdxl", [shrink(9)], [10, 10])
case("shrink to nothing", "sd1", [shrink(6, 9.0)], [12, 12])
case("shrink the width only", "sd1", [shrink(1, 1.05)], [8, 20])
case("shrink one side, enlarged by a layer", "sd1", [shrink(1, 1.2)], [2, 20])
case("shrink one side", "sdxl", [shrink(4, 1.1)], [8, 40])
case("enlarge", "sdxl", [shrink(2, 0.6)], [9, 7])
case("shrink whole run, cfg 1", "sd1", [shrink(2, 3.3, end=1.0)], [17, 11], cfg=1.0)
case("shrink in the middle of the run", "sdxl", [shrink(4, 2.0, start=0.3, end=0.7)], [12, 12], steps=6)
case("shrink twice", "sdxl", [shrink(2, 1.5, down="area", up="bilinear"), shrink(5, 2.0, up="nearest-exact", end=0.4)], [22, 26], steps=5)
case("shrink twice at one block", "sd1", [shrink(3, 1.5, after=False), shrink(3, 1.4, up="area")], [18, 14])
case("shrink with a ControlNet", "sdxl", [shrink(3, 2.0)], [16, 16], control=0.8)
case("shrink with a ControlNet, at a late block", "sdxl", [shrink(6, 2.0, end=0.8, after=False)], [12, 16], control=1.0)
case("shrink with an area", "sd1", [shrink(3, 2.0)], [24, 20], area=[12, 10, 8, 4])
case("shrink, FreeU", "sd1", [shrink(3, 2.0, up="bislerp"), FREEU], [12, 16])
case("FreeU_V2, shrink", "sdxl", [FREEU2, shrink(3, 2.0)], [12, 16])
case("shrink, FreeU_V2", "sdxl", [shrink(7, 1.5), FREEU2], [12, 16])
case("FreeU twice", "sd1", [FREEU, FREEU2, FREEU], [12, 16])
# SelfAttentionGuidance
for model in MODELS:
    case(f"SAG {model}", model, [sag()], [24, 32])
    case(f"SAG {model}, batch, odd size", model, [sag(1.5, 0.7)], [23, 13], batch=2)
case("SAG, cfg 1", "sd1", [sag(-1.0, 5.0)], [16, 24], cfg=1.0)
case("SAG, too small", "sd1", [sag(2.0)], [4, 20])
case("SAG, small", "sdxl", [sag(2.0)], [5, 9])
case("SAG, a sampler with uncond", "sdxl", [sag(0.8)], [16, 16], sampler="euler_cfg_pp")
case("SAG with an area", "sd1", [sag(0.8)], [24, 20], area=[12, 10, 8, 4])
case("SAG with a ControlNet", "sdxl", [sag(0.8)], [16, 16], control=0.6)
case("SAG, PAG", "sdxl", [sag(0.8), PAG], [16, 24])
case("PAG, SAG, FreeU", "sd1", [PAG, sag(0.8), FREEU], [16, 24])
case("SAG, shrink", "sd1", [sag(0.8), shrink(3, 2.0)], [24, 32])
case("SAG twice", "sdxl", [sag(0.8), sag(0.4, 1.0)], [16, 24])
# HyperTile
for swap in (1, 2, 5):
    case(f"HyperTile, swap {swap}", "sd1", [tiles(swap=swap)], [32, 48])
    case(f"HyperTile, swap {swap}, deep", "sdxl", [tiles(32, swap, 2, True)], [32, 24], batch=2)
case("HyperTile, odd size", "sd1", [tiles(40, 3, 3)], [25, 35])
case("HyperTile, one tile", "sd1", [tiles(256, 3)], [24, 24])
case("HyperTile, deep, area", "sd1", [tiles(32, 4, 1)], [32, 40], area=[16, 24, 8, 8])
case("HyperTile, cfg 1, FreeU", "sdxl", [tiles(32, 6, 2), FREEU], [36, 24], cfg=1.0)
case("HyperTile, ControlNet", "sdxl", [tiles(32, 6, 2)], [24, 24], control=0.7)
case("HyperTile, SAG", "sd1", [tiles(32, 3, 3), sag(0.8)], [32, 64])
case("HyperTile, shrink", "sd1", [tiles(32, 3, 1), shrink(3, 2.0)], [32, 48])
case("HyperTile, sampler with draws", "sd1", [tiles(32, 7, 1)], [48, 48], sampler="euler_ancestral")
case("HyperTile, ddim", "sd1", [tiles(32, 7, 1)], [48, 48], sampler="ddim")
case("HyperTile twice", "sd1", [tiles(32, 3, 1), tiles(32, 3, 1)], [32, 32])
case("HyperTile, odd size, deep", "sdxl", [tiles(32, 3, 2)], [26, 22])
case("HyperTile, PAG", "sd1", [tiles(32, 3, 3), PAG], [64, 64], steps=2)
# TomePatchModel
for ratio in (0.0, 0.3, 0.75, 1.0):
    case(f"Tome {ratio}", "sd1", [merged(ratio)], [16, 24])
case("Tome, odd size, batch", "sd1", [merged(0.5)], [13, 17], batch=2)
case("Tome, one row", "sd1", [merged(0.5)], [1, 24])
case("Tome, sdxl", "sdxl", [merged(0.5)], [16, 24])
case("Tome, area, cfg 1", "sd1", [merged(0.4)], [24, 20], area=[12, 10, 8, 4], cfg=1.0)
case("Tome, shrink", "sd1", [merged(0.4), shrink(1, 2.0)], [16, 24], seed=3)
case("Tome, SAG, FreeU_V2", "sd1", [merged(0.4), sag(0.8), FREEU2], [16, 24])
case("HyperTile, Tome", "sd1", [tiles(32, 5, 1), merged(0.4)], [28, 32])
case("Tome, HyperTile at the same tokens", "sd1", [merged(0.75), tiles(32, 5, 1)], [16, 16])
case("Tome, little shrink", "sd1", [merged(0.4), shrink(1, 1.2)], [16, 24])
case("Tome twice", "sd1", [merged(0.2), merged(0.3)], [16, 24])
case("Tome, HyperTile", "sd1", [merged(0.4), tiles(32, 5, 1)], [28, 32])
case("Tome, ddim", "sd1", [merged(0.4)], [16, 24], sampler="ddim")
write(here, "samples", cases, tensors, measured)
