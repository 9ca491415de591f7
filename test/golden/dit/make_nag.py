# Makes flux_guided.json.gz and .safetensors.gz: FLUX.1 and Chroma with NAGuidance, by ComfyUI 0.33.0's own modules; sides = what each part of the batch is for, 0 the positive
# and 1 the negative prompt. python make_nag.py COMFYUI_FOLDER FIXTURES_FOLDER (torch on the CPU)
import gzip, os, sys
folder, fixtures = sys.argv[1:3]
here = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(here, "..", "core_nodes"), os.path.dirname(here)]
from originals import Finder, load
Finder.names = tuple(name for name in Finder.names if name != "av")
run = load(folder)
import torch
from safetensors.torch import load as read
import comfy.model_detection, comfy.ops
from comfy.ldm.chroma.model import Chroma
from comfy.ldm.flux.model import Flux
from seeded import noise, write

# what ComfyUI writes as constants (fixture2.json)
SMALL = {Flux: {"axes_dim": [4, 6, 6], "num_heads": 4}, Chroma: {"axes_dim": [4, 6, 6], "num_heads": 4, "out_dim": 64, "hidden_dim": 48}}
def model(kind, name):
    sd = {k: v.float() for k, v in read(gzip.open(os.path.join(fixtures, f"{name}.safetensors.gz")).read()).items()}
    net = kind(**{**comfy.model_detection.detect_unet_config(sd, ""), **SMALL[kind]}, dtype=torch.float32, device="cpu", operations=comfy.ops.disable_weight_init)
    net.load_state_dict({k.replace(".scale", ".weight"): v for k, v in sd.items()})
    return net

class Patched:
    def __init__(self): self.patches = []
    def clone(self): return self
    def set_model_attn1_output_patch(self, patch): self.patches.append(patch)
    def disable_model_cfg1_optimization(self): pass

made = lambda shape, seed: torch.from_numpy(noise(int(torch.tensor(shape).prod()), seed, 3.0)).reshape(shape)
tensors, cases = {"x": made([4, 16, 7, 10], 1), "sigma": torch.tensor([0.6]), "context": made([4, 5, 80], 2), "y": made([4, 32], 3)}, []
flux, chroma = model(Flux, "tiny_flux_dev"), model(Chroma, "tiny_chroma")
for id, sides, guidances in [("both", [1, 0], [(5.0, 0.5, 1.5)]), ("swapped", [0, 1], [(11.0, 0.25, 2.5)]), ("one side", [0], [(5.0, 0.5, 1.5)]), ("twice", [1, 0], [(3.0, 0.5, 1.5), (8.0, 1.0, 1.0)]), ("three", [1, 0, 0, 1], [(5.0, 0.8, 1.5)])]:
    for net, file in ((flux, "tiny_flux_dev"), (chroma, "tiny_chroma")):
        patched = Patched()
        for scale, alpha, tau in guidances:
            run("comfy_extras.nodes_nag", "NAGuidance", {"model": patched, "nag_scale": scale, "nag_alpha": alpha, "nag_tau": tau})
        options = {"patches": {"attn1_output_patch": patched.patches}, "cond_or_uncond": sides}
        more = {"y": tensors["y"]} if net is flux else {}
        name = f"{file} {id}"
        tensors[f"{name}/v"] = net(tensors["x"], tensors["sigma"].repeat(4), tensors["context"], guidance=torch.full((4,), 3.5), transformer_options=options, **more)
        cases.append({"id": name, "params": {"model": file, "sides": sides, "guidance": 3.5, "guidances": guidances}, "inputs": {"x": "x", "sigma": "sigma", "context": "context", **({"y": "y"} if more else {})}, "outputs": {"v": f"{name}/v"}})
write(here, "flux_guided", cases, tensors)
