# Makes functions.json.gz and functions.safetensors.gz: torch's float32 functions (PyTorch 2.13 on x86-64 with AVX-512, not by Intel) at inputs
# spread over all their bit patterns, as hashes of the results and some of them in full; powers of tensors of every length and linspace, which
# depend on the number of values; sums. python make.py
import hashlib, math, os, sys
here = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(here))
import numpy as np
import torch
from functions import FUNCTIONS, outputs, pattern_ranges
from seeded import write

torch.set_num_threads(1)
COUNT, SHOWN = 1 << 16, 256
tensors, cases = {}, []

def add(id, params, arrays):
    cases.append({"id": id, "params": params, "inputs": {}, "outputs": {k: f"{id}/{k}" for k in arrays}})
    tensors.update({f"{id}/{k}": torch.from_numpy(np.ascontiguousarray(v)).view(torch.int32) for k, v in arrays.items()})

for name in FUNCTIONS:
    for i, (first, last) in enumerate(pattern_ranges(name)):
        stride = (last - first) // (COUNT - 1)
        x = first + stride * np.arange(COUNT, dtype=np.uint64)
        y = outputs(name, x)
        shown = y[:: COUNT // SHOWN]
        params = {"function": name, "first": first, "stride": stride, "count": COUNT, "sha256": hashlib.sha256(y.tobytes()).hexdigest()}
        add(f"{name} {i}", params, {"shown": shown})

rng = np.random.default_rng(0)
for exponent in [7.0, 1 / 7, 0.3, 1.5, -2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0, 3.0]:
    for count in [1, 15, 31, 32, 33, 63, 64, 100]:
        x = np.abs(rng.normal(size=count)).astype(np.float32)
        add(f"tensor pow {exponent} {count}", {"exponent": exponent}, {"x": x, "y": (torch.from_numpy(x) ** exponent).numpy()})

for count in [1, 2, 3, 8, 20, 31, 32, 33, 50, 64, 100, 101, 150, 999, 1000]:
    for start, end in [(0, 1), (1, 0), (999, 0), (math.log(14.614641), math.log(0.0291675)), (1, 1e-3), (-3.7, 11.1)]:
        add(f"linspace {start} {end} {count}", {"start": start, "end": end, "count": count}, {"y": torch.linspace(start, end, count).numpy()})

for count in [1, 5, 15, 16, 17, 63, 64, 65, 200, 1000, 1024, 5000]:
    x = (rng.normal(size=count) * np.exp(rng.normal(size=count))).astype(np.float32)
    add(f"sum {count}", {}, {"x": x, "y": torch.from_numpy(x).sum().reshape(1).numpy()})

write(here, "functions", cases, tensors)
