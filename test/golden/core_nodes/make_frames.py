# Makes frames.*: ComfyUI's own latent nodes on latents with frames [B, C, T, H, W], as those of Qwen-Image and Wan. Many treat the frames as rows.
# python make_frames.py COMFYUI_FOLDER (0.33.0)
import os, sys
here = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [here, os.path.dirname(here)]
from latent_cases import Cases
from originals import Finder, load
Finder.names = tuple(name for name in Finder.names if name != "av")
run = load(sys.argv[1])
import torch
import comfy_extras.nodes_post_processing  # it and nodes_latent import each other
from seeded import made, write

cases = Cases(run)
case = cases.case
L, N, M, R = "comfy_extras.nodes_latent", "nodes", "comfy_extras.nodes_mask", "comfy_extras.nodes_rebatch"
latent = lambda shape, seed: {"samples": made(shape, seed)}
A, B, LONG = latent([2, 2, 3, 10, 9], 1), latent([2, 2, 3, 10, 9], 2), latent([1, 2, 12, 9, 11], 3)
ONE, SMALL, PLAIN = latent([1, 2, 1, 10, 9], 4), latent([1, 2, 3, 4, 5], 5), latent([2, 2, 10, 9], 6)
CUBE, THREE = latent([1, 2, 3, 6, 6], 12), latent([3, 2, 3, 4, 4], 13)
WIDE = latent([2, 4, 2, 5, 7], 14)
MASK = made([1, 40, 36], 7, 1.0, 0.5)

for method in ("x-axis: vertically", "y-axis: horizontally"):
    case(N, "LatentFlip", samples=A, flip_method=method)
for rotation in ("none", "90 degrees", "180 degrees", "270 degrees"):
    case(N, "LatentRotate", samples=A, rotation=rotation)
for samples in (A, LONG):
    for x, y, width, height in ((0, 0, 64, 64), (16, 24, 64, 72), (8000, 8000, 64, 64), (0, 8, 8000, 8000)):
        case(N, "LatentCrop", samples=samples, width=width, height=height, x=x, y=y)
for to, source in ((A, B), (A, SMALL), (LONG, SMALL), (A, ONE), (A, PLAIN), (PLAIN, A)):
    for x, y, feather in ((0, 0, 0), (16, 8, 0), (16, 16, 16), (0, 0, 16)):
        case(N, "LatentComposite", samples_to=to, samples_from=source, x=x, y=y, feather=feather)
for to, source, resize in ((A, B, False), (A, SMALL, False), (LONG, SMALL, False), (A, ONE, False), (ONE, ONE, True), (CUBE, CUBE, False), (PLAIN, A, False), (A, PLAIN, False), (A, SMALL, True)):
    for x, y, mask in ((0, 0, None), (16, 8, None), (56, 64, None), (0, 0, MASK), (16, 24, MASK)):
        case(M, "LatentCompositeMasked", destination={"samples": to["samples"].clone()}, source=source, x=x, y=y, resize_source=resize, **({} if mask is None else {"mask": mask}))
for one, two in ((A, B), (A, ONE), (A, SMALL), (A, PLAIN), (PLAIN, A), (CUBE, CUBE)):
    for factor in (0.5, 0.1):
        case(N, "LatentBlend", samples1=one, samples2=two, blend_factor=factor)
for node in ("LatentAdd", "LatentSubtract", "LatentBatch"):
    for one, two in ((A, B), (A, ONE), (A, SMALL), (SMALL, A), (A, PLAIN), (PLAIN, A)):
        case(L, node, samples1=one, samples2=two)
case(L, "LatentMultiply", samples=A, multiplier=0.3)
for one, two in ((A, B), (SMALL, SMALL), (ONE, SMALL), (THREE, THREE), (A, PLAIN)):
    case(L, "LatentInterpolate", samples1=one, samples2=two, ratio=0.3)
for dim in ("x", "-x", "y", "-y", "t", "-t"):
    case(L, "LatentConcat", samples1=A, samples2=B, dim=dim)
    case(L, "LatentConcat", samples1=A, samples2=ONE, dim=dim)
case(L, "LatentConcat", samples1=A, samples2=PLAIN, dim="t")
for dim in ("x", "y", "t"):
    for index, amount in ((0, 1), (2, 100), (-2, 5), (100, 1)):
        case(L, "LatentCut", samples=A, dim=dim, index=index, amount=amount)
for dim in ("t", "x", "y"):
    for size in (1, 2, 100):
        case(L, "LatentCutToBatch", samples=A, dim=dim, slice_size=size)
for method in ("nearest-exact", "bilinear", "area", "bicubic", "bislerp"):
    for crop in ("disabled", "center"):
        case(N, "LatentUpscale", samples=WIDE, upscale_method=method, width=128, height=64, crop=crop)
    case(N, "LatentUpscaleBy", samples=WIDE, upscale_method=method, scale_by=1.5)
case(N, "LatentUpscale", samples=WIDE, upscale_method="bilinear", width=0, height=96, crop="disabled")
for index, length in ((0, 1), (1, 5), (-1, 1)):
    case(N, "LatentFromBatch", samples=A, batch_index=index, length=length)
    case(N, "LatentFromBatch", samples={**A, "noise_mask": made([2, 1, 80, 72], 8)}, batch_index=index, length=length)
case(N, "RepeatLatentBatch", samples=A, amount=2)
case(N, "RepeatLatentBatch", samples={**A, "batch_index": [3, 5], "noise_mask": made([2, 1, 80, 72], 8)}, amount=2)
case(N, "SetLatentNoiseMask", samples=A, mask=MASK)
for size in (1, 2, 5):
    case(R, "RebatchLatents", latents=[A, B, SMALL], batch_size=[size])
for behavior in ("random", "fixed"):
    case(L, "LatentBatchSeedBehavior", samples=A, seed_behavior=behavior)
for type, options in (("LatentOperationTonemapReinhard", {"multiplier": 0.7}), ("LatentOperationSharpen", dict(sharpen_radius=2, sigma=0.4, alpha=1.5))):
    [operation] = run(L, type, options)
    id = f"{len(cases.cases)} {type}"
    params, inputs = {"node": type, **options}, {"operand": cases.keep(A["samples"])}
    try:
        cases.tensors[f"{id}/out"] = operation(latent=A["samples"]).contiguous()
        cases.cases.append({"id": id, "params": params, "inputs": inputs, "outputs": {"operated": f"{id}/out"}, "scalars": {}})
    except Exception as error:
        print(id, "raises", error)
        cases.cases.append({"id": id, "params": params, "inputs": inputs, "outputs": {}, "note": f"raises {error.__class__.__name__}"})
write(here, "frames", cases.cases, cases.tensors)
