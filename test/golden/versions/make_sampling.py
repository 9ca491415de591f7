# Makes more_samplers_<release>.json.gz and .safetensors.gz: samplers and nodes that changed, with the denoiser tanh(x / (sigma + 1)). See releases.py.
import math, types
from functools import partial
from releases import FOLDERS, here, outcome, take
import torch
from seeded import write

class Progress:
    def __init__(self, *a, **k): pass
    def __enter__(self): return self
    def __exit__(self, *a): pass
    def update(self, *a): pass

def model(v):
    sampling = take(v, "comfy/model_sampling.py", dict(torch=torch, math=math), "EPS", *(["reshape_sigma"] if v != "0.3.64" else []))["EPS"]()
    class Model:
        inner_model = types.SimpleNamespace(model_patcher=types.SimpleNamespace(get_model_object=lambda name: sampling), inner_model=types.SimpleNamespace(model_sampling=sampling))
        def __call__(self, x, sigma, **k): return torch.tanh(x / (sigma[0] + 1))
    return Model()

def env_of(v, *names):
    env = dict(torch=torch, trange=lambda *a, **k: range(*a), partial=partial, math=math, nn=torch.nn, tqdm=Progress, utils=types.SimpleNamespace(append_dims=lambda x, n: x[(...,) + (None,) * (n - x.ndim)]))
    return take(v, "comfy/k_diffusion/sampling.py", env, "default_noise_sampler", *names)

def lcm(v, x, sigmas):
    return env_of(v, "sample_lcm")["sample_lcm"](model(v), x, sigmas, extra_args={"seed": 5})

def dpm_adaptive(v, x, sigmas, **options):
    f = env_of(v, "PIDStepSizeController", "DPMSolver", "sample_dpm_adaptive", "get_ancestral_step")["sample_dpm_adaptive"]
    return f(model(v), x, sigmas[-1], sigmas[0], extra_args={"seed": 5}, **options)

SAMPLERS = {"lcm": lcm, "dpm_adaptive": dpm_adaptive}
RUNS = [("lcm", [14.6], {}), ("lcm", [14.6, 0.0], {}), ("lcm", [14.6, 3.0, 0.0], {}), ("lcm", [14.6, 3.0, 1.0], {}),
    *(("dpm_adaptive", [14.6, 0.03], dict(eta=eta, s_noise=s)) for eta, s in [(0.0, 1.0), (1.0, 1.0), (0.5, 0.9)])]
x = torch.linspace(-2, 2, 48).reshape(1, 3, 4, 4) * 7
for v in FOLDERS:
    cases, tensors = [], {"x": x.clone()}
    for sampler, sigmas, options in RUNS:
        id = f"{sampler} {sigmas} {options}"
        made = outcome(lambda: SAMPLERS[sampler](v, x.clone(), torch.tensor(sigmas), **options))
        case = {"id": id, "params": {"sampler": sampler, "sigmas": sigmas, "options": options, "seed": 5}, "inputs": {"x": "x"}, "outputs": {}}
        if isinstance(made, dict):
            case["note"] = made["error"]
        else:
            tensors[id] = made
            case["outputs"]["out"] = id
        print(v, id, case.get("note", float(made.abs().sum()) if torch.is_tensor(made) else ""))
        cases.append(case)
    write(here, f"more_samplers_{v}", cases, tensors)
