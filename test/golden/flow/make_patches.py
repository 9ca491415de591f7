# Makes patches.json.gz and patches.safetensors.gz: guided predictions of flow models whose nodes skip layers, rescale or perturb, and noise masks of differential diffusion, by
# ComfyUI 0.33.0's own sampling_function over a network that is a formula; of 0.3.64, RescaleCFG alone, which differs (patches_0.3.64).
# python make_patches.py COMFYUI_FOLDER 0.33.0|0.3.64
import os, sys
here = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(here, "..", "core_nodes"), os.path.dirname(here)]
from originals import Finder, load
Finder.names = tuple(name for name in Finder.names if name != "av")
folder, release = sys.argv[1:3]
run = load(folder)
import torch
import comfy.conds, comfy.model_patcher, comfy.model_sampling, comfy.samplers
from seeded import noise, write

SHAPE = (1, 4, 6, 5)
made = lambda shape, seed, scale=2.0: torch.from_numpy(noise(int(torch.tensor(shape).prod()), seed, scale)).reshape(shape)

class Flow(comfy.model_sampling.ModelSamplingDiscreteFlow, comfy.model_sampling.CONST):
    pass
class Flux(comfy.model_sampling.ModelSamplingFlux, comfy.model_sampling.CONST):
    pass
def sampling(kind, shift, multiplier=None):
    made = Flow() if kind == "flow" else Flux()
    made.set_parameters(**({"shift": shift, "multiplier": multiplier} if kind == "flow" else {"shift": shift}))
    return made

class Network:
    """v = 0.3 x + 0.2 t + w (1 + 0.5 sum(double) + 0.1 sum(single)) of the skipped blocks, w = the prompt's mean; plus spread w x where prompts should differ in deviation."""
    def __init__(self, sampling, spread=0):
        self.model_sampling, self.calls, self.current_patcher, self.spread = sampling, [], self, spread
    def memory_required(self, *_, **__): return 0
    def get_free_memory(self, _): return 1e12
    def prepare_state(self, *_): pass
    def apply_hooks(self, hooks): return {}
    def get_model_object(self, _): return self.model_sampling
    def apply_model(self, x, sigma, c_crossattn, transformer_options):
        skipped = transformer_options.get("patches_replace", {}).get("dit", {})
        total = sum({"double_block": 0.5, "single_block": 0.1}[kind] * index for kind, index in skipped)
        self.calls.append([len(sigma), *(f"{kind[0]}{index}" for kind, index in sorted(skipped))])
        w = c_crossattn.mean((1, 2)).reshape(-1, 1, 1, 1)
        v = 0.3 * x + 0.2 * self.model_sampling.timestep(sigma).reshape(-1, 1, 1, 1) / self.model_sampling.timestep(torch.ones(1)) + w * (1 + total)
        if self.spread: v = v + self.spread * w * x
        return self.model_sampling.calculate_denoised(sigma, v, x)

class Patcher:
    def __init__(self, network, options=None):
        self.network, self.model_options = network, options or {"transformer_options": {}}
    def clone(self):
        return Patcher(self.network, {k: list(v) if isinstance(v, list) else v for k, v in self.model_options.items()})
    def get_model_object(self, _): return self.network.model_sampling
    def set_model_sampler_post_cfg_function(self, function, disable_cfg1_optimization=False):
        self.model_options = comfy.model_patcher.set_model_options_post_cfg_function(self.model_options, function, disable_cfg1_optimization)
    def set_model_sampler_calc_cond_batch_function(self, function): self.model_options["sampler_calc_cond_batch_function"] = function
    def set_model_sampler_cfg_function(self, function): self.model_options["sampler_cfg_function"] = function

tensors, cases = {}, []
for name, seed in (("x", 1), ("positive", 2), ("negative", 3)):
    tensors[name] = made(SHAPE, seed) if name == "x" else made((1, 7, 3), seed) + 0.3 * seed
