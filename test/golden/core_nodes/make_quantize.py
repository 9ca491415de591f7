# Makes quantize.json.gz and quantize.safetensors.gz: ComfyUI's own ImageQuantize (Pillow 13.0.0). python make_quantize.py COMFYUI_FOLDER
import os, sys
here = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [here, os.path.dirname(here)]
from originals import load
run = load(sys.argv[1])
import torch
from seeded import noise, write

def picture(kind, n, h, w, seed):
    """`noise`: any colour; `slopes`: smooth; `levels`: few colours."""
    if kind == "slopes":
        n_, y, x, c = torch.meshgrid(*(torch.arange(k) for k in (n, h, w, 3)), indexing="ij")
        return ((x * (c + 1) + y * (3 - c) + 40 * n_ + seed) % 256).float() / 255
    values = torch.from_numpy(noise(n * h * w * 3, seed, 1.0)).reshape(n, h, w, 3) + 0.5
    return values if kind == "noise" else (values * 3).round() / 3

DITHERS = ["none", "floyd-steinberg", "bayer-2", "bayer-4", "bayer-8", "bayer-16"]
tensors, cases = {}, []
for kind, n, h, w, seed, colors in [("noise", 2, 19, 23, 1, 256), ("noise", 1, 24, 31, 2, 16), ("slopes", 2, 33, 40, 0, 7), ("slopes", 1, 64, 50, 3, 64), ("levels", 1, 20, 21, 4, 256), ("levels", 1, 13, 17, 5, 5), ("slopes", 1, 9, 300, 6, 2), ("noise", 1, 12, 5, 7, 1), ("noise", 1, 280, 260, 8, 100), ("slopes", 1, 1, 1, 9, 4)]:
    for dither in DITHERS:
        id = f"{kind} {h}x{w} {colors} {dither}"
        given = picture(kind, n, h, w, seed)
        result = run("comfy_extras.nodes_post_processing", "ImageQuantize", {"image": given, "colors": colors, "dither": dither})[0]
        every = 17 if h > 200 else 1
        tensors[id] = (result * 255).round().to(torch.uint8).flatten()[::every].clone()
        cases.append({"id": id, "params": {"kind": kind, "shape": [n, h, w, 3], "seed": seed, "colors": colors, "dither": dither, "every": every}, "inputs": {}, "outputs": {"bytes": id}})
write(here, "quantize", cases, tensors)
