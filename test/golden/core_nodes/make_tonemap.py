# Makes tonemap.*: ModelSamplerTonemapNoiseTest of ComfyUI_experiments in ComfyUI's sampling_function, on predictions that are given.
# python make_tonemap.py COMFYUI_FOLDER EXPERIMENTS_FOLDER
import os, sys
here = os.path.dirname(os.path.abspath(__file__))
comfyui, experiments = sys.argv[1:]
sys.path[:0] = [here, os.path.dirname(here), experiments]
from originals import load
load(comfyui)
import torch
import comfy.samplers
from sampler_tonemap import ModelSamplerTonemapNoiseTest
from seeded import noise, write

class Model:
    def __init__(self): self.model_options = {}
    def clone(self): return Model()
    def set_model_sampler_cfg_function(self, f): self.model_options["sampler_cfg_function"] = f

tensors, cases = {}, []
for n, multiplier, cfg in ((1, 1.0, 7.0), (2, 0.3, 12.0), (1, 5.0, 1.5)):
    x, cond, uncond = (torch.from_numpy(noise(n * 4 * 9 * 8, seed, scale)).reshape(n, 4, 9, 8) for seed, scale in ((1, 9.0), (2, 5.0), (3, 5.0)))
    [model] = ModelSamplerTonemapNoiseTest().patch(Model(), multiplier)
    comfy.samplers.calc_cond_batch = lambda *a: [cond, uncond]
    id = f"{n} {multiplier} {cfg}"
    tensors |= {f"{id}/x": x, f"{id}/cond": cond, f"{id}/uncond": uncond, f"{id}/out": comfy.samplers.sampling_function(None, x, torch.full((n,), 3.0), [{}], [{}], cfg, model.model_options)}
    cases.append({"id": id, "params": {"multiplier": multiplier, "cfg": cfg}, "inputs": {k: f"{id}/{k}" for k in ("x", "cond", "uncond")}, "outputs": {"out": f"{id}/out"}})
write(here, "tonemap", cases, tensors)
