# Makes siglip.json.gz and siglip.safetensors.gz: what ComfyUI's clip_vision sees in pictures with a small SigLIP, and the tokens that a small Redux makes of it.
# python make_siglip.py COMFYUI_FOLDER (torch on the CPU)
import os, sys
here = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(os.path.dirname(here), "core_nodes"), os.path.dirname(here)]
from originals import Finder, load
Finder.names = tuple(name for name in Finder.names if name != "av")
run = load(sys.argv[1])
import torch
import comfy.clip_vision, comfy.sd
from comfy.ldm.flux.redux import ReduxImageEncoder
from seeded import noise, seeded, write

made = lambda shape, seed, scale=2.0, around=0.0: torch.from_numpy(noise(int(torch.tensor(shape).prod()), seed, scale) + around).float().reshape(shape)
config = {"num_channels": 3, "hidden_act": "gelu_pytorch_tanh", "hidden_size": 32, "image_size": 28, "intermediate_size": 48, "model_type": "siglip_vision_model", "num_attention_heads": 16, "num_hidden_layers": 24, "patch_size": 7, "image_mean": [0.5] * 3, "image_std": [0.5] * 3}
vision = comfy.clip_vision.ClipVisionModel(config)
specs, weights = seeded({k: tuple(v.shape) for k, v in vision.model.state_dict().items()}, gain=0.8)
vision.load_sd(weights)
redux = ReduxImageEncoder(redux_dim=32, txt_in_features=20)
redux_specs, weights = seeded({k: tuple(v.shape) for k, v in redux.state_dict().items()}, first=500)
redux.load_state_dict(weights)
style = comfy.sd.StyleModel(redux)

tensors, cases = {}, []
for id, shape, crop, strength in (("square", [2, 28, 28, 3], True, 1.0), ("wide", [1, 40, 61, 3], True, 0.4), ("tall, squeezed", [1, 50, 21, 4], False, 1.7)):
    out = vision.encode_image(made(shape, 7, 1.0, 0.5), crop=crop)
    [applied] = run("nodes", "StyleModelApply", {"conditioning": [[made([1, 9, 20], 8), {}]], "style_model": style, "clip_vision_output": out, "strength": strength, "strength_type": "multiply"})
    values = {"last": out.last_hidden_state, "penultimate": out.penultimate_hidden_states, "embeds": out.image_embeds, "cond": applied[0][0]}
    for name, value in values.items():
        tensors[f"{id}/{name}"] = value.detach().clone().float()
    cases.append({"id": id, "params": {"shape": shape, "crop": crop, "strength": strength}, "inputs": {}, "outputs": {name: f"{id}/{name}" for name in values}})
cases[0]["params"].update(weights=specs, redux=redux_specs)
write(here, "siglip", cases, tensors)
