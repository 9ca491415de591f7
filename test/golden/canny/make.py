# Makes edges.json.gz and edges.safetensors.gz: the edges that ComfyUI's Canny node finds (kornia 0.8.1's canny on the CPU, with a correctly
# rounded square root) in pictures of noise, smooth hills and drawn shapes. python make.py
import os, sys
here = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(here))
import numpy as np
import torch
from kornia.filters import canny
from seeded import noise, write

def rough(n, h, w, seed):
    return torch.from_numpy(noise(n * h * w * 3, seed, 1.0) + np.float32(0.5)).reshape(n, h, w, 3)

def hills(n, h, w, seed, levels=255):
    """A coarse grid of noise, enlarged smoothly, in 8 bits."""
    grid = rough(n, 6, 7, seed).movedim(-1, 1)
    big = torch.nn.functional.interpolate(grid, (h, w), mode="bicubic", align_corners=True).clamp(0, 1)
    return ((big * levels).round() / levels).movedim(1, -1).contiguous()

def shapes(h, w):
    y, x = torch.meshgrid(torch.arange(h), torch.arange(w), indexing="ij")
    image = torch.full((h, w), 40.0)
    image[(x - w * 0.3) ** 2 + (y - h * 0.5) ** 2 < (h * 0.3) ** 2] = 200
    image[h // 5:h // 2, w // 2:w - w // 6] = 120
    image[(x + y) % 37 < 3] = 250
    image[h - h // 5:, :] += (x[h - h // 5:, :] * 60 / w).floor()
    tint = torch.tensor([1.0, 0.9, 0.8])
    return ((image[None, ..., None] * tint).round().clamp(0, 255) / 255).contiguous()

root = torch.sqrt
tensors, cases = {}, []
for id, image, low, high in [
    ("noise", rough(1, 24, 40, 1), 0.1, 0.5),
    ("noise, two pictures", rough(2, 33, 57, 2), 0.1, 0.5),
    ("hills", hills(1, 96, 112, 3), 0.05, 0.3),
    ("large hills", hills(1, 200, 240, 4), 0.02, 0.1),
    ("coarse hills", hills(1, 150, 150, 5, 15), 0.1, 0.2),
    ("shapes", shapes(96, 128), 0.4, 0.8),
    ("large shapes", shapes(192, 256), 0.1, 0.6),
    ("grey", hills(1, 64, 64, 6)[..., :1].contiguous(), 0.05, 0.2),
]:
    plain = canny(image.movedim(-1, 1), low, high)[1].movedim(1, -1)
    # torch's vectorised square root errs in the last place, which decides between neighbours that are equal
    torch.sqrt = lambda v: root(v.double()).float()
    out = canny(image.movedim(-1, 1), low, high)[1].movedim(1, -1)
    torch.sqrt = root
    tensors[f"{id}/image"] = (image * 255).round().to(torch.uint8) if id.split(",")[0] != "noise" else image[:0]
    tensors[f"{id}/edges"] = out.to(torch.uint8)
    params = {"low": low, "high": high, "shape": list(image.shape)}
    if id.startswith("noise"):
        params["seed"] = 1 if id == "noise" else 2
    cases.append({"id": id, "params": params, "inputs": {"image": f"{id}/image"}, "outputs": {"edges": f"{id}/edges"}, "scalars": {"pixels that depend on the square root": int((out != plain).sum())}})
    print(id, int(out.sum()), "edge pixels of", out.numel(), cases[-1]["scalars"])
write(here, "edges", cases, tensors)
