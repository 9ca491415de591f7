# Makes runs.json.gz: hashes of the latents that KSampler's samplers end with, over a denoiser that every program computes alike (the latent clamped
# to -1..1 and halved; for the negative side a quarter), and of the sigmas at which they call it. PyTorch 2.13 on x86-64 with AVX-512, not by Intel.
# python make.py COMFYUI_FOLDER VERSION, for each release; a file is extended.
import gzip, hashlib, json, os, sys
here = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(here), "core_nodes"))
folder, version = sys.argv[1:3]
from originals import load
load(folder)
import torch
import comfy.model_sampling, comfy.samplers

torch.set_num_threads(1)
SEED, SHAPE = 7, (1, 4, 6, 6)

class Sampling(comfy.model_sampling.ModelSamplingDiscrete, comfy.model_sampling.EPS):
    pass
sampling = Sampling()

class Patcher:
    def get_model_object(self, name):
        return sampling

class Denoiser:
    class inner_model:
        class inner_model:
            model_sampling = sampling
        model_patcher = Patcher()
        conds = {}
    def __init__(self):
        self.calls = []
    def __call__(self, x, sigma, model_options={}, **_):
        self.calls.append(sigma.reshape(-1)[0])
        denoised, uncond = x.clamp(-1, 1) * 0.5, x.clamp(-1, 1) * 0.25
        for change in model_options.get("sampler_post_cfg_function", []):
            denoised = change({"denoised": denoised, "uncond_denoised": uncond, "cond_denoised": denoised, "input": x, "sigma": sigma, "model_options": model_options})
        return denoised

def short_hash(x):
    return hashlib.sha256(x.contiguous().view(torch.int32).numpy().tobytes()).hexdigest()[:8]

def run(name, scheduler, steps):
    sigmas = comfy.samplers.calculate_sigmas(sampling, scheduler, steps)
    noise = torch.randn(SHAPE, generator=torch.Generator().manual_seed(5))
    x = sampling.noise_scaling(sigmas[0], noise, torch.zeros(SHAPE), max_denoise=True)
    torch.manual_seed(SEED)
    torch.randn(SHAPE)  # the initial noise, which samplers without a generator of their own continue
    denoiser, sampler = Denoiser(), comfy.samplers.sampler_object(name)
    out = sampler.sampler_function(denoiser, x, sigmas, extra_args={"seed": SEED, "model_options": {}}, callback=None, disable=True, **sampler.extra_options)
    return [short_hash(out), short_hash(torch.stack(denoiser.calls))]

path = os.path.join(here, "runs.json.gz")
cases = json.loads(gzip.open(path).read())["cases"] if os.path.exists(path) else []
cases = [c for c in cases if c["params"]["version"] != version]
for name in comfy.samplers.KSampler.SAMPLERS:
    runs = {f"{scheduler} {steps}": run(name, scheduler, steps) for scheduler in ("karras", "normal", "exponential") for steps in (8, 30)}
    cases.append({"id": f"{name} {version}", "params": {"sampler": name, "version": version, "runs": runs}, "inputs": {}, "outputs": {}})
with gzip.GzipFile(path, "wb", 9, mtime=0) as f:
    f.write(json.dumps({"cases": cases}).encode())
print(len(cases), "cases")
