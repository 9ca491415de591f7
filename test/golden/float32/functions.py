# What is compared: torch's float32 functions on a CPU, each with the ranges of inputs that it is compared at.
import numpy as np
import torch

def values(n):
    """0-dim tensors one by one, as far as the algorithm goes: blocks have fewer than 32 values."""
    return lambda function: lambda x: torch.cat([function(part) for part in x.split(n)])

one_by_one = values(31)

# name: (function, [(first input, last input)])
FUNCTIONS = {
    "exp": (torch.exp, [(-87.3, -2.0 ** -40), (2.0 ** -40, 88.7)]),
    "expm1": (torch.expm1, [(-20.0, -2.0 ** -40), (2.0 ** -40, 89.0)]),
    "log": (torch.log, [(2.0 ** -126, 3.4e38)]),
    "log1p": (torch.log1p, [(-0.9999999, -2.0 ** -40), (2.0 ** -40, 3.4e38)]),
    "sin": (torch.sin, [(-10000.0, -2.0 ** -30), (2.0 ** -30, 10000.0)]),
    "cos": (torch.cos, [(-10000.0, -2.0 ** -30), (2.0 ** -30, 10000.0)]),
    "tan": (torch.tan, [(-10000.0, -2.0 ** -30), (2.0 ** -30, 10000.0)]),
    "atan": (torch.atan, [(-1e9, -2.0 ** -30), (2.0 ** -30, 1e9)]),
    "sqrt": (torch.sqrt, [(2.0 ** -126, 3.4e38)]),
    "sigmoid": (one_by_one(torch.sigmoid), [(-80.0, -2.0 ** -30), (2.0 ** -30, 80.0)]),
}
for exponent in [7.0, 1 / 7, 5.0, 0.3, -2.7, 4.0]:
    FUNCTIONS[f"block pow {exponent}"] = (lambda x, e=exponent: x ** e, [(2.0 ** -15, 2.0 ** 15)])
    FUNCTIONS[f"pow {exponent}"] = (one_by_one(lambda x, e=exponent: x ** e), [(2.0 ** -15, 2.0 ** 15)])

def bits(x):
    return int(np.float32(x).view(np.uint32))

def pattern_ranges(name):
    """The inputs' bit patterns, ascending: [(first, last)]."""
    return [tuple(sorted((bits(a), bits(b)))) for a, b in FUNCTIONS[name][1]]

def outputs(name, patterns):
    """Bit patterns of the function of bit patterns (a multiple of 32 of them)."""
    x = torch.from_numpy(patterns.astype(np.uint32).view(np.float32))
    y = FUNCTIONS[name][0](x)
    return torch.where(y.isnan(), torch.nan, y).numpy().view(np.uint32)
