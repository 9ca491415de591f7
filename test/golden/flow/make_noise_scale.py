# Makes noise_scale.json.gz and noise_scale.safetensors.gz: samplers that add noise, under a flow model with ModelNoiseScale, by the originals of 0.33.0 on the analytic
# denoiser of samplers.json.gz. python make_noise_scale.py COMFYUI_0.33.0
import gzip, os, sys
here = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(here, "..", "core_nodes"), os.path.dirname(here)]
from originals import Finder, load
Finder.names = tuple(name for name in Finder.names if name != "av")
run = load(sys.argv[1])
import torch
import comfy.model_sampling, comfy.samplers
from safetensors.torch import load as read
from seeded import write

given = read(gzip.open(os.path.join(here, "samplers.safetensors.gz")).read())
shared = {name: given[name] for name in ("shared/noise", "shared/latent", "shared/B1", "shared/C1", "shared/B2", "shared/C2")}
B1, C1, B2, C2 = (shared[f"shared/{name}"] for name in ("B1", "C1", "B2", "C2"))

class Sampling(comfy.model_sampling.ModelSamplingDiscreteFlow, comfy.model_sampling.CONST):
    pass

class Patcher:
    """What ModelNoiseScale needs of a model."""
    def __init__(self, sampling):
        self.sampling, self.model = sampling, type("M", (), {"model_config": None})
    def clone(self):
        return Patcher(self.sampling)
    def get_model_object(self, name):
        return self.sampling
    def add_object_patch(self, name, value):
        self.sampling = value

class Guider:
    def __init__(self, patcher):
        self.inner_model = type("Inner", (), {"model_sampling": patcher.sampling, "model_patcher": patcher})
        self.model_patcher, self.cfg = patcher, 2.0
    def __call__(self, x, sigma, model_options={}, seed=None, **_):
        s = sigma.reshape(-1, 1, 1, 1)
        v = (1 - s) ** 2 + s ** 2
        side = lambda b, c: x * (1 - s) / v + s / (s + 0.25) * b * torch.tanh(x / v ** 0.5 + c)
        cond, uncond = side(B1, C1), side(B2, C2)
        out = uncond + (cond - uncond) * 2.0
        for change in model_options.get("sampler_post_cfg_function", []):
            out = change({"denoised": out, "cond_denoised": cond, "uncond_denoised": uncond, "sigma": sigma, "input": x})
        return out

NAMES = [name for name in comfy.samplers.KSAMPLER_NAMES if any(part in name for part in ("ancestral", "sde", "seeds", "sa_solver", "lcm", "ddpm")) and "gpu" not in name]
SIGMAS = {"whole": [1.0, 0.9, 0.6, 0.3, 0.0], "part": [0.8, 0.5, 0.2]}
tensors, cases = dict(shared), []
for name, sigmas in SIGMAS.items():
    tensors[f"sigmas/{name}"] = torch.tensor(sigmas)
start = Sampling()
start.set_parameters(shift=3.0, multiplier=1.0)
for scale in (0.0, 0.6, 7.5):
    [patched] = run("comfy_extras.nodes_model_advanced", "ModelNoiseScale", {"model": Patcher(start), "noise_scale": scale})
    for sampler in ["euler", "res_multistep", *NAMES]:
        name = "part" if scale == 0.6 else "whole"
        guider = Guider(patched)
        out = comfy.samplers.sampler_object(sampler).sample(guider, tensors[f"sigmas/{name}"], {"model_options": {}, "seed": 42}, None, shared["shared/noise"].clone(), shared["shared/latent"].clone(), None, True)
        id = f"{sampler}_{scale}"
        tensors[f"{id}/out"] = out
        cases.append({"id": id, "params": {"sampler": sampler, "kind": ["flow", 3.0, 1.0], "noise_scale": scale, "seed": 42}, "inputs": {"noise": "shared/noise", "latent": "shared/latent", "sigmas": f"sigmas/{name}"}, "outputs": {"out": f"{id}/out"}})
# the node keeps shift and multiplier, and the shift nodes keep the factor
[again] = run("comfy_extras.nodes_model_advanced", "ModelSamplingSD3", {"model": patched, "shift": 2.0})
[flux] = run("comfy_extras.nodes_model_advanced", "ModelSamplingFlux", {"model": patched, "max_shift": 1.15, "base_shift": 0.5, "width": 1024, "height": 1024})
kept = {"scaled": [patched.sampling.shift, patched.sampling.multiplier, patched.sampling.noise_scale], "shifted": [again.sampling.shift, again.sampling.multiplier, again.sampling.noise_scale], "flux": hasattr(flux.sampling, "noise_scale")}
for name, model in (("flux", flux),):
    try:
        run("comfy_extras.nodes_model_advanced", "ModelNoiseScale", {"model": model, "noise_scale": 2.0})
    except AttributeError as error:
        kept["error"] = str(error)
write(here, "noise_scale", cases, tensors, kept=kept)
print(kept)
