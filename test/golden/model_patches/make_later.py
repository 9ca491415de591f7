# Makes later.json.gz and later.safetensors.gz: whole runs of fixture models with nodes that ComfyUI has since 0.3.64, or that act on the evaluations of a run: EasyCache, NAGuidance,
# CFGOverride, DualModelGuider, SamplerSEEDS2, CLIPTextEncodeControlnet. python make_later.py COMFYUI_FOLDER (v0.33.0) FIXTURES_FOLDER (torch on the CPU)
# `measured`: the largest difference from a run without oneDNN's convolutions and with another attention. `calls`: the sigma and the number of conditions of each evaluation of the UNet.
import gzip, os, sys, tempfile
folder, fixtures = sys.argv[1:3]
here = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [here, os.path.dirname(here), os.path.join(os.path.dirname(here), "core_nodes")]
from originals import Finder, load
Finder.names = (*(name for name in Finder.names if name != "av"), "kornia")
run = load(folder)
import torch
torch.set_num_threads(1)
import comfy.controlnet, comfy.sd, comfy.ldm.modules.attention as attention, comfy.model_detection, comfy.model_patcher, comfy.sample, comfy.samplers, comfy.supported_models, comfy.utils
from seeded import noise, write

import comfy.k_diffusion.sampling
def noise_of_0_3_64(x, seed=None):
    generator = torch.Generator(device=x.device).manual_seed(seed)
    return lambda sigma, sigma_next: torch.randn(x.size(), dtype=x.dtype, generator=generator)
# the noise of stochastic samplers, as before later releases drew it with seed + 1
comfy.k_diffusion.sampling.default_noise_sampler = noise_of_0_3_64

temporary = tempfile.mkdtemp()

def unpacked(name):
    path = os.path.join(temporary, f"{name}.safetensors")
    with open(path, "wb") as f:
        f.write(gzip.open(os.path.join(fixtures, f"{name}.safetensors.gz")).read())
    return path

UNET = "model.diffusion_model."
CALLS = []

def opened(kind, file):
    weights = comfy.utils.load_torch_file(unpacked(file))
    config = kind(comfy.model_detection.detect_unet_config(weights, UNET))
    model = config.get_model(weights, UNET)
    model.load_model_weights(weights, UNET)
    forward = model.diffusion_model._forward
    def counted(x, timesteps=None, context=None, y=None, control=None, transformer_options={}, **more):
        CALLS.append([float(transformer_options["sigmas"][0]), len(transformer_options["cond_or_uncond"])])
        return forward(x, timesteps, context, y, control, transformer_options, **more)
    model.diffusion_model._forward = counted
    return comfy.model_patcher.ModelPatcher(model, torch.device("cpu"), torch.device("cpu"))

MODELS = {"sd1": opened(comfy.supported_models.SD15, "tiny_sd1"), "sdxl": opened(comfy.supported_models.SDXL, "tiny_sdxl_base")}
# of files of their own, for guidance by two models
OTHERS = {"sd1": opened(comfy.supported_models.SD15, "tiny_sd1"), "sdxl": opened(comfy.supported_models.SDXL, "tiny_sdxl_base")}
CONTROL = comfy.controlnet.load_controlnet(unpacked("tiny_controlnet_sdxl"))
X = "comfy_extras.nodes_"
MODULES = {"EasyCache": X + "easycache", "LazyCache": X + "easycache", "NAGuidance": X + "nag", "CFGOverride": X + "custom_sampler", "ModelSamplingDiscrete": X + "model_advanced", "SelfAttentionGuidance": X + "sag", "HyperTile": X + "hypertile", "TomePatchModel": X + "tomesd", "FreeU": X + "freelunch", "PerturbedAttentionGuidance": X + "pag", "RescaleCFG": X + "model_advanced"}
GUIDERS = {"BasicGuider": X + "custom_sampler", "CFGGuider": X + "custom_sampler", "DualCFGGuider": X + "custom_sampler", "DualModelGuider": X + "custom_sampler", "PerpNegGuider": X + "perpneg"}

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

def patched(model, patches, models=MODELS):
    result = models[model]
    for node, inputs in patches:
        if node == "LoraLoaderModelOnly":
            lora = comfy.utils.load_torch_file(unpacked(inputs["lora_name"].split(".")[0]))
            result = comfy.sd.load_lora_for_models(result, None, lora, inputs["strength_model"], 0)[0]
        else:
            result = run(MODULES[node], node, {"model": result, **inputs})[0]
    return result

