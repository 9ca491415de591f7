# Prints hashes of torch's results at every bit pattern that a function is compared at, a line for each million of them:
# python every.py exp log > hashes; DARKROOM_FLOAT32=hashes npx vitest run src/tensor/float32
import hashlib, sys
import numpy as np
import torch
from functions import outputs, pattern_ranges

torch.set_num_threads(1)
CHUNK = 1 << 20
for name in sys.argv[1:]:
    for first, last in pattern_ranges(name):
        for start in range(first, last - CHUNK + 1, CHUNK):
            y = outputs(name, np.arange(start, start + CHUNK, dtype=np.uint64))
            print(name, start, hashlib.sha256(y.tobytes()).hexdigest(), sep="\t", flush=True)
