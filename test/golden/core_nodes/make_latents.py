# Makes latents.* (ComfyUI's own latent nodes on small latents) and guidance.* (its model patches in its own sampling_function, on predictions
# that are given). python make_latents.py COMFYUI_FOLDER
import os, sys
here = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [here, os.path.dirname(here)]
from latent_cases import Cases
from originals import load
run = load(sys.argv[1])
import torch
import comfy_extras.nodes_post_processing  # it and nodes_latent import each other
import comfy.model_patcher, comfy.samplers
from seeded import noise, write

def latent(n, h, w, seed, c=4, scale=6.0):
    return torch.from_numpy(noise(n * c * h * w, seed, scale)).reshape(n, c, h, w)

made = Cases(run)
tensors, cases, keep, case = made.tensors, made.cases, made.keep, made.case

L, N, R = "comfy_extras.nodes_latent", "nodes", "comfy_extras.nodes_rebatch"
A, B, SMALL, FOUR = {"samples": latent(2, 12, 10, 1)}, {"samples": latent(2, 12, 10, 2)}, {"samples": latent(1, 9, 14, 3)}, {"samples": latent(4, 5, 6, 4)}
ONE, OTHER = {"samples": latent(1, 12, 10, 5)}, {"samples": latent(1, 12, 10, 6), "batch_index": [7]}
MASKED = {"samples": latent(3, 4, 5, 7), "noise_mask": torch.from_numpy(noise(3 * 32 * 40, 8, 1.0)).reshape(3, 1, 32, 40).round(decimals=1) + 0.5, "batch_index": [4, 5, 9]}

for node in ("LatentAdd", "LatentSubtract", "LatentBatch"):
    for one, two in ((A, B), (A, SMALL), (SMALL, A), (ONE, OTHER)):
        case(L, node, samples1=one, samples2=two)
for multiplier in (1.0, -0.37, 10.0):
    case(L, "LatentMultiply", samples=A, multiplier=multiplier)
for ratio in (0.0, 0.3, 1.0):
    case(L, "LatentInterpolate", samples1=ONE, samples2=SMALL, ratio=ratio)
case(L, "LatentInterpolate", samples1=ONE, samples2={"samples": torch.zeros(1, 4, 12, 10)}, ratio=0.5)
case(L, "LatentInterpolate", samples1=FOUR, samples2=ONE, ratio=0.5)
case(L, "LatentInterpolate", samples1=A, samples2=B, ratio=0.5)
for factor in (0.5, 0.1):
    for one, two in ((A, B), (ONE, SMALL), (A, ONE)):
        case(N, "LatentBlend", samples1=one, samples2=two, blend_factor=factor)
for dim in ("x", "-x", "y", "-y", "t", "-t"):
    case(L, "LatentConcat", samples1=A, samples2=ONE, dim=dim)
case(L, "LatentConcat", samples1=A, samples2=SMALL, dim="x")
for dim in ("x", "y", "t"):
    for index, amount in ((0, 1), (3, 100), (-2, 5), (-100, 2), (100, 1)):
        case(L, "LatentCut", samples=A, dim=dim, index=index, amount=amount)
for x, y, width, height in ((0, 0, 64, 64), (16, 24, 64, 72), (8000, 8000, 64, 64), (0, 8, 8000, 8000)):
    case(N, "LatentCrop", samples=SMALL, width=width, height=height, x=x, y=y)
case(N, "LatentCrop", samples=FOUR, width=64, height=64, x=0, y=0)
for method in ("x-axis: vertically", "y-axis: horizontally"):
    case(N, "LatentFlip", samples=A, flip_method=method)
for rotation in ("none", "90 degrees", "180 degrees", "270 degrees"):
    case(N, "LatentRotate", samples=A, rotation=rotation)
for behavior in ("random", "fixed"):
    for one in (A, OTHER, MASKED):
        case(L, "LatentBatchSeedBehavior", samples=one, seed_behavior=behavior)
for size in (1, 2, 4, 100):
    case(R, "RebatchLatents", latents=[A, B, ONE], batch_size=[size])
    case(R, "RebatchLatents", latents=[ONE, MASKED, {"samples": latent(2, 4, 5, 11)}], batch_size=[size])
case(R, "RebatchLatents", latents=[A, SMALL, FOUR], batch_size=[3])
case(R, "RebatchLatents", latents=[MASKED, {"samples": latent(1, 4, 5, 9), "noise_mask": torch.zeros(1, 1, 9, 14)}], batch_size=[2])
OPERATIONS = [("LatentOperationTonemapReinhard", {"multiplier": m}) for m in (1.0, 0.2)] + [("LatentOperationSharpen", dict(sharpen_radius=r, sigma=s, alpha=a)) for r, s, a in ((9, 1.0, 0.1), (2, 0.4, 1.5))]
BIG = latent(2, 12, 16, 10)
for type, options in OPERATIONS:
    [operation] = run(L, type, options)
    id = f"{len(cases)} {type}"
    tensors[f"{id}/out"] = operation(latent=BIG).contiguous()
    cases.append({"id": id, "params": {"node": type, **options}, "inputs": {"operand": keep(BIG)}, "outputs": {"operated": f"{id}/out"}, "scalars": {}})
write(here, "latents", cases, tensors)

# guidance