def sampled(model, patches, size, batch=1, guider="CFGGuider", values={"cfg": 5.0}, sampler="euler", options=None, scheduler="normal", steps=4, seed=7, area=None, control=None, own_text=False, negative=None, other=True, no_negative=False, mask=None):
    one = patched(model, patches)
    sides = [prompt(model, 1), prompt(model, 2), prompt(model, 4)]
    if area is not None:
        sides[0] = sides[0] + prompt(model, 3, area=tuple(area), strength=0.7)
    if control is not None:
        sides = [controlled(c, size, control) for c in sides]
    if own_text:
        sides[0] = [[t, {**more, "cross_attn_controlnet": made([1, 77 * own_text, WIDTHS[model][0]], 21, 3.0), "pooled_output_controlnet": made([1, 64], 22, 3.0)}] for t, more in sides[0]]
    inputs = {
        "BasicGuider": {"conditioning": sides[0]}, "CFGGuider": {"positive": sides[0], "negative": sides[1]},
        "DualCFGGuider": {"cond1": sides[0], "cond2": sides[2], "negative": sides[1]},
        "PerpNegGuider": {"positive": sides[0], "negative": sides[1], "empty_conditioning": sides[2]},
        "DualModelGuider": {"positive": sides[0], **({} if no_negative else {"negative": sides[1]}), **({} if negative is None else {"model_negative": patched(model, negative, OTHERS if other else MODELS)})},
    }[guider]
    made_guider = run(GUIDERS[guider], guider, {"model": one, **inputs, **values})[0]
    latent = torch.zeros([batch, 4, *size])
    start = comfy.sample.prepare_noise(latent, seed)
    sigmas = comfy.samplers.calculate_sigmas(one.get_model_object("model_sampling"), scheduler, steps)
    if options is not None:
        chosen = run(X + "custom_sampler", "SamplerSEEDS2", options)[0]
    else:
        chosen = comfy.samplers.sampler_object(sampler)
    CALLS.clear()
    return made_guider.sample(start, latent, chosen, sigmas, denoise_mask=None, disable_pbar=True, seed=seed)

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
    calls = list(CALLS)
    two = otherwise(model, patches, size, **options)
    assert len(calls) == len(CALLS), id
    tensors[id] = one
    measured[id] = [(one - two).abs().max().item()]
    cases.append({"id": id, "params": {**params, "calls": calls}, "inputs": {}, "outputs": {"samples": id}})
    print(id, tuple(one.shape), f"{one.abs().max().item():.3g} {measured[id][0]:.2g}", len(calls), flush=True)

def easy(threshold=0.2, start=0.15, end=0.95, node="EasyCache"):
    return [node, {"reuse_threshold": threshold, "start_percent": start, "end_percent": end, "verbose": False}]

def nag(scale=5.0, alpha=0.5, tau=1.5):
    return ["NAGuidance", {"nag_scale": scale, "nag_alpha": alpha, "nag_tau": tau}]

def override(cfg, start=0.0, end=1.0):
    return ["CFGOverride", {"cfg": cfg, "start_percent": start, "end_percent": end}]

def lora(model, strength=1.5):
    return ["LoraLoaderModelOnly", {"lora_name": f"tiny_lora_{model}.safetensors", "strength_model": strength}]

TOME = ["TomePatchModel", {"ratio": 0.4}]
TILES = ["HyperTile", {"tile_size": 32, "swap_size": 3, "max_depth": 1, "scale_depth": False}]
FREEU = ["FreeU", {"b1": 1.1, "b2": 1.2, "s1": 0.9, "s2": 0.2}]
PAG = ["PerturbedAttentionGuidance", {"scale": 2.0}]
SAG = ["SelfAttentionGuidance", {"scale": 0.5, "blur_sigma": 2.0}]
AREA = [12, 10, 8, 4]

# EasyCache
for threshold in (0.05, 0.2, 0.6, 3.0):
    case(f"EasyCache {threshold}", "sd1", [easy(threshold)], [16, 24], steps=14)
for sampler in ("dpmpp_2m", "heun", "dpmpp_sde", "euler_ancestral", "euler_cfg_pp", "uni_pc"):
    case(f"EasyCache {sampler}", "sdxl", [easy(0.4, 0.0, 0.9)], [12, 16], steps=10, batch=2, sampler=sampler)
