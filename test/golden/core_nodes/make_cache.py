# Makes cache.*: ComfyUI's own LazyCache around a prediction that is given by a formula. python make_cache.py COMFYUI_FOLDER
import os, sys
here = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [here, os.path.dirname(here)]
from originals import load
load(sys.argv[1])
import torch
from comfy_extras.nodes_easycache import LazyCacheHolder, lazycache_predict_noise_wrapper
from seeded import noise, write

SHAPE = (2, 4, 17, 20)
size = 2 * 4 * 17 * 20
target, start = (torch.from_numpy(noise(size, seed, scale)).reshape(SHAPE) for seed, scale in ((1, 4.0), (2, 2.0)))

class Sampling:
    def percent_to_sigma(self, percent): return 14.0 * (1 - percent) ** 2

tensors, cases = {"target": target, "start": start}, []
for threshold, begin, end, steps in ((0.2, 0.15, 0.95, 20), (0.05, 0.0, 0.9, 12), (1.5, 0.3, 1.0, 15), (0.0, 0.0, 1.0, 6)):
    holder = LazyCacheHolder(threshold, begin, end, subsample_factor=8, offload_cache_diff=False).prepare_timesteps(Sampling())
    calls = []
    def predict(x, sigma, options):
        calls.append(float(sigma[0]))
        return target * (1 - sigma[0] / 20) + x * (sigma[0] / 40) / (1 + sigma[0])
    sigmas = [14.0 * (1 - i / steps) ** 2 for i in range(steps + 1)]
    x, id = start * 14, f"{threshold} {begin} {end}"
    for i in range(steps):
        sigma = torch.full((2,), sigmas[i])
        out = lazycache_predict_noise_wrapper(predict, x, sigma, {"transformer_options": {"easycache": holder}})
        x = x + (x - out) / sigmas[i] * (sigmas[i + 1] - sigmas[i])
    tensors[id] = x[..., ::3, ::3].contiguous()
    cases.append({"id": id, "params": {"threshold": threshold, "start": begin, "end": end, "sigmas": sigmas, "calls": calls, "shape": SHAPE}, "inputs": {}, "outputs": {"x": id}})
    print(id, "calls", len(calls), "of", steps)
write(here, "cache", cases, tensors)
