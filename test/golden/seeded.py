# Weights that tests generate again by themselves: a linear congruential generator (noise() of test/support/files/rewrite.ts), a seed for each tensor.
import gzip, json, os
import numpy as np
import torch
from safetensors.torch import save

def noise(count, seed, scale):
    a = np.cumprod(np.full(count, 1664525, np.uint32), dtype=np.uint32)
    c = np.cumsum(np.concatenate([[1], a[:-1]]).astype(np.uint32), dtype=np.uint32) * np.uint32(1013904223)
    state = a * np.uint32(seed or 1) + c
    return ((state.astype(np.float64) / 2 ** 32 - 0.5) * scale).astype(np.float32)

def made(shape, seed, scale=3.0, around=0.0):
    """Numbers of -scale/2 to scale/2 around another one."""
    return torch.from_numpy(noise(int(torch.tensor(shape).prod()), seed, scale) + around).float().reshape(shape)

def seeded(shapes, gain=1.0, first=1):
    """Tensors by name and how they are made: norms' weights around 1, others by their width."""
    specs, tensors = [], {}
    for i, (name, shape) in enumerate(sorted(shapes.items())):
        width = int(np.prod(shape[1:])) if len(shape) > 1 else 16
        scale = float(gain * 2 * (3 / width) ** 0.5)
        around = 1.0 if len(shape) == 1 and name.endswith("weight") else 0.0
        specs.append({"name": name, "shape": list(shape), "seed": first + i, "scale": scale, "around": around})
        values = noise(int(np.prod(shape)), first + i, scale) + np.float32(around)
        tensors[name] = torch.from_numpy(values.astype(np.float32)).reshape(shape)
    return specs, tensors

def fill(module, **options):
    specs, tensors = seeded({name: tuple(t.shape) for name, t in module.state_dict().items()}, **options)
    module.load_state_dict(tensors)
    return specs

def both(run):
    """A result, and how far another order of sums moves it."""
    with torch.no_grad():
        torch.set_num_threads(1)
        first = run()
        with torch.backends.mkldnn.flags(enabled=False):
            second = run()
    return first, float((first.double() - second.double()).abs().max())

def write(here, group, cases, tensors, measured={}, **more):
    base = os.path.join(here, group)
    for end, data in [("json", json.dumps({"cases": cases, "measured": measured, **more}).encode()), ("safetensors", save({k: v.contiguous() for k, v in tensors.items()}))]:
        with gzip.GzipFile(f"{base}.{end}.gz", "wb", 9, mtime=0) as f:
            f.write(data)
    print(group, len(cases), "cases", os.path.getsize(f"{base}.safetensors.gz"), "bytes")