case("EasyCache, cfg 1", "sd1", [easy(0.4)], [16, 24], values={"cfg": 1.0}, steps=10, batch=3)
case("EasyCache, whole run", "sdxl", [easy(0.3, 0.0, 1.0)], [16, 16], steps=12, scheduler="karras")
case("EasyCache, area", "sd1", [easy(0.3)], [24, 20], steps=10, area=AREA)
case("EasyCache, ControlNet", "sdxl", [easy(0.4)], [16, 16], steps=10, control=0.6)
case("EasyCache, PAG", "sd1", [easy(0.3), PAG], [16, 16], steps=10)
case("EasyCache, two prompts", "sdxl", [easy(0.3)], [16, 16], steps=10, guider="DualCFGGuider", values={"cfg_conds": 4.0, "cfg_cond2_negative": 3.0, "style": "regular"})
case("EasyCache twice", "sd1", [easy(0.2), easy(0.5)], [16, 24], steps=10)
case("EasyCache, LazyCache", "sd1", [easy(0.2), easy(0.5, node="LazyCache")], [16, 24], steps=10)
case("LazyCache, EasyCache", "sd1", [easy(0.2, node="LazyCache"), easy(0.5)], [16, 24], steps=10)
case("EasyCache, two models", "sd1", [easy(0.4)], [16, 24], steps=10, guider="DualModelGuider", values={"cfg": 4.0}, negative=[lora("sd1")])
# NAGuidance
for model in MODELS:
    case(f"NAG {model}", model, [nag()], [16, 24])
    case(f"NAG {model}, batch, cfg 1", model, [nag(11.0, 0.25, 2.5)], [9, 13], batch=2, values={"cfg": 1.0})
case("NAG, tau 1", "sd1", [nag(50.0, 1.0, 1.0)], [16, 16], sampler="dpmpp_2m")
case("NAG, scale 0", "sdxl", [nag(0.0, 0.7, 10.0)], [16, 16])
case("NAG, area", "sd1", [nag()], [24, 20], area=AREA)
case("NAG, ControlNet", "sdxl", [nag()], [16, 16], control=0.6)
case("NAG, Tome", "sd1", [nag(), TOME], [16, 24], seed=3)
case("Tome, NAG", "sd1", [TOME, nag()], [16, 24], seed=3)
case("NAG, HyperTile", "sd1", [nag(), TILES], [32, 48])
case("HyperTile, NAG, FreeU", "sd1", [TILES, nag(), FREEU], [32, 48])
case("NAG twice", "sdxl", [nag(), nag(2.0, 0.9, 3.0)], [16, 16])
case("NAG, Tome, NAG", "sd1", [nag(), TOME, nag(3.0)], [16, 24])
case("NAG, PAG", "sd1", [nag(), PAG], [16, 24])
case("NAG, SAG", "sd1", [nag(), SAG], [16, 24])
case("NAG, EasyCache", "sdxl", [nag(), easy(0.4)], [16, 16], steps=10)
case("NAG, two prompts", "sdxl", [nag()], [16, 16], guider="DualCFGGuider", values={"cfg_conds": 4.0, "cfg_cond2_negative": 3.0, "style": "regular"})
case("NAG, one prompt", "sd1", [nag()], [16, 16], guider="BasicGuider", values={})
case("NAG, PerpNeg", "sd1", [nag()], [16, 16], guider="PerpNegGuider", values={"cfg": 5.0, "neg_scale": 1.0})
# CFGOverride
case("CFGOverride", "sd1", [override(2.0, 0.2, 0.7)], [16, 16], steps=8)
case("CFGOverride 1", "sdxl", [override(1.0, 0.4, 1.0)], [12, 16], steps=8, batch=2)
case("CFGOverride of cfg 1", "sd1", [override(7.0, 0.0, 0.5)], [16, 16], steps=8, values={"cfg": 1.0}, sampler="heun")
case("CFGOverride twice", "sdxl", [override(2.0, 0.0, 0.8), override(1.0, 0.5, 1.0)], [12, 16], steps=8, sampler="dpmpp_2m")
case("CFGOverride, one prompt", "sd1", [override(3.0, 0.3, 0.6)], [16, 16], steps=8, guider="BasicGuider", values={})
case("CFGOverride, two prompts", "sd1", [override(1.0)], [16, 16], guider="DualCFGGuider", values={"cfg_conds": 4.0, "cfg_cond2_negative": 3.0, "style": "regular"})
case("CFGOverride, PerpNeg", "sdxl", [override(2.0, 0.0, 0.6)], [16, 16], steps=6, guider="PerpNegGuider", values={"cfg": 5.0, "neg_scale": 1.0})
case("CFGOverride, PerpNeg without the negative", "sdxl", [override(1.0, 0.5, 1.0)], [16, 16], steps=6, guider="PerpNegGuider", values={"cfg": 5.0, "neg_scale": 0.0})
case("CFGOverride, a sampler with uncond", "sd1", [override(1.0, 0.3, 0.7)], [16, 16], steps=6, sampler="euler_cfg_pp")
case("CFGOverride, RescaleCFG, LazyCache", "sd1", [override(2.0, 0.4, 1.0), ["RescaleCFG", {"multiplier": 0.7}], easy(0.1, node="LazyCache")], [16, 16], steps=10)
# DualModelGuider
for model in MODELS:
    case(f"DualModelGuider {model}", model, [], [16, 24], guider="DualModelGuider", values={"cfg": 4.0}, negative=[lora(model)], batch=2)
