# Makes bypass.json.gz and bypass.safetensors.gz: predictions of the small SD1 UNet with LoRAs beside its weights, by ComfyUI 0.33.0's load_bypass_lora_for_models (LoraLoaderBypass).
# python make_bypass.py COMFYUI_FOLDER FIXTURES_FOLDER (torch on the CPU)
import gzip, os, sys
folder, fixtures = sys.argv[1:3]
here = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(os.path.dirname(here), "core_nodes"), os.path.dirname(here)]
from originals import Finder, load
Finder.names = tuple(name for name in Finder.names if name != "av")
load(folder)
import torch
import comfy.sd
from safetensors.torch import load as load_tensors
from seeded import noise, seeded, write
from small_models import unet_patcher

made = lambda shape, seed: torch.from_numpy(noise(int(torch.tensor(shape).prod()), seed, 2.0)).reshape(shape)
small = load_tensors(gzip.open(os.path.join(fixtures, "tiny_lora_sd1.safetensors.gz")).read())
ATTENTION, CONV = "diffusion_model.input_blocks.1.1.transformer_blocks.0.attn2.to_k", "diffusion_model.input_blocks.1.0.in_layers.2"
# a matrix with magnitudes (which bypass ignores), a convolution, and differences, which are added to the weights
specs, other = seeded({f"{ATTENTION}.lora_up.weight": (32, 2), f"{ATTENTION}.lora_down.weight": (2, 128), f"{ATTENTION}.dora_scale": (32, 1), f"{CONV}.lora_up.weight": (32, 3, 1, 1),
                       f"{CONV}.lora_down.weight": (3, 32, 3, 3), f"{CONV}.diff_b": (32,), "diffusion_model.out.0.diff": (32,)})
FILES = {"small": small, "other": other}
x, context, sigma = made([1, 4, 8, 12], 1), made([1, 77, 128], 2), torch.tensor([3.0])
tensors, cases, measured = {}, [], {}
for id, nodes in {
    "one": [("bypass", "small", 0.8)],
    "with magnitudes and differences": [("bypass", "other", 1.2)],
    "the second takes the place of the first": [("bypass", "small", 0.8), ("bypass", "other", 0.6)],
    "after a plain one": [("plain", "small", 0.5), ("bypass", "other", 0.7)],
    "before a plain one": [("bypass", "small", 0.5), ("plain", "other", 0.7)],
}.items():
    model = unet_patcher(fixtures)
    for kind, name, strength in nodes:
        apply = comfy.sd.load_bypass_lora_for_models if kind == "bypass" else comfy.sd.load_lora_for_models
        model = apply(model, None, dict(FILES[name]), strength, 0)[0]
    model.patch_model(torch.device("cpu"))
    if nodes:
        model.inject_model()
    outs = []
    for threads in (1, 2):
        torch.set_num_threads(threads)
        outs.append(model.model.apply_model(x, sigma, c_crossattn=context))
    tensors[id], measured[id] = outs[0], [(outs[0] - outs[1]).abs().max().item()]
    cases.append({"id": id, "params": {"nodes": nodes, **({"weights": specs} if not cases else {})}, "inputs": {}, "outputs": {"out": id}})
write(here, "bypass", cases, tensors, measured)
