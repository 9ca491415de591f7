"""The models of the pair: their sizes, vector conditioning and noise schedule."""
import torch

from clip import ClipG, ClipL
from unet import UNet, sinusoid

CONFIG = {
    "clip_l": {"c": 64, "layers": 3},
    "clip_g": {"c": 128, "layers": 3},
    "base": {"channels": 64, "mult": (1, 2, 2), "depth": (0, 1, 2), "middle": 2},
    "refiner": {"channels": 64, "mult": (1, 2, 2, 2), "depth": (0, 1, 1, 0), "middle": 1},
}


def make_clip_l():
    return ClipL(**CONFIG["clip_l"])


def make_clip_g():
    return ClipG(**CONFIG["clip_g"])


def make_base():
    return UNet(**CONFIG["base"], context=CONFIG["clip_l"]["c"] + CONFIG["clip_g"]["c"], adm=CONFIG["clip_g"]["c"] + 6 * 256)


def make_refiner():
    return UNet(**CONFIG["refiner"], context=CONFIG["clip_g"]["c"], adm=CONFIG["clip_g"]["c"] + 5 * 256)


def adm(pooled, size):
    """The vector conditioning. size: (B,6) height, width, crop_h, crop_w, target_height, target_width; for the refiner (B,5),
    the last one the aesthetic score."""
    return torch.cat([pooled, sinusoid(size.reshape(-1), 256).reshape(len(size), -1)], -1)


def alphas_cumprod():
    betas = torch.linspace(0.00085 ** 0.5, 0.012 ** 0.5, 1000, dtype=torch.float64) ** 2
    return torch.cumprod(1 - betas, 0)
