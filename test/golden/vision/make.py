# Makes clip.json.gz and clip.safetensors.gz: what ComfyUI's clip_vision sees in pictures with small models, and its unclip_adm.
# python make.py COMFYUI_FOLDER (torch on the CPU)
import json, os, sys, tempfile
folder = sys.argv[1]
here = os.path.dirname(os.path.abspath(__file__))
sys.argv = ["x", "--cpu"]
sys.path[:0] = [folder, os.path.dirname(here)]
from types import SimpleNamespace
import torch
import comfy.options
comfy.options.enable_args_parsing()
import comfy.clip_vision, comfy.model_base
from comfy.ldm.modules.encoders.noise_aug_modules import CLIPEmbeddingNoiseAugmentation
from seeded import noise, seeded, write

torch.set_grad_enabled(False)
tensors, cases, measured = {}, [], {}

def made(shape, seed, scale, around):
    return torch.from_numpy(noise(int(torch.tensor(shape).prod()), seed, scale) + around).float().reshape(shape)

def case(id, params, outputs):
    for name, value in outputs.items():
        tensors[f"{id}/{name}"] = value.detach().clone().float()
    cases.append({"id": id, "params": params, "inputs": {}, "outputs": {name: f"{id}/{name}" for name in outputs}})

for kind, layers, activation in [("ViT-L", 24, "quick_gelu"), ("ViT-H", 32, "gelu")]:
    config = {"hidden_act": activation, "hidden_size": 32, "image_size": 28, "intermediate_size": 48, "model_type": "clip_vision_model", "num_attention_heads": 16,
              "num_channels": 3, "num_hidden_layers": layers, "patch_size": 7, "projection_dim": 24}
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(config, file)
        file.flush()
        model = comfy.clip_vision.ClipVisionModel(file.name)
    specs, weights = seeded({k: tuple(v.shape) for k, v in model.model.state_dict().items()}, gain=0.8)
    model.load_sd(weights)
    for name, shape, crop in [("square", [2, 28, 28, 3], True), ("wide", [1, 40, 61, 3], True), ("tall, squeezed", [1, 50, 21, 4], False)]:
        out = model.encode_image(made(shape, 7, 1.0, 0.5), crop=crop)
        shown = {"embeds": out.image_embeds}
        if name == "square":
            shown.update(last=out.last_hidden_state[:1], penultimate=out.penultimate_hidden_states[:1])
        case(f"{kind} {name}", {"kind": "vision", "weights": specs if name == "square" else None, "model": kind, "shape": shape, "crop": crop}, shown)

pixels = made([1, 90, 130, 3], 9, 1.0, 0.5)
case("preprocess", {"kind": "preprocess", "shape": [1, 90, 130, 3], "size": 56}, {"pixels": comfy.clip_vision.clip_preprocess(pixels, size=56)})

WIDTH = 24
augmentor = CLIPEmbeddingNoiseAugmentation(noise_schedule_config={"timesteps": 1000, "beta_schedule": "squaredcos_cap_v2"}, timestep_dim=WIDTH)
for id, seed, conditions in [
    ("one", 42, [(1, 0.8, 0.0)]),
    ("one, noised", 42, [(1, 1.0, 0.35)]),
    ("two", 3, [(1, 0.7, 0.1), (1, -0.4, 0.5)]),
    ("a batch", 2 ** 64 - 1, [(3, 1.0, 0.02)]),
]:
    given = [{"clip_vision_output": SimpleNamespace(image_embeds=made([n, WIDTH], 20 + i, 2.0, 0.0)), "strength": s, "noise_augmentation": a} for i, (n, s, a) in enumerate(conditions)]
    case(f"unclip {id}", {"kind": "unclip", "seed": str(seed), "conditions": conditions, "width": WIDTH}, {"vector": comfy.model_base.unclip_adm(given, "cpu", augmentor, 0.05, seed - 10)})
write(here, "clip", cases, tensors, measured=measured)