class Network: in_channels = 4
class Inner: diffusion_model = Network()
class Model:
    """What the nodes need of a ModelPatcher."""
    model = Inner()
    def __init__(self): self.model_options = {}
    def clone(self):
        copy = Model()
        copy.model_options = {k: list(v) if isinstance(v, list) else v for k, v in self.model_options.items()}
        return copy
    def set_model_sampler_pre_cfg_function(self, f): self.model_options = comfy.model_patcher.set_model_options_pre_cfg_function(self.model_options, f)
    def set_model_sampler_post_cfg_function(self, f): self.model_options = comfy.model_patcher.set_model_options_post_cfg_function(self.model_options, f)
    def set_model_sampler_cfg_function(self, f): self.model_options["sampler_cfg_function"] = f

made = Cases(run)
tensors, cases, keep = made.tensors, made.cases, made.keep
E = "comfy_extras.nodes_"

def guided(nodes, cfg, shape, sigmas, both=True):
    """The model patched by nodes in turn, and what becomes of given predictions at each of the noise levels."""
    id = f"{len(cases)} {' '.join(n[1] for n in nodes)}"
    model = Model()
    for module, type, options in nodes:
        options = dict(options)
        if "operation" in options:
            [options["operation"]] = run(L, *options["operation"])
        [model] = run(E + module, type, {"model": model, **options})
    inputs, outputs = {}, {}
    for i, sigma in enumerate(sigmas):
        n, c, h, w = shape
        x, cond, uncond = (latent(n, h, w, 20 * i + k, c, s) for k, s in ((1, 2 * sigma + 3), (2, 5.0), (3, 5.0)))
        if not both:
            uncond = torch.zeros_like(uncond)
        uncond = cond * 0.6 + uncond * 0.4 if both else uncond
        comfy.samplers.calc_cond_batch = lambda *a: [cond, uncond]
        out = comfy.samplers.sampling_function(None, x, torch.full((n,), sigma), [{}], [{}], cfg, model.model_options)
        for name, v in (("x", x), ("cond", cond), ("uncond", uncond)):
            inputs[f"{name}.{i}"] = keep(v)
        tensors[f"{id}/{i}"] = out.contiguous()
        outputs[f"{i}"] = f"{id}/{i}"
    cases.append({"id": id, "params": {"nodes": [[t, o] for _, t, o in nodes], "cfg": cfg, "sigmas": sigmas, "both": both}, "inputs": inputs, "outputs": outputs})

SHAPES = ((1, 4, 7, 10), (3, 4, 6, 5))
for shape in SHAPES:
    for eta, norm, momentum in ((1.0, 5.0, 0.0), (0.3, 0.0, -0.5), (-2.0, 15.0, 0.75)):
        guided([("apg", "APG", dict(eta=eta, norm_threshold=norm, momentum=momentum))], 7.0, shape, [9.0, 4.0, 9.0])
    for low, high, cutoff in ((1.0, 1.25, 20), (0.5, 2.0, 3), (3.0, 0.0, 1)):
        guided([("fresca", "FreSca", dict(scale_low=low, scale_high=high, freq_cutoff=cutoff))], 6.5, shape, [3.0])
    guided([("tcfg", "TCFG", {})], 8.0, shape, [5.0, 0.5])
    guided([("cfg", "CFGZeroStar", {})], 8.0, shape, [5.0, 0.5])
    for strength in (1.0, 1.7):
        guided([("cfg", "CFGNorm", dict(strength=strength))], 5.0, shape, [2.0])
    guided([("mahiro", "Mahiro", {})], 4.5, shape, [2.0])
    guided([("eps", "Epsilon Scaling", dict(scaling_factor=1.005))], 7.0, shape, [2.0])
    for operation in OPERATIONS[:2] + [("LatentOperationSharpen", dict(sharpen_radius=3, sigma=0.7, alpha=0.4))]:
        guided([("latent", "LatentApplyOperationCFG", dict(operation=operation))], 7.0, shape, [2.0])
    for least in (1.0, 2.5):
        guided([("video_model", "VideoLinearCFGGuidance", dict(min_cfg=least))], 7.0, shape, [2.0])
        guided([("video_model", "VideoTriangleCFGGuidance", dict(min_cfg=least))], 7.0, shape, [2.0])
for truncation, limit in ((100.0, 1.0), (3.0, 0.0), (3.0, 0.8)):
    guided([("lumina2", "RenormCFG", dict(cfg_trunc=truncation, renorm_cfg=limit))], 7.0, SHAPES[0], [5.0, 2.0])
guided([("fresca", "FreSca", dict(scale_low=1.0, scale_high=1.25, freq_cutoff=4)), ("tcfg", "TCFG", {}), ("cfg", "CFGNorm", dict(strength=1.0)), ("eps", "Epsilon Scaling", dict(scaling_factor=1.02))], 7.0, SHAPES[0], [2.0])
for nodes in ([("apg", "APG", dict(eta=0.5, norm_threshold=5.0, momentum=0.0))], [("fresca", "FreSca", dict(scale_low=2.0, scale_high=3.0, freq_cutoff=2))], [("tcfg", "TCFG", {})], [("mahiro", "Mahiro", {})], [("latent", "LatentApplyOperationCFG", dict(operation=OPERATIONS[0]))]):
    guided(nodes, 1.0, SHAPES[0], [2.0], both=False)
write(here, "guidance", cases, tensors)
