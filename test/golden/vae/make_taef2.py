# Makes taef2.* (the tiny autoencoder of FLUX.2 with random weights, as VAELoader's taef2 and as the decoder of previews), by ComfyUI 0.33.0 in float32 on
# the CPU. python make_taef2.py COMFYUI_FOLDER
import os, sys
here = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.dirname(here), os.path.join(os.path.dirname(here), "core_nodes")]
import originals
originals.Finder.names = tuple(name for name in originals.Finder.names if name != "av")  # 0.33.0 asks PyAV for its tables
originals.load(sys.argv[1])
import numpy as np
import torch
import comfy.sd, latent_preview
from comfy.taesd.taesd import TAESD
from seeded import both, fill, noise, write

CHANNELS, GAIN = 128, 0.8
small = TAESD(latent_channels=CHANNELS)
weights = {
    "encoder": fill(small.taesd_encoder, gain=GAIN, first=1),
    "decoder": fill(small.taesd_decoder, gain=GAIN, first=1001),
}

# pictures around grey, so that few values are cut off at 0 and 1
last = next(spec for spec in weights["decoder"] if spec["name"] == "19.bias")
last["around"] = 0.5
small.taesd_decoder.state_dict()["19.bias"].copy_(torch.from_numpy(noise(3, last["seed"], last["scale"]) + np.float32(0.5)))

def vae():
    """What VAELoader makes of the two files."""
    state = {k: v.detach().clone() for k, v in small.state_dict().items() if not k.startswith("vae_")}
    return comfy.sd.VAE(sd=state, metadata={"tae_latent_channels": CHANNELS}, dtype=torch.float32)

def preview(latent):
    """The preview of a latent of the model: only the decoder's file is read."""
    return torch.from_numpy(np.array(latent_preview.TAESDPreviewerImpl(small).decode_latent_to_preview(latent)))

tensors, cases, measured = {}, [], {}
def case(id, inputs, outputs):
    for name, value in outputs.items():
        tensors[f"{id}/{name}"], measured[f"{id}/{name}"] = value[0], [value[1], float(value[0].double().abs().max())]
        print(id, name, tuple(value[0].shape), "mean", float(value[0].double().mean()), "deviation", float(value[0].double().std()), measured[f"{id}/{name}"])
    cases.append({"id": id, "params": inputs, "inputs": {}, "outputs": {name: f"{id}/{name}" for name in outputs}})

def seeded(shape, seed, scale, around):
    return torch.from_numpy(noise(int(np.prod(shape)), seed, scale) + np.float32(around)).reshape(shape)

one = vae()
for i, shape in enumerate([(1, 48, 64, 3), (2, 32, 16, 3)]):
    image = seeded(shape, 2001 + i, 1.0, 0.5)
    case(f"encode_{i}", {"shape": shape, "seed": 2001 + i, "scale": 1.0, "around": 0.5}, {"latent": both(lambda: one.encode(image))})
for i, shape in enumerate([(1, CHANNELS, 3, 4), (2, CHANNELS, 2, 1)]):
    latent = seeded(shape, 2101 + i, 4.0, 0.0)
    case(f"decode_{i}", {"shape": shape, "seed": 2101 + i, "scale": 4.0, "around": 0.0}, {"image": both(lambda: one.decode(latent.clone()))})
shape = (2, CHANNELS, 3, 2)
latent = seeded(shape, 2201, 4.0, 0.0)
picture, moved = both(lambda: preview(latent).float())
case("preview", {"shape": shape, "seed": 2201, "scale": 4.0, "around": 0.0}, {"image": (picture.to(torch.uint8), moved)})
write(here, "taef2", cases, tensors, measured, weights=weights)