conds = lambda name: [{"model_conds": {"c_crossattn": comfy.conds.CONDRegular(tensors[name])}, "uuid": name}]
MODULES = {"SkipLayerGuidanceDiT": "slg", "SkipLayerGuidanceDiTSimple": "slg", "SkipLayerGuidanceSD3": "sd3", "PerturbedAttentionGuidance": "pag", "TemporalScoreRescaling": "eps", "RescaleCFG": "model_advanced"}
DIT = {"double_layers": "7, 8,9", "single_layers": "2;3", "scale": 3.0, "start_percent": 0.01, "end_percent": 0.15, "rescaling_scale": 0.0}
CHAINS = [
    [["SkipLayerGuidanceDiT", DIT]],
    [["SkipLayerGuidanceDiT", {**DIT, "start_percent": 0.0, "end_percent": 1.0, "rescaling_scale": 0.6}]],
    [["SkipLayerGuidanceDiT", {**DIT, "double_layers": "none", "single_layers": ""}]],
    [["SkipLayerGuidanceDiT", {**DIT, "scale": 0.0, "end_percent": 1.0, "rescaling_scale": 0.6}]],
    [["SkipLayerGuidanceSD3", {"layers": "7, 8, 9", "scale": 2.5, "start_percent": 0.01, "end_percent": 0.4}]],
    [["SkipLayerGuidanceDiTSimple", {"double_layers": "1", "single_layers": "4", "start_percent": 0.0, "end_percent": 0.5}]],
    [["SkipLayerGuidanceDiTSimple", {"double_layers": "1", "single_layers": "4", "start_percent": 0.0, "end_percent": 1.0}], ["SkipLayerGuidanceDiT", {**DIT, "end_percent": 1.0}]],
    [["PerturbedAttentionGuidance", {"scale": 3.0}]],
    [["TemporalScoreRescaling", {"tsr_k": 0.9, "tsr_sigma": 1.2}]],
    [["RescaleCFG", {"multiplier": 0.7}]],
    [["RescaleCFG", {"multiplier": 1.0}]],
]
SPREAD = {9: 0.7, 10: 0.7}
KINDS = [["flow", 3.0, 1.0], ["flow", 3.0, 1000], ["flux", 1.15]]
for kind in KINDS:
    for number, chain in enumerate(CHAINS):
        if release == "0.3.64" and number not in SPREAD: continue
        spread = SPREAD.get(number, 0)
        for cfg in (4.5, 1.0):
            network = Network(sampling(*kind), spread)
            model = Patcher(network)
            for node, options in chain:
                [model] = run(f"comfy_extras.nodes_{MODULES[node]}", node, {"model": model, **options})
            id = f"{' '.join(map(str, kind))} {number} {' '.join(node for node, _ in chain)} {cfg}"
            outputs, calls = {}, []
            sigmas = torch.tensor([1.0, network.model_sampling.percent_to_sigma(0.05), network.model_sampling.percent_to_sigma(0.15), 0.5, 0.1])
            for i, sigma in enumerate(sigmas):
                network.calls = []
                outputs[str(i)] = f"{id}/{i}"
                tensors[f"{id}/{i}"] = comfy.samplers.sampling_function(network, tensors["x"], sigma.reshape(1), conds("negative"), conds("positive"), cfg, model.model_options)
                calls.append(network.calls)
            tensors[f"{id}/sigmas"] = sigmas
            cases.append({"id": id, "params": {"kind": kind, "nodes": chain, "cfg": cfg, "calls": calls, **({"spread": spread} if spread else {})}, "inputs": {"sigmas": f"{id}/sigmas"}, "outputs": outputs})
    if release == "0.3.64": continue
    mask = (made((1, 1, 6, 5), 9, 1.0) + 0.5).clamp(0, 1)
    tensors["mask"] = mask
    for strength in (1.0, 0.4, 0.0):
        sigmas = torch.tensor([0.95, 0.7, 0.4, 0.1, 0.0])
        tensors["mask sigmas"] = sigmas
        id = f"{' '.join(map(str, kind))} DifferentialDiffusion {strength}"
        model = type("Run", (), {"inner_model": Network(sampling(*kind))})
        function = {}
        patcher = type("P", (), {"clone": lambda self: self, "set_model_denoise_mask_function": lambda self, f: function.update(f=f)})()
        run("comfy_extras.nodes_differential_diffusion", "DifferentialDiffusion", {"model": patcher, "strength": strength})
        outputs = {}
        for i, sigma in enumerate(sigmas[:-1]):
            outputs[str(i)] = f"{id}/{i}"
            tensors[f"{id}/{i}"] = function["f"](sigma.reshape(1), mask, extra_options={"model": model, "sigmas": sigmas})
        cases.append({"id": id, "params": {"kind": kind, "mask": True, "strength": strength}, "inputs": {"mask": "mask", "sigmas": "mask sigmas"}, "outputs": outputs})
write(here, "patches" if release == "0.33.0" else f"patches_{release}", cases, tensors)
