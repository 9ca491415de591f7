# Makes flux_uso.json.gz and .safetensors.gz: FLUX.1 with the style tokens of a small USO projector and a small SigLIP (USOStyleReference), by ComfyUI 0.33.0's own nodes and modules.
# python make_uso.py COMFYUI_FOLDER FIXTURES_FOLDER (torch on the CPU)
import gzip, os, sys
folder, fixtures = sys.argv[1:3]
here = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(here, "..", "core_nodes"), os.path.dirname(here)]
from originals import Finder, load
Finder.names = tuple(name for name in Finder.names if name != "av")
run = load(folder)
import torch
from safetensors.torch import load as read
import comfy.clip_vision, comfy.model_detection, comfy.ops
from comfy.ldm.flux.model import Flux
from comfy_extras.nodes_model_patch import SigLIPMultiFeatProjModel
from seeded import noise, seeded, write

made = lambda shape, seed, scale=3.0, around=0.0: torch.from_numpy(noise(int(torch.tensor(shape).prod()), seed, scale) + around).float().reshape(shape)
config = {"num_channels": 3, "hidden_act": "gelu_pytorch_tanh", "hidden_size": 32, "image_size": 28, "intermediate_size": 48, "model_type": "siglip_vision_model", "num_attention_heads": 16, "num_hidden_layers": 24, "patch_size": 7, "image_mean": [0.5] * 3, "image_std": [0.5] * 3}
vision = comfy.clip_vision.ClipVisionModel(config)
vision_specs, weights = seeded({k: tuple(v.shape) for k, v in vision.model.state_dict().items()}, gain=0.8)
vision.load_sd(weights)
sd = {k: v.float() for k, v in read(gzip.open(os.path.join(fixtures, "tiny_flux_dev.safetensors.gz")).read()).items()}
# what ComfyUI writes as constants (fixture2.json)
net = Flux(**{**comfy.model_detection.detect_unet_config(sd, ""), "axes_dim": [4, 6, 6], "num_heads": 4}, dtype=torch.float32, device="cpu", operations=comfy.ops.disable_weight_init)
net.load_state_dict({k.replace(".scale", ".weight"): v for k, v in sd.items()})
projector = SigLIPMultiFeatProjModel(siglip_token_nums=16, style_token_nums=3, siglip_token_dims=32, hidden_size=net.hidden_size, operations=comfy.ops.disable_weight_init)
projector_specs, weights = seeded({k: tuple(v.shape) for k, v in projector.state_dict().items()}, first=700)
projector.load_state_dict(weights)
for spec in projector_specs:
    spec["name"] = "feature_embedder." + spec["name"]

class Model:
    def __init__(self): self.patches = []
    def clone(self): return self
    def set_model_post_input_patch(self, patch): self.patches.append(patch)

tensors, cases = {"x": made([1, 16, 7, 10], 1), "sigma": torch.tensor([0.6]), "context": made([1, 5, 80], 2), "y": made([1, 32], 3), "reference": made([1, 16, 4, 6], 4)}, []
for id, seeds, more in (("one", [7], {}), ("two", [7, 8], {}), ("with a reference", [8], {"ref_latents": [tensors["reference"]], "ref_latents_method": "uxo"})):
    model = Model()
    for seed in seeds:
        features = vision.encode_image(made([1, 40, 61, 3], seed, 1.0, 0.5))
        run("comfy_extras.nodes_model_patch", "USOStyleReference", {"model": model, "model_patch": type("P", (), {"model": projector}), "clip_vision_output": features})
    out = net(tensors["x"], tensors["sigma"], tensors["context"], y=tensors["y"], guidance=torch.tensor([3.5]), transformer_options={"patches": {"post_input": model.patches}}, **more)
    tensors[f"{id}/v"] = out.clone()
    cases.append({"id": id, "params": {"seeds": seeds, "hasReference": bool(more)}, "inputs": {}, "outputs": {"v": f"{id}/v"}})
cases[0]["params"].update(vision=vision_specs, projector=projector_specs)
write(here, "flux_uso", cases, tensors)
