# Makes taesd16.* (tiny autoencoders of 16 channels with random weights, as VAELoader's taef1 and taesd3 and as decoders of previews) and latents16.*
# (nodes on latents of 16 channels), by ComfyUI 0.33.0 in float32 on the CPU. The other groups of this folder have no script.
# python make.py COMFYUI_FOLDER
import os, sys
here = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.dirname(here), os.path.join(os.path.dirname(here), "core_nodes")]
import originals
originals.Finder.names = tuple(name for name in originals.Finder.names if name != "av")  # 0.33.0 asks PyAV for its tables
run = originals.load(sys.argv[1])
import numpy as np
import torch
import comfy.sd, latent_preview
from comfy.taesd.taesd import TAESD
from seeded import both, fill, noise, write

CHANNELS, GAIN = 16, 0.8
NUMBERS = {"taesd3": (1.5305, 0.0609), "taef1": (0.3611, 0.1159)}

small = TAESD(latent_channels=CHANNELS)
weights = {
    "encoder": fill(small.taesd_encoder, gain=GAIN, first=1),
    "decoder": fill(small.taesd_decoder, gain=GAIN, first=1001),
}

# pictures around grey, so that few values are cut off at 0 and 1
last = next(spec for spec in weights["decoder"] if spec["name"] == "19.bias")
last["around"] = 0.5
small.taesd_decoder.state_dict()["19.bias"].copy_(torch.from_numpy(noise(3, last["seed"], last["scale"]) + np.float32(0.5)))

def vae(name):
    """What VAELoader makes of the two files."""
    state = {k: v.detach().clone() for k, v in small.state_dict().items()}
    state["vae_scale"], state["vae_shift"] = (torch.tensor(v) for v in NUMBERS[name])
    return comfy.sd.VAE(sd=state, dtype=torch.float32)

def preview(latent):
    """The preview of a latent of the model: only the decoder's file is read."""
    alone = TAESD(latent_channels=CHANNELS)
    alone.taesd_decoder.load_state_dict(small.taesd_decoder.state_dict())
    return torch.from_numpy(np.array(latent_preview.TAESDPreviewerImpl(alone).decode_latent_to_preview(latent)))

tensors, cases, measured = {}, [], {}
def case(id, params, inputs, outputs):
    for name, value in outputs.items():
        tensors[f"{id}/{name}"], measured[f"{id}/{name}"] = value[0], [value[1], float(value[0].double().abs().max())]
        print(id, name, tuple(value[0].shape), "mean", float(value[0].double().mean()), "deviation", float(value[0].double().std()), measured[f"{id}/{name}"])
    cases.append({"id": id, "params": {**params, **inputs}, "inputs": {}, "outputs": {name: f"{id}/{name}" for name in outputs}})

def seeded(shape, seed, scale, around):
    return torch.from_numpy(noise(int(np.prod(shape)), seed, scale) + np.float32(around)).reshape(shape)

for name in NUMBERS:
    one = vae(name)
    for i, shape in enumerate([(1, 40, 56, 3), (2, 33, 24, 3)]):
        image = seeded(shape, 2001 + i, 1.0, 0.5)
        case(f"{name}_encode_{i}", {"vae": name}, {"shape": shape, "seed": 2001 + i, "scale": 1.0, "around": 0.5}, {"latent": both(lambda: one.encode(image))})
    for i, shape in enumerate([(1, 16, 5, 7), (2, 16, 4, 3)]):
        latent = seeded(shape, 2101 + i, 4.0, 0.0)
        case(f"{name}_decode_{i}", {"vae": name}, {"shape": shape, "seed": 2101 + i, "scale": 4.0, "around": 0.0}, {"image": both(lambda: one.decode(latent.clone()))})
shape = (2, 16, 5, 7)
latent = seeded(shape, 2201, 4.0, 0.0)
picture, moved = both(lambda: preview(latent).float())
case("preview", {}, {"shape": shape, "seed": 2201, "scale": 4.0, "around": 0.0}, {"image": (picture.to(torch.uint8), moved)})
write(here, "taesd16", cases, tensors, measured, weights=weights)

# nodes on latents

import comfy_extras.nodes_post_processing  # before nodes_latent, which imports it in turn
N, L, M = "nodes", "comfy_extras.nodes_latent", "comfy_extras.nodes_mask"
MADE = {name: {"shape": shape, "seed": 3001 + i, "scale": 6.0, "around": 0.0} for i, (name, shape) in enumerate({"a": (2, 16, 12, 10), "b": (2, 16, 12, 10), "small": (1, 16, 9, 14)}.items())}
MASK = {"shape": (1, 24, 20), "seed": 3101, "scale": 1.0, "around": 0.5}
tensors, cases = {}, []

def keep(type, result, links, **params):
    id = f"{len(cases)} {type}"
    tensors[f"{id}/samples"] = result.clone().contiguous()
    cases.append({"id": id, "params": {"node": type, "latents": {k: MADE[v] for k, v in links.items()}, **params}, "inputs": {}, "outputs": {"samples": f"{id}/samples"}})

def node_case(module, type, links, mask=None, **values):
    """`links`: the inputs that are latents, and their names."""
    inputs = {**values, **{k: {"samples": seeded(**MADE[v])} for k, v in links.items()}, **({"mask": seeded(**mask)} if mask else {})}
    [result] = run(module, type, inputs)
    keep(type, result["samples"], links, values=values, **({"mask": mask} if mask else {}))

one, pair = {"samples": "a"}, {"samples1": "a", "samples2": "small"}
for method in ("nearest-exact", "bilinear", "area", "bicubic", "bislerp"):
    node_case(N, "LatentUpscale", one, upscale_method=method, width=104, height=120, crop="center")
    node_case(N, "LatentUpscaleBy", {"samples": "small"}, upscale_method=method, scale_by=1.4)
for feather in (0, 24):
    node_case(N, "LatentComposite", {"samples_to": "a", "samples_from": "small"}, x=16, y=24, feather=feather)
for resize in (False, True):
    node_case(M, "LatentCompositeMasked", {"destination": "a", "source": "small"}, x=16, y=8, resize_source=resize, mask=MASK)
for type in ("LatentAdd", "LatentSubtract", "LatentBatch"):
    node_case(L, type, pair)
node_case(L, "LatentMultiply", one, multiplier=-0.37)
node_case(L, "LatentInterpolate", {"samples1": "small", "samples2": "small"}, ratio=0.3)
node_case(N, "LatentBlend", pair, blend_factor=0.3)
for dim in ("x", "-y"):
    node_case(L, "LatentConcat", {"samples1": "a", "samples2": "b"}, dim=dim)
node_case(L, "LatentCut", one, dim="x", index=3, amount=4)
node_case(N, "LatentCrop", {"samples": "small"}, width=64, height=64, x=16, y=8)
node_case(N, "LatentFlip", one, flip_method="x-axis: vertically")
node_case(N, "LatentRotate", one, rotation="90 degrees")
node_case(N, "LatentFromBatch", one, batch_index=1, length=1)
node_case(N, "RepeatLatentBatch", {"samples": "small"}, amount=3)
for type, options in (("LatentOperationTonemapReinhard", {"multiplier": 0.6}), ("LatentOperationSharpen", {"sharpen_radius": 2, "sigma": 0.6, "alpha": 0.8})):
    [operation] = run(L, type, options)
    keep(type, operation(latent=seeded(**MADE["a"])), {"latent": "a"}, values=options)
write(here, "latents16", cases, tensors)
