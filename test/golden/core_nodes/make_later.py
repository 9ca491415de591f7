# Makes later.json.gz and later.safetensors.gz: nodes that ComfyUI has since 0.3.64, by the originals of 0.33.0: the sampler of SamplerLCM over a fixed denoiser, temporal
# score rescaling, multiplied conditioning, adjusted images. python make_later.py COMFYUI_0.33.0
import os, sys
here = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [here, os.path.dirname(here)]
from originals import Finder, load
Finder.names = (*(name for name in Finder.names if name != "av"), "kornia")
load(sys.argv[1])
import torch
import comfy.model_sampling, nodes
from comfy.k_diffusion.sampling import sample_lcm
from comfy_extras import nodes_post_processing, nodes_custom_sampler, nodes_dataset, nodes_eps, nodes_latent, nodes_resolution
from seeded import noise, write

made = lambda shape, seed, scale=2.0, around=0.0: torch.from_numpy(noise(int(torch.tensor(shape).prod()), seed, scale)).reshape(shape) + around
tensors, cases = {}, []
def case(id, out, **params):
    tensors[id] = out.float().contiguous()
    cases.append({"id": id, "params": params, "inputs": {}, "outputs": {"out": id}})

class Sampling(comfy.model_sampling.ModelSamplingDiscrete, comfy.model_sampling.EPS):
    pass
sampling = Sampling()
class Model:
    class inner_model:
        class model_patcher:
            get_model_object = staticmethod(lambda name: sampling)
    def __call__(self, x, sigma, **_):
        return x * (0.9 / (1 + sigma[0]))
SHAPE, SIGMAS = (1, 4, 6, 5), [9.0, 4.0, 1.5, 0.4, 0.0]
for options in ({"s_noise": 1.0, "s_noise_end": 1.0, "noise_clip_std": 0.0}, {"s_noise": 0.5, "s_noise_end": 1.5, "noise_clip_std": 0.0}, {"s_noise": 1.0, "s_noise_end": 0.25, "noise_clip_std": 1.2}):
    draws = iter([made(SHAPE, seed, 3.0) for seed in (11, 12, 13)])
    out = sample_lcm(Model(), made(SHAPE, 1) * 9, torch.tensor(SIGMAS), disable=True, noise_sampler=lambda *_: next(draws), **options)
    case("SamplerLCM " + " ".join(str(v) for v in options.values()), out, node="SamplerLCM", options=options, sigmas=SIGMAS, shape=SHAPE)

class Patched:
    def clone(self): return self
    def set_model_sampler_post_cfg_function(self, function): self.function = function
    class current_patcher:
        get_model_object = staticmethod(lambda name: sampling)
for k, s in ((0.95, 1.0), (1.3, 2.0), (1.0, 1.0), (5.0, 0.3)):
    model = Patched()
    nodes_eps.TemporalScoreRescaling.execute(model, k, s)
    for sigma in (14.0, 2.5, 0.03):
        out = model.function({"denoised": made(SHAPE, 2), "input": made(SHAPE, 3) * sigma, "sigma": torch.tensor([sigma]), "model": model})
        case(f"TemporalScoreRescaling {k} {s} {sigma}", out, node="TemporalScoreRescaling", options={"tsr_k": k, "tsr_sigma": s}, sigma=sigma, shape=SHAPE)

[[cond, more]] = nodes.ConditioningMultiply().multiply([[made([1, 7, 5], 4), {"pooled_output": made([1, 6], 5)}]], -1.3)[0]
case("ConditioningMultiply", cond, node="ConditioningMultiply")
tensors["ConditioningMultiply pooled"] = more["pooled_output"]

image = made([2, 9, 11, 3], 6, 1.0, 0.5)
for name, options in (("AdjustBrightness", {"factor": 1.4}), ("AdjustContrast", {"factor": 0.6}), ("AdjustContrast", {"factor": 1.9}), ("NormalizeImages", {"mean": 0.4, "std": 0.3}), ("CenterCropImages", {"width": 4, "height": 20}), ("CenterCropImages", {"width": 7, "height": 5})):
    case(f"{name} {options}", getattr(nodes_dataset, name + "Node").execute(image, **options).result[0], node=name, options=options, shape=[2, 9, 11, 3])
for text in ("1, 0.5", "14.6 7,2.5e-1; -3 .5", "a 1. b 0.25.5", ""):
    out = nodes_custom_sampler.ManualSigmas.execute(text).result[0]
    cases.append({"id": f"ManualSigmas {text}", "params": {"node": "ManualSigmas", "text": text, "sigmas": out.tolist()}, "inputs": {}, "outputs": {}})
for name, options in (("ResizeImagesByShorterEdge", {"shorter_edge": 5}), ("ResizeImagesByLongerEdge", {"longer_edge": 17}), ("ResizeImagesByShorterEdge", {"shorter_edge": 14}), ("ResizeImagesByLongerEdge", {"longer_edge": 4})):
    case(f"{name} {options}", getattr(nodes_dataset, name + "Node").execute(image, **options).result[0], node=name, options=options, shape=[2, 9, 11, 3])
for dim, slices in (("x", 2), ("y", 4), ("x", 9), ("t", 1)):
    case(f"LatentCutToBatch {dim} {slices}", nodes_latent.LatentCutToBatch.execute({"samples": made([2, 4, 6, 5], 7)}, dim, slices).result[0]["samples"], node="LatentCutToBatch", options={"dim": dim, "slice_size": slices})
for ratio, megapixels, multiple in (("1:1 (Square)", 1.0, 8), ("21:9 (Ultrawide)", 0.7, 64), ("2:3 (Portrait Photo)", 2.3, 12), ("9:16 (Portrait Widescreen)", 16.0, 128)):
    size = nodes_resolution.ResolutionSelector.execute(ratio, megapixels, multiple).result
    cases.append({"id": f"ResolutionSelector {ratio} {megapixels} {multiple}", "params": {"node": "ResolutionSelector", "options": {"aspect_ratio": ratio, "megapixels": megapixels, "multiple": multiple}, "size": size}, "inputs": {}, "outputs": {}})
write(here, "later", cases, tensors)