case("DualModelGuider, one file", "sd1", [lora("sd1", 0.5)], [16, 24], guider="DualModelGuider", values={"cfg": 4.0}, negative=[lora("sd1"), ["ModelSamplingDiscrete", {"sampling": "v_prediction", "zsnr": False}]], other=False)
case("DualModelGuider, cfg 1", "sd1", [], [16, 24], guider="DualModelGuider", values={"cfg": 1.0}, negative=[lora("sd1")])
case("DualModelGuider, one model", "sd1", [], [16, 24], guider="DualModelGuider", values={"cfg": 4.0})
case("DualModelGuider, patches of both", "sd1", [FREEU], [16, 24], guider="DualModelGuider", values={"cfg": 4.0}, negative=[lora("sd1"), TOME], sampler="dpmpp_2m")
case("DualModelGuider, patches of the negative", "sd1", [["RescaleCFG", {"multiplier": 0.7}]], [16, 24], guider="DualModelGuider", values={"cfg": 4.0}, negative=[FREEU, lora("sd1")])
case("DualModelGuider, area", "sd1", [], [24, 20], guider="DualModelGuider", values={"cfg": 4.0}, negative=[lora("sd1")], area=AREA)
case("DualModelGuider, ControlNet", "sdxl", [], [16, 16], guider="DualModelGuider", values={"cfg": 2.0}, negative=[lora("sdxl")], control=0.7)
case("DualModelGuider, CFGOverride", "sd1", [override(1.0, 0.5, 1.0)], [16, 16], guider="DualModelGuider", values={"cfg": 4.0}, negative=[lora("sd1")], steps=6)
case("DualModelGuider, CFGOverride of cfg 1", "sd1", [override(5.0)], [16, 16], guider="DualModelGuider", values={"cfg": 1.0}, negative=[lora("sd1")], steps=6)
case("DualModelGuider, other model sampling", "sd1", [], [16, 16], guider="DualModelGuider", values={"cfg": 4.0}, negative=[lora("sd1"), ["ModelSamplingDiscrete", {"sampling": "v_prediction", "zsnr": False}]])
case("DualModelGuider, NAG", "sd1", [nag()], [16, 16], guider="DualModelGuider", values={"cfg": 4.0}, negative=[lora("sd1")])
case("DualModelGuider, no negative", "sd1", [], [16, 16], guider="DualModelGuider", values={"cfg": 4.0}, negative=[lora("sd1")], no_negative=True)
case("DualModelGuider, no negative, cfg 1", "sd1", [], [16, 16], guider="DualModelGuider", values={"cfg": 1.0}, negative=[lora("sd1")], no_negative=True)
# SamplerSEEDS2
for form in ("phi_1", "phi_2"):
    for eta, s_noise, r in ((1.0, 1.0, 0.5), (0.0, 1.0, 1.0), (0.6, 1.2, 1.0), (1.0, 0.0, 0.3)):
        case(f"SEEDS2 {form} {eta} {s_noise} {r}", "sd1", [], [8, 12], options={"solver_type": form, "eta": eta, "s_noise": s_noise, "r": r}, steps=5, scheduler="karras", batch=2)
for sampler in ("exp_heun_2_x0", "exp_heun_2_x0_sde"):
    case(sampler, "sdxl", [], [8, 12], sampler=sampler, steps=5)
# CLIPTextEncodeControlnet
case("a prompt for the ControlNet", "sdxl", [], [16, 16], control=0.9, own_text=1)
case("a longer prompt for the ControlNet", "sdxl", [], [16, 16], control=0.9, own_text=2, batch=2)
write(here, "later", cases, tensors, measured)
