# Makes style.json.gz and style.safetensors.gz: StyleModelApply of ComfyUI with a small style adapter (comfy/t2i_adapter/adapter.py). python make_style.py COMFYUI_FOLDER (torch on the CPU)
import os, sys
here = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(os.path.dirname(here), "core_nodes"), os.path.dirname(here)]
from originals import Finder, load
Finder.names = (*(name for name in Finder.names if name != "av"), "kornia")
load(sys.argv[1])
import torch
import comfy.sd, nodes
from comfy.t2i_adapter.adapter import StyleAdapter
from seeded import fill, noise, write

model = StyleAdapter(width=64, context_dim=48, num_head=8, n_layes=3, num_token=8)
specs = fill(model, gain=1.5)
made = lambda shape, seed, scale=2.0: torch.from_numpy(noise(int(torch.tensor(shape).prod()), seed, scale)).reshape(shape)
class Output:
    def __init__(self, images): self.last_hidden_state = made([images, 17, 64], 5)
tensors, cases = {}, []
for images, strength, kind in ((1, 1.0, "multiply"), (1, 0.35, "multiply"), (2, 2.5, "multiply"), (1, 0.35, "attn_bias")):
    conditioning = [[made([1, 77, 48], 6), {"strength": 0.5}], [made([1, 154, 48], 7), {}]]
    result = nodes.StyleModelApply().apply_stylemodel(conditioning, comfy.sd.StyleModel(model), Output(images), strength, kind)[0]
    id = f"{images} images, {strength}, {kind}"
    for i, (cond, _) in enumerate(result): tensors[f"{id} {i}"] = cond[:, -images * 8:].contiguous()
    cases.append({"id": id, "params": {"images": images, "strength": strength, "kind": kind, "lengths": [cond.shape[1] for cond, _ in result]}, "inputs": {}, "outputs": {str(i): f"{id} {i}" for i in range(2)}})
cases[0]["params"]["weights"] = specs
write(here, "style", cases, tensors)
